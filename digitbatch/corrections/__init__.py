"""What people say is written in fields: kept beside the results, and never lost by a run.

`CorrectionLog` holds every `Correction` in the order in which it was made; `settle` says what they
come to for the fields of a page as it is read now.
"""

from digitbatch.corrections.correction import Correction, Mode, Place, place_of
from digitbatch.corrections.corrections import Corrections
from digitbatch.corrections.digit_marks import DigitMarks
from digitbatch.corrections.log import CorrectionLog, corrections_beside, find_corrections
from digitbatch.corrections.settling import Settled, Verdict, settle

__all__ = [
    "Correction",
    "CorrectionLog",
    "Corrections",
    "DigitMarks",
    "Mode",
    "Place",
    "Settled",
    "Verdict",
    "corrections_beside",
    "find_corrections",
    "place_of",
    "settle",
]
