"""The passes of a page: each finds again what those before it left, and can be switched off."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pil

from digitbatch.acceptance.reasons import BY_CODE, ReviewReason
from digitbatch.config import Config, Template, Zone
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_line_model, default_model
from digitbatch.page.connected_components import connected_components
from digitbatch.reading import PageTrace, read_page, trace_page
from digitbatch.reading.passes import PASSES
from digitbatch.synth.pages import FormField, PageStyle, fill_form, write_lines
from digitbatch.text.ctc_groups import rescored_groups
from digitbatch.text.ensemble import rescored_by_ensemble
from digitbatch.text.line_context import rescored_in_context
from digitbatch.text.unit import Rescorer, Units
from digitbatch.text.writer_adaptation import adapted_to_writer
from digitbatch.types import OTHER, Crops, Image, Networks, Page, PageRef, PageResult, Probabilities
from tests.fake_networks import FakeNetworks
from tests.made_units import equal_copy, replaced_copy, told
from tests.plain_hand import HAND

OPTIONAL = tuple(step.name for step in PASSES if step.optional)
WITHIN_PASSES = ("printed_words", "table_rows", "noise_density")
"""Steps of passes that can be switched off by their own names."""

TEXTS = ["253644719028", "90 41 72,35", "618053297741", "725830614926", "304198567213"]


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model(), default_line_model())


def as_page(pixels: Image) -> Page:
    """Pixels as a page of their own."""
    return Page(PageRef("page.png", 1), np.ascontiguousarray(pixels))


def lines(texts: list[str], seed: int = 5, spacing: float = 0.4) -> Image:
    """Lines in one careful hand."""
    style = PageStyle(
        width_px=900, height_px=90 * len(texts) + 200, digit_height_px=44, spacing=spacing
    )
    return write_lines(texts, style, HAND, np.random.default_rng(seed)).pixels.copy()


def tied(pixels: Image) -> Image:
    """The same, the first two digits of the first line tied by a stroke."""
    found = connected_components(np.asarray((pixels.min(axis=2) < 128) * 255, np.uint8))
    top = found.top[found.height > 20].min()
    row = np.flatnonzero((found.top < top + 40) & (found.height > 20))
    first, second = row[np.argsort(found.left[row])[:2]]
    at = [
        (int(found.center_x[i]), int(found.top[i] + 0.9 * found.height[i])) for i in (first, second)
    ]
    cv2.line(pixels, at[0], at[1], 30, 3)
    return pixels


@pytest.fixture(scope="module")
def page() -> Page:
    """Sixty digits in one hand, two of them tied, and a decimal comma."""
    return as_page(tied(lines(TEXTS)))


@pytest.fixture(scope="module")
def boxes() -> Page:
    """Two rows of boxes and a line below them."""
    fields = [
        FormField("a", "40526", 0.2, 0.1, 5),
        FormField("b", "71833", 0.2, 0.3, 5),
        FormField("line", "2064", 0.1, 0.6, 4, "line"),
    ]
    style = PageStyle(width_px=800, height_px=700)
    return as_page(fill_form("", fields, style, HAND, np.random.default_rng(2)).pixels)


def hesitant(networks: Networks) -> Networks:
    """The networks, but of every third crop that is a digit the first rather says another one.

    The second network is hardly surer; the line network says what it sees.
    """

    def classify(crops: Crops) -> Probabilities:
        said = networks.classify(crops).copy()
        for crop, answer in zip(crops, said, strict=True):
            best = int(answer[:OTHER].argmax())
            if answer[best] > 0.9 and int(crop.sum(dtype=np.int64)) % 3 == 0:
                answer[:] = 0.005
                answer[[best, (best + 4) % OTHER]] = 0.4, 0.555
        return said

    def again(_: Crops, answers: Probabilities) -> Probabilities:
        return np.asarray(0.9 * answers + 0.1 / answers.shape[1], np.float32)

    return FakeNetworks(classify, networks.read_strips, again)


@pytest.fixture(scope="module")
def trace(page: Page, networks: Networks) -> PageTrace:
    """A page on which every rescorer has something to say."""
    return trace_page(page, Config(), hesitant(networks))


Copy = Callable[[Units], Units]
COPIES = pytest.mark.parametrize("copied", [equal_copy, replaced_copy])


class TestCopies:
    """What a pass looks for, it finds by its place, not by which object it is."""

    @COPIES
    @pytest.mark.parametrize(
        ("rescorer", "before"),
        [
            (rescored_by_ensemble, "decoding"),
            (rescored_groups, "print_lines"),
            (rescored_in_context, "ctc_groups"),
            (adapted_to_writer, "decoding"),
        ],
    )
    def test_a_rescorer_finds_each_digit_again_in_a_copy(
        self, trace: PageTrace, rescorer: Rescorer, before: str, copied: Copy
    ) -> None:
        """It changes in the copy what it changes in the units as they are."""
        state = trace.after[before]
        found = told(rescorer(state.units, state.readers))
        assert found != told(state.units)
        assert told(rescorer(copied(state.units), state.readers)) == found

    @COPIES
    @pytest.mark.parametrize("which", ["page", "boxes", "zones"])
    def test_a_page_is_read_alike_from_copies(
        self, page: Page, boxes: Page, networks: Networks, which: str, copied: Copy
    ) -> None:
        """All passes, one after the other, each on a copy of what the one before it left."""
        config = Config()
        if which == "zones":
            zone = Zone(name="all", box=(0, 0, 1, 0.3), check="luhn")
            config = Config(fields=(zone,))
        own = boxes if which == "boxes" else page
        trace = trace_page(own, config, hesitant(networks))
        state = replace(trace.after["layout_analysis"], is_traced=False)
        for step in PASSES[[one.name for one in PASSES].index("decoding") :]:
            state = step.run(replace(state, units=copied(state.units)))
            assert told(state.units) == told(trace.after[step.name].units), step.name
        assert state.result == trace.result
        assert any(unit.hypothesis.places for unit in state.units)

    @COPIES
    def test_a_copy_is_equal(self, trace: PageTrace, copied: Copy) -> None:
        """Records are compared by what they hold."""
        for name in ("decoding", "writer_adaptation", "results"):
            units = trace.after[name].units
            assert copied(units) == units

    def test_every_rescorer_speaks_on_this_page(self, trace: PageTrace) -> None:
        """Else the tests above would show nothing."""
        states = list(trace.after.items())
        for name in ("ensemble", "ctc_groups", "line_context"):
            at = [own for own, _ in states].index(name)
            assert told(states[at][1].units) != told(states[at - 1][1].units), name
        units = trace.after["ctc_groups"].units
        assert any(place.group for unit in units for place in unit.hypothesis.places)


def codes(result: PageResult) -> set[str]:
    """Why any field of a page is for review."""
    return {code for field in result.fields for code in field.reasons}


class TestSwitchedOff:
    @pytest.mark.parametrize("name", [*OPTIONAL, *WITHIN_PASSES])
    def test_a_page_is_read_without_a_pass(
        self, page: Page, boxes: Page, networks: Networks, name: str
    ) -> None:
        """It is read worse maybe, but it has its rows: lines, boxes and zones."""
        for own, config in (
            (page, Config()),
            (boxes, Config()),
            (page, Config(fields=(Zone(name="a", box=(0, 0, 1, 0.3), check="luhn"),))),
        ):
            found = read_page(own, config, hesitant(networks), without={name})
            assert any(field.text for field in found.fields)
            assert all((field.status == "review") == bool(field.reasons) for field in found.fields)

    def test_a_pass_that_is_switched_off_leaves_nothing(
        self, page: Page, networks: Networks
    ) -> None:
        """Each rescorer's word is missing, and nothing else."""
        said = hesitant(networks)
        with_all = read_page(page, Config(), said)
        without = read_page(page, Config(), said, without=OPTIONAL)
        assert without != with_all
        trace = trace_page(page, Config(), said)
        alone = [unit.hypothesis.text for unit in trace.after["decoding"].units]
        assert [field.text.replace(" ", "") for field in without.fields] == alone

    def test_no_pass_has_the_name_of_a_reason(self) -> None:
        """One set names both."""
        names = [step.name for step in PASSES]
        assert len(set(names)) == len(names)
        assert not {*names, *WITHIN_PASSES} & set(BY_CODE)

    @pytest.mark.parametrize("reason", ReviewReason)
    def test_a_page_is_read_without_a_reason(
        self, page: Page, networks: Networks, reason: ReviewReason
    ) -> None:
        """Texts stay, and so do all other reasons."""
        before = read_page(page, Config(), networks)
        assert ReviewReason.LEFT_OUT.code in codes(before)
        after = read_page(page, Config(), networks, without={reason.code})
        assert [field.text for field in after.fields] == [field.text for field in before.fields]
        assert codes(after) == codes(before) - {reason.code}
        for field in after.fields:
            assert field.status == ("review" if field.reasons else "ok")


