"""How sure a field is: from evidence to a probability, and to what may be accepted by it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from digitbatch.acceptance.binomial import fields_needed, upper_bound
from digitbatch.errors import ModelError

CALIBRATION_FILE: Final = "calibration.json"
"""Its name in a model's folder."""

_DECIMALS: Final = 6  # of confidences in results
_MOST: Final = 1 - 10**-_DECIMALS  # nothing is certain
_MOST_STEPS: Final = 2_000

_LEAST: Final = 1e-4  # of a doubt; what lies below differs between processors
_MOST_ON_PAGE: Final = 0.2  # doubt a digit; a page is not more unusual than unusual
_LEAST_ON_PAGE: Final = 0.01
_LEAST_HEIGHT_PX: Final = 8.0

DIGIT_FEATURES: Final = ("doubt", "page", "coarse")
"""The names of what `digit_features` gives of each digit, in this order."""

TEXT_FEATURES: Final = ("line", "cut")
"""The names of what `text_features` gives, in this order."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one field's text beside the text."""

    doubts: tuple[float, ...]  # of each digit: how likely it is another one, 0 to 1
    line: float  # doubt of the line network, which reads the field as a whole: minus a logarithm
    page: float  # doubt a digit of the page's other fields: how strange the hand is; the same
    height_px: float  # of the digits on the sheet
    is_cut: bool = False  # digits touch and had to be parted


def digit_features(evidence: Evidence) -> NDArray[np.float64]:
    """The evidence about each digit as `DIGIT_FEATURES`, (digits, 3).

    All are greater where it is more doubtful.
    """
    doubts = np.log(np.maximum(evidence.doubts, 0.0) + _LEAST)
    page = np.log(min(max(evidence.page, 0.0), _MOST_ON_PAGE) + _LEAST_ON_PAGE)
    coarse = -np.log(max(evidence.height_px, _LEAST_HEIGHT_PX))
    return np.column_stack([doubts, np.full(len(doubts), page), np.full(len(doubts), coarse)])


def text_features(evidence: Evidence) -> NDArray[np.float64]:
    """The evidence about the whole text as `TEXT_FEATURES`, (2,): greater is more doubtful."""
    return np.array([np.log(max(evidence.line, 0.0) + _LEAST), float(evidence.is_cut)])


