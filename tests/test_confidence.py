import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.acceptance.binomial import fields_needed, upper_bound
from digitbatch.acceptance.calibration import (
    CALIBRATION_FILE,
    DIGIT_FEATURES,
    TEXT_FEATURES,
    Calibration,
    Evidence,
    Step,
    Weighed,
    load_calibration,
    steps_of,
)
from digitbatch.acceptance.reasons import codes_in, is_unsure_alone
from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.card import model_hash
from digitbatch.outputs.results import Record
from digitbatch.packaged import default_line_model, default_model
from digitbatch.scoring.confidence_fit import calibrated, verified_fields
from digitbatch.types import PageRef

EVIDENCE = Evidence(doubts=(0.01,) * 6, line=0.02, page=0.02, height_px=40.0)
VERIFIED = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), max_size=80)


def calibration(steps: tuple[Step, ...] = (), fields: int = 10_000) -> Calibration:
    """One of made-up weights."""
    return Calibration(
        model_hash="digits",
        line_model_hash="lines",
        made_with="by hand",
        digit=Weighed(bias=1.0, weights=dict.fromkeys(DIGIT_FEATURES, 0.5)),
        text=Weighed(bias=1.0, weights=dict.fromkeys(TEXT_FEATURES, 0.5)),
        fields=fields,
        steps=steps,
    )


class TestUpperBound:
    @pytest.mark.parametrize(
        ("wrong", "count", "bound"),
        # 1 - 0.05 ** (1 / n) where none is wrong; the others from tables of the beta distribution.
        [(0, 10, 0.2589), (0, 1497, 0.001999), (1, 100, 0.0466), (5, 1000, 0.01048), (3, 3, 1.0)],
    )
    def test_it_is_that_of_clopper_and_pearson(self, wrong: int, count: int, bound: float) -> None:
        """Known values, one-sided, 95 % sure."""
        assert upper_bound(wrong, count) == pytest.approx(bound, abs=5e-5)

    def test_it_keeps_its_word(self) -> None:
        """Of many counts drawn with a share, it lies below that share in at most one of twenty."""
        rng = np.random.default_rng(0)
        share, count = 0.01, 400
        draws = rng.binomial(count, share, 4000)
        broken = np.mean([upper_bound(int(wrong), count) < share for wrong in draws])
        assert broken <= 0.05 + 0.01

    @given(st.integers(0, 8), st.floats(0.001, 0.3))
    def test_so_many_are_needed_and_no_fewer(self, wrong: int, share: float) -> None:
        """One field less, and the bound is higher."""
        needed = fields_needed(wrong, share)
        assert upper_bound(wrong, needed) <= share
        assert needed == wrong + 1 or upper_bound(wrong, needed - 1) > share

    def test_more_wrong_than_there_are_is_refused(self) -> None:
        """Such counts are a fault of the caller."""
        with pytest.raises(ValueError, match="0 to 3"):
            upper_bound(4, 3)


class TestConfidence:
    @pytest.mark.parametrize(
        "worse",
        [
            {"doubts": (0.01,) * 5 + (0.5,)}, {"doubts": (0.01,) * 12}, {"line": 1.0},
            {"page": 0.1}, {"is_cut": True}, {"height_px": 20.0},
        ],
    )  # fmt: skip
    def test_more_doubt_is_never_surer(self, worse: dict[str, Any]) -> None:
        """Whatever speaks against a text lowers its confidence, or leaves it as it is."""
        packaged = load_calibration(default_model() / CALIBRATION_FILE)
        for judge in (packaged, calibration()):
            assert judge.confidence(replace(EVIDENCE, **worse)) <= judge.confidence(EVIDENCE)
        assert calibration().confidence(replace(EVIDENCE, **worse)) < calibration().confidence(
            EVIDENCE
        )

    def test_nothing_is_certain(self) -> None:
        """Not even a text that no reader doubts; and results show six decimals."""
        nothing = {
            part: Weighed(bias=-100.0, weights=dict.fromkeys(names, 0.0))
            for part, names in (("digit", DIGIT_FEATURES), ("text", TEXT_FEATURES))
        }
        assert calibration().model_copy(update=nothing).confidence(EVIDENCE) == 0.999999

    def test_a_text_is_right_where_each_digit_and_the_whole_are(self) -> None:
        """Two digits of even odds, and a whole of one in five: 1/2 x 1/2 x 4/5."""
        even = {
            "digit": Weighed(bias=0.0, weights=dict.fromkeys(DIGIT_FEATURES, 0.0)),
            "text": Weighed(bias=-np.log(4), weights=dict.fromkeys(TEXT_FEATURES, 0.0)),
        }
        found = calibration().model_copy(update=even)
        assert found.confidence(replace(EVIDENCE, doubts=(0.5, 0.5))) == 0.2

    def test_the_packaged_one_is_of_the_packaged_weights(self) -> None:
        """It was fitted on what these read, and allows the default error."""
        packaged = load_calibration(default_model() / CALIBRATION_FILE)
        assert packaged.model_hash == model_hash(default_model())
        assert packaged.line_model_hash == model_hash(default_line_model(), "line")
        promise = packaged.promise(0.002)
        assert promise.threshold is not None
        assert promise.bound <= 0.004
        assert promise.own_weights