@dataclass(frozen=True)
class Doubtful:
    """A page, and one reason why a field of it is for review."""

    reason: ReviewReason
    pixels: Image
    config: Config = Config()  # noqa: RUF009 - frozen


def zone(digits: int | None = None, **keys: object) -> Config:
    """One zone over all of a page."""
    told = {"name": "a", "box": (0, 0, 1, 1)} | ({} if digits is None else {"digits": digits})
    return Config(fields=(Zone.model_validate(told | keys),))


def three_zones(rule: str) -> Config:
    """Three zones, one under the other, and a sum."""
    zones = [
        {"name": name, "box": (0, top, 1, top + 0.22)}
        for name, top in (("a", 0.1), ("b", 0.32), ("c", 0.54))
    ]
    return Config.model_validate({"fields": tuple(zones), "rules": (rule,)})


def sum_page(total: str) -> Image:
    """Three numbers under each other."""
    style = PageStyle(width_px=700, height_px=400, digit_height_px=44, spacing=0.4)
    return write_lines(["342", "235", total], style, HAND, np.random.default_rng(5)).pixels


def one_line(text: str) -> Image:
    """A line alone."""
    style = PageStyle(width_px=700, height_px=200, digit_height_px=44, spacing=0.4)
    return write_lines([text], style, HAND, np.random.default_rng(5)).pixels.copy()


