"""What passes earn, from the rows of the ledger: paired differences over pages, with errors."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.ledger import MEASURES, Counts, Deleted, Earned, Ledger, Row
from benchmarks.ledger_pages import family_of

TIME: Final = "ms"
"""Beside `MEASURES`: processor time of a page, in milliseconds."""

GOOD: Final = {"right": 1, "accepted": 1, "wrong": -1, "spurious": -1, TIME: -1}
"""Which way a difference is good."""

_LEAST_TIME_SHARE: Final = 0.05  # of a page's time: less is not worth a pass


def totals(ledger: Ledger, is_meant: Callable[[str], bool]) -> dict[str, float]:
    """Pages, counts and mean time of the groups that are meant, read with everything."""
    rows = [row for row in ledger.rows if not row.name and is_meant(row.group)]
    counts = [counts for row in rows for counts in row.changed.values()]
    times = [ms for row in rows for ms in row.ms]
    sums = np.array(counts, np.int64).reshape(-1, len(MEASURES)).sum(axis=0)
    found = dict(zip(MEASURES, map(float, sums), strict=True))
    return found | {"pages": len(counts), TIME: float(np.mean(times)) if times else 0.0}


def earned_by(ledger: Ledger, name: str, is_meant: Callable[[str], bool]) -> dict[str, Earned]:
    """What a pass or a reason makes of each measure, on the groups that are meant.

    The unit of chance is a page: the standard error is that of a sum of the differences that a
    page makes. A measure that was not taken is left out; so is all where nothing was read.
    """
    base = {(row.group, row.part): row for row in ledger.rows if not row.name}
    own = [
        (row, base[row.group, row.part])
        for row in ledger.rows
        if row.name == name and is_meant(row.group) and (row.group, row.part) in base
    ]
    return {**_counts_earned(own), **_time_earned(own)} if own else {}


def _counts_earned(own: Sequence[tuple[Row, Row]]) -> dict[str, Earned]:
    """Of rows beside those of the same parts that were read with everything."""
    with_all = np.array([counts for _, one in own for counts in _pages(one)], np.int64)
    without = np.array([counts for row, one in own for counts in _pages(one, row)], np.int64)
    places = {measure: place for place, measure in enumerate(MEASURES) if measure in GOOD}
    return {
        measure: _summed(without[:, place], with_all[:, place]) for measure, place in places.items()
    }


def _time_earned(own: Sequence[tuple[Row, Row]]) -> dict[str, Earned]:
    """The mean of a page; nothing where no time was taken."""
    if not all(row.ms for row, _ in own):
        return {}
    without = np.array([ms for row, _ in own for ms in row.ms])
    whole = _summed(without, np.array([ms for _, one in own for ms in one.ms]))
    count = len(without)
    return {TIME: Earned(whole.without / count, whole.difference / count, whole.error / count)}


def good_groups(ledger: Ledger, name: str) -> list[str]:
    """The kinds of pages on which something is better with it than without, outside of noise."""
    return [
        group
        for group in dict.fromkeys(row.group for row in ledger.rows)
        if any(
            _is_good(measure, one) for measure, one in earned_by(ledger, name, group.__eq__).items()
        )
    ]


def _is_good(measure: str, one: Earned) -> bool:
    if measure == TIME and abs(one.difference) < _LEAST_TIME_SHARE * one.without:
        return False
    return one.is_outside_noise and one.difference * GOOD[measure] > 0


def families(ledger: Ledger) -> list[str]:
    """The sorts of pages that were read."""
    return list(dict.fromkeys(family_of(row.group) for row in ledger.rows))


def of_family(family: str) -> Callable[[str], bool]:
    """Whether a group is of a sort of pages."""
    return lambda group: family_of(group) == family


def retired(ledger: Ledger, names: Collection[str], version: str) -> Ledger:
    """The ledger for another version of the code.

    Rows of what is there no more are kept as deleted, those of the rest are to be measured anew.

    Args:
        ledger: As it was left.
        names: Of passes and reasons that there are.
        version: Of the code.
    """
    gone = {row.name: row.kind for row in ledger.rows if row.name and row.name not in names}
    kept = [one for one in ledger.deleted if one.name not in (*names, *gone)]
    deleted = [
        Deleted(name, kind, ledger.version, _by_family(ledger, name)) for name, kind in gone.items()
    ]
    rows = () if ledger.version != version else _only(ledger.rows, names)
    return replace(ledger, version=version, rows=tuple(rows), deleted=(*kept, *deleted))


def _only(rows: Iterable[Row], names: Collection[str]) -> list[Row]:
    return [row for row in rows if not row.name or row.name in names]


def _by_family(ledger: Ledger, name: str) -> Mapping[str, Mapping[str, Earned]]:
    return {family: earned_by(ledger, name, of_family(family)) for family in families(ledger)}


def _pages(base: Row, row: Row | None = None) -> list[Counts]:
    """The counts of every page of a part, read with everything, or as another row says."""
    changed = {} if row is None else row.changed
    return [changed.get(page, base.changed[page]) for page in sorted(base.changed)]


def _summed(
    without: NDArray[np.int64] | NDArray[np.float64],
    with_it: NDArray[np.int64] | NDArray[np.float64],
) -> Earned:
    differences = np.asarray(with_it - without, np.float64)
    count = len(differences)
    total = float(differences.sum())
    # Of one page nothing is known of chance.
    error = float(np.sqrt(count) * differences.std(ddof=1)) if count > 1 else abs(total)
    return Earned(float(without.sum()), total, error)