class TestPromise:
    @given(VERIFIED, st.floats(0.1, 0.9))
    def test_as_much_is_accepted_as_is_wrong_seldom_enough(
        self, verified: list[tuple[float, bool]], max_error: float
    ) -> None:
        """All fields as sure as the threshold were counted; none lower would be allowed."""
        promise = calibration(steps_of(verified), max(1, len(verified))).promise(max_error)
        allowed = []
        for threshold in {confidence for confidence, _ in verified}:
            sure = [right for confidence, right in verified if confidence >= threshold]
            wrong = sure.count(False)
            enough = len(sure) >= fields_needed(0, max_error)
            if enough and wrong + 1 <= max_error * len(sure):
                allowed.append((len(sure), wrong))
        if promise.threshold is None:
            assert not allowed
            return
        assert (promise.accepted, promise.wrong) == max(allowed)
        assert promise.bound == upper_bound(promise.wrong, promise.accepted)
        sure = [right for confidence, right in verified if confidence >= promise.threshold]
        assert len(sure) == promise.accepted

    def test_too_few_fields_promise_nothing(self) -> None:
        """All of 100 are right: for two in a thousand it takes 1,397 more."""
        made = calibration(steps_of([(0.9, True)] * 100), 100)
        promise = made.promise(0.002)
        assert (promise.threshold, promise.missing) == (None, 1397)
        more = calibration(steps_of([(0.9, True)] * 1497), 1497).promise(0.002)
        assert (more.threshold, more.missing) == (0.9, 0)

    def test_other_weights_are_seen(self) -> None:
        """What was fitted for other weights says so."""
        made = calibration(steps_of([(0.9, True)] * 1497), 1497)
        assert made.promise(0.002, "digits", "lines").own_weights
        assert not made.promise(0.002, "others", "lines").own_weights
        assert not made.promise(0.002, "digits", "others").own_weights


class TestFile:
    def test_it_comes_back_as_it_was(self, tmp_path: Path) -> None:
        """Writing and loading changes nothing."""
        made = calibration(steps_of([(0.9, True), (0.8, False)]))
        path = tmp_path / "calibration.json"
        path.write_text(made.model_dump_json(), encoding="utf-8")
        assert load_calibration(path) == made
        assert load_calibration(path).fingerprint() == made.fingerprint()

    @pytest.mark.parametrize(
        "broken",
        [
            {"format": 1}, {"digit": {"bias": "x"}}, {"fields": 0},
            {"digit": {"bias": 0.0, "weights": {"doubt": 1.0}}},
            {"text": {"bias": 0.0, "weights": dict.fromkeys(TEXT_FEATURES, -1.0)}},
            {"steps": [{"confidence": 0.5, "accepted": 3, "wrong": 4}]},
            {"steps": [{"confidence": 0.5, "accepted": 3, "wrong": 0}] * 2}, {"more": 1},
        ],
    )  # fmt: skip
    def test_a_damaged_one_is_refused(self, tmp_path: Path, broken: dict[str, object]) -> None:
        """With its name; nothing is read by half a calibration."""
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(calibration().model_dump() | broken), encoding="utf-8")
        with pytest.raises(ModelError, match=r"mine\.json"):
            load_calibration(path)

    def test_a_missing_one_is_said(self, tmp_path: Path) -> None:
        """With the command that makes one."""
        with pytest.raises(ModelError, match="digitbatch calibrate"):
            load_calibration(tmp_path / "none.json")


def told(file: str, page: int, name: str, text: str, confidence: float, message: str) -> Record:
    """A row for review, as it is read from a table: with the reasons that its message tells."""
    row = Record(file, page, name, text, confidence, "review", message)
    return row._replace(reasons=codes_in(message))


class TestCalibrating:
    def test_fields_for_a_person_anyway_do_not_count(self) -> None:
        """No threshold is for them: rows with another reason than how sure they are."""
        ref, place = PageRef("a.png", 1), ("a.png", 1)
        truth = {ref: {"a": "12", "b": "34", "c": "56", "d": "78"}}
        rows = [
            Record(*place, "a", "12", 0.99, "ok"),
            told(*place, "b", "35", 0.8, "digit 2 is unsure (5, or 4)"),
            told(*place, "c", "56", 0.99, "may be print"),
            told(*place, "d", "78", 0.9, "digits touch; left out: a point"),
        ]
        assert verified_fields(truth, {ref: rows}) == [(0.99, True), (0.8, False)]

    def test_too_few_are_refused_with_the_figure(self) -> None:
        """What they show, and how many more it takes."""
        with pytest.raises(UsageError, match=r"100 verified fields.*2\.95%.*1,397 more"):
            calibrated(calibration(), [(0.9, True)] * 100, 0.002)

    def test_enough_give_a_threshold(self) -> None:
        """Confidences stay what they are; what is accepted comes from these fields."""
        made = calibrated(calibration(), [(0.9, True)] * 1600 + [(0.5, False)] * 50, 0.002)
        promise = made.promise(0.002)
        assert (promise.threshold, promise.accepted, promise.wrong) == (0.9, 1600, 0)
        assert made.confidence(EVIDENCE) == calibration().confidence(EVIDENCE)

    def test_reasons_are_told_from_others(self) -> None:
        """A field is unsure alone only if nothing else is said of it."""
        assert is_unsure_alone(codes_in("digit 12 is unsure (3, or other)"))
        assert is_unsure_alone(codes_in("not sure enough"))
        assert not is_unsure_alone(codes_in(""))
        assert not is_unsure_alone(codes_in("digits touch; may be print"))
        assert not is_unsure_alone(codes_in("digit 1 is unsure (3); only strokes like 1"))

    @pytest.mark.parametrize(
        "said",
        [
            "the page fits the template badly (31% of its print found)",
            "12 breaks the list a;b.txt, and nothing that obeys it fits the ink",
            "a reason of another version",
        ],
    )
    def test_a_reason_that_nobody_knows_is_another_one(self, said: str) -> None:
        """In tables that hold messages alone, too: such a field would not be accepted if surer."""
        for message in (said, f"{said}; not sure enough", f"not sure enough; {said}"):
            assert not is_unsure_alone(codes_in(message))
        assert not is_unsure_alone(("a-code-of-another-version", "unsure"))