def empty_box() -> Image:
    """A row of boxes, one of which was left empty."""
    field = FormField("f", "40526", 0.2, 0.1, 5)
    style = PageStyle(width_px=800, height_px=700)
    pixels = fill_form("", [field], style, HAND, np.random.default_rng(4)).pixels.copy()
    left, top, wide, high = 0.2 * 800, 0.1 * 700, 1.15 * 46, 1.5 * 46
    third = slice(round(left + 2 * wide) + 4, round(left + 3 * wide) - 3)
    pixels[round(top) + 4 : round(top + high) - 3, third] = 255
    return pixels


def far_stroke() -> Image:
    """A number, and a stroke like 1 far behind it."""
    pixels = one_line("4352")
    cv2.line(pixels, (640, 60), (638, 106), 30, 4)
    return pixels


def slash() -> Image:
    """A day and a month, parted by a slash."""
    style = PageStyle(width_px=700, height_px=200, digit_height_px=44, spacing=1.4)
    pixels = write_lines(["2736"], style, HAND, np.random.default_rng(5)).pixels.copy()
    found = connected_components(np.asarray((pixels.min(axis=2) < 128) * 255, np.uint8))
    _, second, third, _ = np.argsort(found.left)
    x = int(found.left[second] + found.width[second] + found.left[third]) // 2
    top, foot = int(found.top[second]) - 12, int(found.top[second] + found.height[second]) + 10
    cv2.line(pixels, (x + 14, top), (x - 14, foot), 30, 4)
    return pixels


