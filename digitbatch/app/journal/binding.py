"""What a journal's results were made with, and in words what of it is another now."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from digitbatch.errors import ConfigError

READING_VERSION: Final = 11
"""Goes up with every change of the code that can change a result, and with no other.

Journals of another reading are refused, so that no output mixes two: raising it makes every
nightly run stop until a person says `--on-change keep` or `fresh`.
"""

FORMAT: Final = 1
"""Of the journal itself."""

OnChange = Literal["refuse", "keep", "fresh"]
"""What a run does about results that were read in another way: end, leave them, read them anew."""

_WORDS: Final = {
    "journal": "the format of journals",
    "reading": "the version of digitbatch's reading",
    "config": "the configuration",
    "model": "the model",
    "line_model": "the model for touching digits",
    "ink_model": "the model for ink",
    "calibration": "the calibration",
}
_MOST_KEYS: Final = 5  # of a configuration, that are named
_ABSENT: Final = "not given"


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
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """For people: the plan as `config`, and words for any of the others."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def differences(self, found: Mapping[str, Any]) -> list[str]:
        """What differs from a binding as `to_json` gave it, in words: each with both values."""
        now, told = self.about, found.get("about")
        then = told if isinstance(told, Mapping) else {}  # older journals have no words
        said = []
        for key, words in _WORDS.items():
            value = getattr(self, key)
            if found.get(key) == value:
                continue
            if key == "config" and then.get("config") and now.get("config"):
                said += _changed_keys(then["config"], now["config"])
            else:
                before = _named(then.get(key), found.get(key))
                said.append(f"{words} was {before} and is {_named(now.get(key), value)}")
        return said

    def check(self, found: Mapping[str, Any], output: Path) -> None:
        """Refuse results of the binding `found`, if it is another.

        Raises:
            ConfigError: If any of it differs; says both values and what can be done.
        """
        if other := self.differences(found):
            raise ConfigError(
                f"what is known of {output} was read in another way: {'; '.join(other)}. "
                "--on-change keep leaves what is known and reads new scans in the new way, "
                "--on-change fresh (or --fresh) reads everything anew; or undo the change, or write"
                " to another file with --out"
            )


def read_by(binding: Mapping[str, Any]) -> dict[str, Any]:
    """A binding as results show it: the hashes by the names that a document's head has."""
    hashes = ("model", "line_model", "ink_model", "calibration", "config")
    return {
        **{f"{key}_hash": str(binding.get(key, "")) for key in hashes},
        "reading": binding.get("reading"),
    }


def _changed_keys(then: Any, now: Any) -> list[str]:
    """The keys of a configuration that differ: `review.max_error was 0.002 and is 0.01`."""
    a, b = dict(_leaves(then)), dict(_leaves(now))
    changed = [key for key in dict.fromkeys((*a, *b)) if a.get(key) != b.get(key)]
    said = [
        f"{key} was {_short(a.get(key, _ABSENT))} and is {_short(b.get(key, _ABSENT))}"
        for key in changed[:_MOST_KEYS]
    ]
    left = len(changed) - len(said)
    return [*said, f"{left} more keys of the configuration"] if left else said


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a plan by their places; zones and stages by their names, else numbers."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, below in enumerate(value, 1):
            name = below.get("name", number) if isinstance(below, Mapping) else number
            yield from _leaves(below, f"{place}[{name}]")
    else:
        yield place, value


def _named(words: Any, value: Any) -> str:
    """A value with what people call it; a hash alone tells nobody which weights they were."""
    return f"{words} ({_short(value)})" if words else _short(value)


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}..." if len(text) > 24 and text.isalnum() else text
