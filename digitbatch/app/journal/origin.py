"""Where the scans and the configuration of a run lay, for who looks at them after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from digitbatch.inputs import Walk


@dataclass(frozen=True, slots=True)
class Origin:
    """What the record of a run says of its places."""

    scans: str | None  # the folder that names are relative to, absolute; None: names are paths
    config: str | None  # the configuration's file, absolute; None: the packaged one

    @classmethod
    def of(cls, found: Walk, config: Path | None) -> Self:
        return cls(found.base, None if config is None else str(config.absolute()))

    def to_json(self) -> dict[str, str | None]:
        return {"scans": self.scans, "config": self.config}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self | None:
        """What `to_json` put into a run's record; None for runs of older versions."""
        scans, config = record.get("scans", 0), record.get("config", 0)
        known = all(place is None or isinstance(place, str) for place in (scans, config))
        return cls(scans, config) if known else None