def speck_beside() -> Image:
    """A number with a speck on the right of its second digit, where a fine 1 may have broken."""
    pixels = one_line("4358")
    found = connected_components(np.asarray((pixels.min(axis=2) < 128) * 255, np.uint8))
    second = np.argsort(found.left)[1]
    left, top = int(found.left[second] + found.width[second] + 7), int(found.top[second] + 8)
    pixels[top : top + 9, left : left + 4] = 30
    return pixels


DOUBTFUL = (
    Doubtful(ReviewReason.FRAGMENT_BESIDE, speck_beside(), zone(check="luhn")),
    Doubtful(ReviewReason.LEFT_OUT, one_line("43,52")),
    Doubtful(ReviewReason.ONLY_STROKES, one_line("111")),
    Doubtful(ReviewReason.DIGIT_COUNT, one_line("4352"), zone(5)),
    Doubtful(ReviewReason.BREAKS_RULE, one_line("4352"), zone(check="luhn")),
    Doubtful(ReviewReason.SUM_AGAINST_INK, sum_page("572"), three_zones("a + b = c")),
    Doubtful(ReviewReason.EMPTY_BOX, empty_box()),
    Doubtful(ReviewReason.FAR_STROKE, far_stroke()),
    Doubtful(ReviewReason.MAY_BE_SLASH, slash()),
)


@pytest.mark.parametrize("doubtful", DOUBTFUL, ids=lambda one: one.reason.code)
def test_a_reason_that_is_switched_off_is_in_no_row(doubtful: Doubtful, networks: Networks) -> None:
    """It sends nothing to review, and hides no other reason."""
    own, code = as_page(doubtful.pixels), doubtful.reason.code
    before = read_page(own, doubtful.config, networks)
    assert code in codes(before)
    after = read_page(own, doubtful.config, networks, without={code})
    for was, now in zip(before.fields, after.fields, strict=True):
        assert now.reasons == tuple(reason for reason in was.reasons if reason != code)
        assert (now.status == "review") == bool(now.reasons)
        assert bool(now.message) == bool(now.reasons)


@pytest.mark.parametrize("reason", [ReviewReason.ZONE_OUTSIDE, ReviewReason.FITS_BADLY])
def test_so_is_one_of_the_template(
    networks: Networks, tmp_path: Path, reason: ReviewReason
) -> None:
    """Also what is said of a page as a whole."""
    texts = [("sender", "40213", 0.08, 0.27, 5), ("value", "5", 0.55, 0.75, 6)]
    style = PageStyle(900, 640)
    made = fill_form(
        "Parcel, to be filled in",
        [FormField(*one, label=f"The {one[0]} of it") for one in texts],
        style, HAND, np.random.default_rng(3),
    )  # fmt: skip
    Pil.fromarray(made.pixels).save(tmp_path / "form.png")
    zones = tuple(
        Zone(name=name, box=made.zones[name], digits=(0, count)) for name, _, _, _, count in texts
    )
    config = Config(fields=zones, template=Template(image=tmp_path / "form.png"))
    pixels = made.pixels
    if reason is ReviewReason.ZONE_OUTSIDE:
        pixels = pixels[:, :600]
    else:
        pixels = pixels.copy()
        for left in range(0, 900, 54):  # a third of the form's print is gone
            pixels[:, left : left + 18] = np.median(pixels)
    before = read_page(as_page(pixels), config, networks)
    assert reason.code in codes(before)
    after = read_page(as_page(pixels), config, networks, without={reason.code})
    assert codes(after) == codes(before) - {reason.code}


@pytest.mark.parametrize("config", [zone(), zone(check="luhn")], ids=["free", "by a rule"])
def test_a_pass_that_is_switched_off_finds_nothing(networks: Networks, config: Config) -> None:
    """Nor where a rule chooses the text, so that its digits are looked at again."""
    own = as_page(speck_beside())
    code = ReviewReason.FRAGMENT_BESIDE.code
    assert code in codes(read_page(own, config, networks))
    assert code not in codes(read_page(own, config, networks, without={"fragments"}))
