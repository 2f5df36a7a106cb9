"""Rules of fields and sums between them: what they let pass, and what they make of ink."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import message_of
from digitbatch.config import Config, Zone
from digitbatch.config.file import load_config, plan_lines
from digitbatch.constraints import CHECKS, Check, FieldConstraint, checks_out, parse_sum
from digitbatch.errors import ConfigError
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment
from digitbatch.reading import read_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.text.decode import decode, nbest_of, paths_through, reading_as
from digitbatch.text.field_constraints import Chosen, Option, Options, by_rule
from digitbatch.text.lattice import build_lattice
from digitbatch.text.page_constraints import Addend, by_sums
from digitbatch.types import Box, Crops, FieldResult, Networks, Page, PageRef, Probabilities
from tests.fake_networks import FakeNetworks
from tests.plain_hand import HAND

KNOWN: dict[Check, tuple[str, ...]] = {
    "luhn": ("79927398713", "18"),
    "mod10": ("4006381333931", "12348"),
    "mod11": ("0306406152", "19"),
    "mod97": ("79444", "195"),
    "verhoeff": ("2363", "1428570"),
    "ean": ("4006381333931", "73513537"),
    "isbn": ("0306406152", "9780306406157"),
}


class TestChecks:
    def test_known_numbers(self) -> None:
        """Numbers from the standards and their examples check out."""
        assert set(KNOWN) == set(CHECKS)
        for kind, numbers in KNOWN.items():
            assert [n for n in numbers if not checks_out(kind, n)] == []

    @given(st.sampled_from(sorted(KNOWN)), st.data())
    def test_one_wrong_digit_is_always_seen(self, kind: Check, data: st.DataObject) -> None:
        """Whichever digit is read as whichever other."""
        digits = KNOWN[kind][0]
        at = data.draw(st.integers(0, len(digits) - 1))
        other = data.draw(st.sampled_from("0123456789"))
        assume(other != digits[at])
        assert not checks_out(kind, digits[:at] + other + digits[at + 1 :])

    @pytest.mark.parametrize("kind", sorted(KNOWN))
    def test_a_digit_checks_nothing(self, kind: Check) -> None:
        """A lone digit, or none, has nothing before it to check."""
        assert not checks_out(kind, "0")
        assert not checks_out(kind, "")


class TestStrength:
    def test_what_misreadings_pass(self, tmp_path: Path) -> None:
        """A check digit lets about one in ten pass, a list of far values none, a wide range all."""
        listed = tmp_path / "list.txt"
        listed.write_text("40913\n71268\n", encoding="utf-8")
        near = tmp_path / "near.txt"
        near.write_text("".join(f"{n}\n" for n in range(40900, 41000)), encoding="utf-8")
        assert 0.05 < FieldConstraint(check="luhn").passes("79927398713") < 0.25
        assert FieldConstraint(values=listed).passes("40913") < 0.01
        assert FieldConstraint(values=near).passes("40913") > 0.3
        assert FieldConstraint(range=(Decimal(0), Decimal(99999))).passes("40913") > 0.9

    def test_rules_together(self) -> None:
        """All that is asked of a field must hold, and the message says what does not."""
        rule = FieldConstraint((4, 4), "[1-9].*", (Decimal("1.5"), Decimal("80")), None, "luhn")
        assert rule.broken("182") == "the number of digits"
        assert rule.broken("0018") == "the pattern [1-9].*"
        assert rule.broken("9000", 2) == "the range 1.5 to 80"
        assert rule.broken("1234", 2) == "the Luhn check digit"
        assert rule.broken("1230", 2) == ""


def options(free: str, share: float, **others: float) -> Options:
    """What ink may say: keyword `t1234=0.2` for each other text."""
    shares = {free: Option(share, ())} | {t[1:]: Option(s, ()) for t, s in others.items()}
    rest = max(0.0, 1 - sum(option.share for option in shares.values()), 0.25 * (1 - share))
    return Options(shares, free, rest)


def said(chosen: Chosen) -> str:
    """Why a person must decide; "" where nobody must."""
    return message_of(chosen.findings)


class TestByRule:
    LUHN = FieldConstraint(check="luhn")  # 1230 obeys it, 1238 and 1830 do not

    def test_a_rule_makes_a_lawful_text_surer(self) -> None:
        """Half of the others break the rule: what is left is nearly sure."""
        chosen = by_rule(options("1230", 0.9, t1238=0.09), self.LUHN)
        assert (chosen.text, said(chosen)) == ("1230", "")
        assert chosen.confidence > 0.985

    def test_another_lawful_text_keeps_its_weight(self) -> None:
        """A rule that both readings obey does not tell them apart."""
        pattern = FieldConstraint(pattern="12.*")
        assert by_rule(options("1230", 0.6, t1238=0.4), pattern).confidence < 0.65

    def test_the_ink_is_not_bent(self) -> None:
        """An original that breaks the rule, written clearly, stays as it is, for a person."""
        chosen = by_rule(options("1238", 0.97, t1230=0.01), self.LUHN)
        assert chosen.text == "1238"
        assert "1238" in said(chosen)
        assert "1230" in said(chosen)

    def test_a_check_digit_alone_turns_no_reading_into_ok(self) -> None:
        """One of ten readings checks out by chance: the better one is offered, not accepted."""
        chosen = by_rule(options("1238", 0.55, t1230=0.4), self.LUHN)
        assert chosen.text == "1230"
        assert "1238" in said(chosen)

    def test_a_short_list_does(self, tmp_path: Path) -> None:
        """By chance hardly any reading is one of a few values far apart."""
        listed = tmp_path / "list.txt"
        listed.write_text("40913\n71268\n", encoding="utf-8")
        chosen = by_rule(options("40973", 0.55, t40913=0.4), FieldConstraint(values=listed))
        assert (chosen.text, said(chosen)) == ("40913", "")
        assert chosen.confidence > 0.985

    def test_nothing_lawful(self) -> None:
        """Where no reading obeys, the text stays and a person is told."""
        chosen = by_rule(options("1238", 0.999), self.LUHN)
        assert chosen.text == "1238"
        assert "breaks the Luhn check digit" in said(chosen)

    @given(
        st.dictionaries(
            st.text("0123456789", min_size=4, max_size=4), st.floats(1e-6, 1.0), min_size=1,
            max_size=6,
        ),
        st.floats(0, 0.5),
    )  # fmt: skip
    def test_never_sure_against_the_rule(self, weights: dict[str, float], rest: float) -> None:
        """Whatever the ink says: no doubt means lawful, and what is sure was likely before."""
        total = sum(weights.values()) / (1 - rest)
        shares = {text: Option(weight / total, ()) for text, weight in weights.items()}
        free = max(shares, key=lambda text: shares[text].share)
        chosen = by_rule(Options(shares, free, max(rest, 1e-9)), self.LUHN)
        assert 0 <= chosen.confidence <= 1
        assert said(chosen) or not self.LUHN.broken(chosen.text)
        assert said(chosen) or chosen.text == free
        if chosen.confidence > 0.985:
            assert shares[chosen.text].share >= 0.2


def addend(text: str, share: float = 0.9, **others: float) -> Addend:
    """A field of a sum; keyword `t12=0.2` for each other text."""
    return Addend(Chosen(text, share, {text: share} | {t[1:]: s for t, s in others.items()}))


class TestSums:
    SUM = (parse_sum("01 + 02 = A"),)

    def test_a_sum_that_holds_makes_all_surer(self) -> None:
        """Three fields that add up were hardly all misread."""
        fields = {"01": addend("12"), "02": addend("30"), "A": addend("42", 0.9, t47=0.09)}
        found = by_sums(fields, self.SUM)
        assert all(one.confidence > 0.95 and not said(one) for one in found.values())

    def test_a_clear_sum_that_does_not_hold_is_for_a_person(self) -> None:
        """Who adds up wrongly is not corrected: nothing is changed, and all three are doubted."""
        fields = {"01": addend("12", 0.99), "02": addend("30", 0.99), "A": addend("43", 0.99)}
        found = by_sums(fields, self.SUM)
        assert [one.text for one in found.values()] == ["12", "30", "43"]
        broken = "01 + 02 = A does not hold: 42 is not 43"
        assert all(broken in said(one) for one in found.values())

    def test_an_unsure_digit_is_read_by_the_sum_but_not_accepted(self) -> None:
        """The reading that adds up is offered; a person sees the other one."""
        fields = {"01": addend("12"), "02": addend("30"), "A": addend("47", 0.5, t42=0.45)}
        found = by_sums(fields, self.SUM)
        assert found["A"].text == "42"
        assert "47" in said(found["A"])
        assert all(said(one) for one in found.values())

    def test_empty_fields(self) -> None:
        """An empty field is 0; with one whole side empty there is nothing to compare."""
        assert not said(by_sums({"01": addend("12"), "A": addend("12")}, self.SUM)["A"])
        assert said(by_sums({"01": addend("12"), "A": addend("13")}, self.SUM)["A"])
        assert by_sums({"A": addend("13")}, self.SUM) == {}

    def test_sums_that_share_a_field_are_one(self) -> None:
        """What mends one sum and breaks the next is no mending."""
        sums = (*self.SUM, parse_sum("A + B = C"))
        fields = {
            "01": addend("12"), "02": addend("30"), "A": addend("42", 0.5, t47=0.45),
            "B": addend("3"), "C": addend("50"),
        }  # fmt: skip
        found = by_sums(fields, sums)
        assert [name for name, one in found.items() if said(one)] == ["A", "B", "C"]

    def test_beside_an_unsure_field_a_very_sure_one_is_not_blamed(self) -> None:
        """Only what may well be why a sum does not hold is for a person."""
        fields = {"01": addend("12", 0.9999), "02": addend("30", 0.5), "A": addend("99", 0.9999)}
        found = by_sums(fields, self.SUM)
        assert [name for name, one in found.items() if said(one)] == ["02"]

    def test_decimals_are_lined_up(self) -> None:
        """1.50 + 2 = 3.5, whatever the digits."""
        fields = {
            "01": Addend(addend("150").chosen, 2), "02": addend("2"),
            "A": Addend(addend("35").chosen, 1),
        }  # fmt: skip
        assert not any(said(one) for one in by_sums(fields, self.SUM).values())

    def test_names(self) -> None:
        """Blanks part names from signs, so names may hold both; differences and equalities work."""
        one = parse_sum("net a+b  -  tax = total")
        assert one.left == (("net a+b", 1), ("tax", -1))
        assert parse_sum("a = b").names == ("a", "b")
        for wrong in ("a + b", "a = b = c", "a=b", "= b", "a + = b", ""):
            with pytest.raises(ValueError, match=r"01 [+] 02 = A"):
                parse_sum(wrong)


class TestWays:
    @given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
    def test_ways_agree_with_decoding(self, seeds: list[int]) -> None:
        """The best text has the margin that decoding gives it, and its path is found again."""
        segments = [
            Segment(np.full((40, 20), 255, np.uint8), Box(30 * n, 0, 30 * n + 20, 40))
            for n in range(len(seeds))
        ]
        whole = np.full((len(segments), 11), 1 / 11, np.float32)
        lattice = build_lattice(segments, whole, 40.0)
        rng = np.random.default_rng(seeds)
        answers = rng.dirichlet(np.full(11, 0.15), len(lattice.candidates)).astype(np.float32)
        free = decode(lattice, answers)
        paths = paths_through(lattice, answers)
        ways = nbest_of(paths, free)
        own = tuple(int(place.probabilities[:10].argmax()) for place in free.places)
        assert ways.shares[own] == pytest.approx(free.margin, abs=1e-6)
        assert sum(ways.shares.values()) <= 1 + 1e-9
        for text in list(ways.shares)[:3]:
            again = reading_as(paths, text)
            assert again is not None
            assert len(again.places) == len(text)


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def hesitant(networks: Networks, digit: int, other: int, share: float) -> Networks:
    """The networks, but for one digit, of which it thinks with a share that it is another."""

    def ask(crops: Crops) -> Probabilities:
        answers = networks.classify(crops).copy()
        hit = answers[:, :10].argmax(axis=1) == digit
        answers[hit] = 0
        answers[hit, digit], answers[hit, other] = 1 - share, share
        return answers

    return FakeNetworks(ask)


def read(text: str, networks: Networks, **keys: object) -> FieldResult:
    """One field with rules, on a page with one drawn line."""
    style = PageStyle(width_px=700, height_px=200, digit_height_px=44, spacing=0.4)
    pixels = write_lines([text], style, HAND, np.random.default_rng(5)).pixels
    config = Config(fields=(Zone.model_validate({"name": "a", "box": (0, 0, 1, 1)} | keys),))
    return read_page(Page(PageRef("page.png", 1), pixels), config, networks).fields[0]


class TestOnPages:
    @pytest.mark.parametrize(
        ("keys", "lawful", "broken"),
        [
            ({"pattern": "[1-5]+"}, "4352", "4392"),
            ({"range": (4000, 5000)}, "4352", "5352"),
            ({"values": "list.txt"}, "4352", "4532"),
            ({"check": "luhn"}, "4358", "4352"),
            ({"check": "mod10"}, "43526", "43524"),
            ({"check": "mod11"}, "03069", "03065"),
            ({"check": "mod97"}, "79444", "79445"),
            ({"check": "verhoeff"}, "2363", "2364"),
            ({"check": "ean"}, "73513537", "73513538"),
            ({"check": "isbn"}, "0306406152", "0306406153"),
        ],
    )
    def test_originals_that_break_the_rule(
        self, networks: Networks, tmp_path: Path, keys: dict[str, object], lawful: str,
        broken: str,
    ) -> None:  # fmt: skip
        """What obeys is as sure as without the rule or surer; what breaks it is for review."""
        if "values" in keys:
            keys = {"values": tmp_path / "list.txt"}
            (tmp_path / "list.txt").write_text("4352\n71268\n", encoding="utf-8")
        good, free = read(lawful, networks, **keys), read(lawful, networks)
        assert good.text == lawful
        assert good.status == free.status
        assert (good.confidence or 0) >= (free.confidence or 0)
        bad = read(broken, networks, **keys)
        assert (bad.text, bad.status) == (broken, "review")
        assert f"{broken} breaks the" in bad.message

    def test_a_rule_settles_an_unsure_digit(self, networks: Networks) -> None:
        """A 7 that may be a 1 is accepted where only 7 checks out, and sent to review where not."""
        unsure = hesitant(networks, 7, 1, 0.1)
        assert read("7344", unsure).status == "review"
        found = read("7344", unsure, check="luhn")
        assert (found.text, found.status, found.message) == ("7344", "ok", "")
        assert found.digits[0].confidence > 0.985

    def test_a_list_corrects_an_unsure_digit(self, networks: Networks, tmp_path: Path) -> None:
        """The better reading of the ink is no value of the list, the next one is."""
        file = tmp_path / "list.txt"
        file.write_text("7344\n9028\n", encoding="utf-8")
        unsure = hesitant(networks, 7, 1, 0.6)
        found = read("7344", unsure, values=file)
        assert (found.text, found.status) == ("7344", "ok")
        offered = read("7344", unsure, check="luhn")
        assert (offered.text, offered.status) == ("7344", "review")
        assert "could also be 1344" in offered.message

    def test_decimals(self, networks: Networks) -> None:
        """A point is left out, kept, or a person's business; a range knows of it."""
        assert read("43.52", networks).status == "review"
        ignored = read("43.52", networks, decimals="ignore")
        assert (ignored.text, ignored.status) == ("4352", "ok")
        kept = read("43.52", networks, decimals="keep", range=(0, 50))
        assert (kept.text, kept.status) == ("43.52", "ok")
        outside = read("53.52", networks, decimals="keep", range=(0, 50))
        assert (outside.text, outside.status) == ("53.52", "review")
        assert read("4.35.2", networks, decimals="keep").status == "review"

    def test_sums_of_a_page(self, networks: Networks) -> None:
        """All fields of a sum that does not hold are for review; of one that holds, none."""
        style = PageStyle(width_px=700, height_px=400, digit_height_px=44, spacing=0.4)
        zones = [
            {"name": name, "box": (0, top, 1, top + 0.22)}
            for name, top in (("a", 0.1), ("b", 0.32), ("c", 0.54))
        ]
        config = Config.model_validate({"fields": tuple(zones), "rules": ("a + b = c",)})
        for total, status in (("577", "ok"), ("572", "review")):
            lines = write_lines(["342", "235", total], style, HAND, np.random.default_rng(5))
            page = Page(PageRef("page.png", 1), lines.pixels)
            fields = read_page(page, config, networks).fields
            assert [field.text for field in fields] == ["342", "235", total]
            assert {field.status for field in fields} == {status}


