"""How sure a field is, which fields may be accepted, and what that promises."""

from digitbatch.confidence.binomial import fields_needed, upper_bound
from digitbatch.confidence.calibration import (
    CALIBRATION_FILE,
    Calibration,
    Promise,
    Step,
    as_shown,
    load_calibration,
    steps_of,
)
from digitbatch.confidence.evidence import FEATURES, Evidence, features
from digitbatch.confidence.judge import Judge
from digitbatch.confidence.reasons import is_unsure_alone

__all__ = [
    "CALIBRATION_FILE",
    "FEATURES",
    "Calibration",
    "Evidence",
    "Judge",
    "Promise",
    "Step",
    "as_shown",
    "features",
    "fields_needed",
    "is_unsure_alone",
    "load_calibration",
    "steps_of",
    "upper_bound",
]
