"""How sure a field is, which fields may be accepted, and what that promises."""

from digitbatch.acceptance.binomial import fields_needed, upper_bound
from digitbatch.acceptance.calibration import (
    CALIBRATION_FILE,
    Calibration,
    Promise,
    Step,
    Weighed,
    as_shown,
    load_calibration,
    steps_of,
)
from digitbatch.acceptance.evidence import (
    DIGIT_FEATURES,
    TEXT_FEATURES,
    Evidence,
    digit_features,
    text_features,
)
from digitbatch.acceptance.policy import Judge
from digitbatch.acceptance.reasons import Finding, ReviewReason, is_unsure_alone

__all__ = [
    "CALIBRATION_FILE",
    "DIGIT_FEATURES",
    "TEXT_FEATURES",
    "Calibration",
    "Evidence",
    "Finding",
    "Judge",
    "Promise",
    "ReviewReason",
    "Step",
    "Weighed",
    "as_shown",
    "digit_features",
    "fields_needed",
    "is_unsure_alone",
    "load_calibration",
    "steps_of",
    "text_features",
    "upper_bound",
]