class TestConfig:
    def test_rules_are_in_the_plan_and_the_fingerprint(self, tmp_path: Path) -> None:
        """The list's content decides what comes out, not its place."""
        text = "fields: [{name: a, box: [0, 0, 1, 1], values: l.txt}, {name: b, box: [0, 0, 1, 1]}]"
        text += "\nrules: [a = b]"
        (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "l.txt").write_text("012 # twelve\n\n", encoding="utf-8")
        config = load_config(tmp_path / "p.yaml")
        assert config.fields[0].rule == FieldConstraint(values=tmp_path / "l.txt")
        assert config.fields[1].rule is None
        plan = "\n".join(plan_lines(config))
        assert "values l.txt (1)" in plan
        assert "a = b" in plan
        before = config.fingerprint()
        (tmp_path / "l.txt").write_text("013\n", encoding="utf-8")
        assert load_config(tmp_path / "p.yaml").fingerprint() != before

    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            ("pattern: '['", "fields[0].pattern: expected a regular expression"),
            ("range: [3, 1]", "fields[0].range: expected [least, greatest]"),
            ("check: crc", "fields[0].check: expected one of luhn, mod10"),
            ("values: none.txt", "fields[0].values: expected a file with one value a line"),
            ("values: bad.txt", "bad.txt, line 2: expected digits alone"),
            ("decimals: yes", "fields[0].decimals: expected one of ignore, keep"),
        ],
    )
    def test_wrong_rules_are_refused(self, tmp_path: Path, keys: str, said: str) -> None:
        """The message names the place, and what was expected."""
        (tmp_path / "bad.txt").write_text("1\nx\n", encoding="utf-8")
        path = tmp_path / "p.yaml"
        path.write_text(f"fields: [{{name: a, box: [0, 0, 1, 1], {keys}}}]", encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        ("rule", "said"),
        [("a + b", "rules[0]: expected names"), ("a = z", "rules[0]: there is no field 'z'")],
    )
    def test_wrong_sums_are_refused(self, tmp_path: Path, rule: str, said: str) -> None:
        """A name that no field has is found before a page is read."""
        path = tmp_path / "p.yaml"
        path.write_text(f"fields: [{{name: a, box: [0, 0, 1, 1]}}]\nrules: [{rule}]")
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert said in str(caught.value)
