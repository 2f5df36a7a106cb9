"""What a journal's results were made with, and when that forbids to go on with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from digitbatch.errors import ConfigError

READING_VERSION: Final = 10
"""Goes up with every change of the code that can change a result, and with no other.

Journals of another reading are refused, so that no output mixes two: raising it makes every
nightly run stop until a person says `--fresh`.
"""

FORMAT: Final = 1
"""Of the journal itself."""

_WORDS: Final = {
    "journal": "journals of format",
    "reading": "the reading of version",
    "config": "the configuration",
    "model": "the weights",
    "line_model": "the weights for touching digits",
    "ink_model": "the weights for ink",
    "calibration": "the calibration",
}


@dataclass(frozen=True, slots=True)
class Binding:
    """All that decides results, beside the pages."""

    config: str  # fingerprint
    model: str  # sha256 of the weights
    line_model: str
    ink_model: str
    calibration: str  # sha256 of what it decides
    reading: int = READING_VERSION
    journal: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self, found: Mapping[str, Any], output: Path) -> None:
        """Refuse a journal whose first line is `found`, if it was made otherwise.

        Raises:
            ConfigError: If any of it differs; says both values and what can be done.
        """
        other = [
            f"{_WORDS[key]} was {_short(found.get(key))} and is {_short(value)}"
            for key, value in self.to_json().items()
            if found.get(key) != value
        ]
        if other:
            raise ConfigError(
                f"what is known of {output} was read in another way: {'; '.join(other)}. "
                "--fresh reads everything anew; or undo the change, or write to another file "
                "with --out"
            )


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}..." if len(text) > 24 else text
