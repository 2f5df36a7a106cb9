"""What decides how sure a field is and whether that is enough."""

from dataclasses import dataclass

from digitbatch.acceptance.calibration import Calibration, Promise
from digitbatch.acceptance.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Judge:
    """A calibration, and what may be accepted by it."""

    calibration: Calibration
    promise: Promise

    def confidence(self, evidence: Evidence) -> float:
        """The probability that a text is right, 0 to 1, as results show it."""
        return self.calibration.confidence(evidence)

    def accepts(self, confidence: float) -> bool:
        """Whether a field so sure needs no person, as far as its text goes."""
        return self.promise.threshold is not None and confidence >= self.promise.threshold