class Step(BaseModel):
    """Of the fields that are surest, as many as can be accepted before one more is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(ge=0, le=1)  # of the last of them
    accepted: int = Field(ge=1)
    wrong: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Promise:
    """What is accepted for an error that is allowed, and what is known about its error."""

    max_error: float
    threshold: float | None  # the least confidence that is accepted; None: there is none so sure
    fields: int  # that it was fitted on
    accepted: int  # of these, as sure as that
    wrong: int  # of the accepted
    bound: float  # share of such fields that is wrong, at most, 95 % sure
    missing: int  # more fields like the surest that it takes, where there is no threshold
    own_weights: bool = True  # fitted with the weights that read


class Weighed(BaseModel):
    """The weights of a logistic regression: how evidence becomes the odds of a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: Annotated[float, Field(allow_inf_nan=False)]
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of a mistake, for features in the last axis."""
        return np.asarray(self.bias + features @ np.array(list(self.weights.values())))


class Calibration(BaseModel):
    """How evidence becomes a probability, and the verified fields from which thresholds come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    model_hash: str  # of the weights that read the fields it was fitted on
    line_model_hash: str
    made_with: str  # how, in words
    digit: Weighed  # by `DIGIT_FEATURES`: that one digit is another
    text: Weighed  # by `TEXT_FEATURES`: that the text as a whole is another
    fields: int = Field(ge=1)  # verified, that the steps are of
    steps: tuple[Step, ...] = Field(max_length=_MOST_STEPS)

    @model_validator(mode="after")
    def _is_whole(self) -> "Calibration":
        for part, names in ((self.digit, DIGIT_FEATURES), (self.text, TEXT_FEATURES)):
            if tuple(part.weights) != names:
                said = ", ".join(part.weights)
                raise ValueError(f"weights are of {', '.join(names)}, got {said}")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if after.confidence >= before.confidence or after.accepted <= before.accepted:
                raise ValueError("steps go from the surest fields to all of them")
        if any(step.wrong > step.accepted or step.accepted > self.fields for step in self.steps):
            raise ValueError("a step has more fields than there are")
        return self

    def confidence(self, evidence: Evidence) -> float:
        """The probability that a field's whole text is right, 0 to 1, as results show it.

        It is where no digit is another one and nothing of the whole is, each with odds of its own
        (noisy or, J. Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, section 4.3.2).
        """
        digits = np.logaddexp(0, self.digit.log_odds(digit_features(evidence))).sum()
        text = np.logaddexp(0, self.text.log_odds(text_features(evidence)))
        return as_shown(np.exp(-digits - text))

    def promise(self, max_error: float, model_hash: str = "", line_model_hash: str = "") -> Promise:
        """What may be accepted: as much as leaves the share of wrong ones at `max_error` or below.

        That share is what the verified fields show, with one more wrong among them than there are.
        They must be so many that they could show it: if none were wrong, the upper bound of
        Clopper and Pearson would be `max_error` at most. The bound itself is told beside it.

        `max_error` is above 0 and below 1; a hash of "" is that of any weights.
        """
        own = model_hash in ("", self.model_hash) and line_model_hash in ("", self.line_model_hash)
        least = fields_needed(0, max_error)
        for step in reversed(self.steps):
            sure, wrong = step.accepted, step.wrong
            if sure >= least and wrong + 1 <= max_error * sure:
                bound = upper_bound(wrong, sure)
                return Promise(max_error, step.confidence, self.fields, sure, wrong, bound, 0, own)
        # The least more it takes, if all of these are right.
        needed = (max(least, ceil((s.wrong + 1) / max_error)) - s.accepted for s in self.steps)
        best = min((upper_bound(s.wrong, s.accepted) for s in self.steps), default=1.0)
        return Promise(max_error, None, self.fields, 0, 0, best, min(needed, default=least), own)

    def fingerprint(self) -> str:
        """sha256 of all that decides results, as 64 hexadecimal digits."""
        plan = self.model_dump(mode="json", exclude={"made_with"})
        return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Judge:
    """What decides how sure a field is, and whether that is enough."""

    calibration: Calibration
    promise: Promise

    def confidence(self, evidence: Evidence) -> float:
        """The probability that a text is right, 0 to 1, as results show it."""
        return self.calibration.confidence(evidence)

    def accepts(self, confidence: float) -> bool:
        """Whether a field so sure needs no person, as far as its text goes."""
        return self.promise.threshold is not None and confidence >= self.promise.threshold


def as_shown(confidence: float) -> float:
    """A confidence as results show it: rounded, and never certain."""
    return round(min(float(confidence), _MOST), _DECIMALS)


def steps_of(verified: Iterable[tuple[float, bool]]) -> tuple[Step, ...]:
    """The steps of fields: the confidence of each, as results show it, and whether it is right."""
    order = sorted(verified, key=lambda item: -item[0])
    steps: list[Step] = []
    wrong = 0
    for number, (confidence, right) in enumerate(order, 1):
        wrong += not right
        if number < len(order) and order[number][0] == confidence:
            continue  # a threshold takes all or none of them
        step = Step(confidence=confidence, accepted=number, wrong=wrong)
        if steps and steps[-1].wrong == wrong:
            steps[-1] = step
        else:
            steps.append(step)
    return tuple(steps[:_MOST_STEPS])


def load_calibration(path: Path) -> Calibration:
    """A calibration from its file.

    Raises:
        ModelError: If there is none, or it is damaged or of another version.
    """
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: there is no such calibration; `digitbatch calibrate` makes one"
        ) from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise ModelError(
            f"{path}: is no calibration of this version of digitbatch: {at}: {first['msg']};"
            " `digitbatch calibrate` makes one from results of this version"
        ) from error
