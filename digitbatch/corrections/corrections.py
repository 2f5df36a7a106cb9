"""All corrections of some results, in the order in which they were made."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from digitbatch.corrections.correction import Correction, Place


class _Said(NamedTuple):
    """Whose word on which field it is: of one person's, the last one counts."""

    field: str
    place: Place
    by: str


class _Numbered(NamedTuple):
    """A correction, and the how-manieth of all it is: clocks are set back, files are not."""

    number: int
    correction: Correction


class Corrections:
    """What stands of all that people said: of each person, the last word on each field.

    What was taken back does not stand; what the same person said before it does again.
    """

    def __init__(self, made: Iterable[Correction] = ()) -> None:
        self._pages: dict[tuple[str, int], dict[_Said, list[_Numbered]]] = {}
        self._contents: set[str] = set()
        self._next = 0
        for correction in made:
            self.add(correction)

    def add(self, correction: Correction) -> None:
        """Take in what was said after all others."""
        self._contents.add(correction.content)
        page = self._pages.setdefault((correction.content, correction.page), {})
        said = _Said(correction.field, correction.place, correction.by)
        page.setdefault(said, []).append(_Numbered(self._next, correction))
        self._next += 1

    def take_back(self, correction: Correction) -> None:
        """Let a correction stand no more; nothing happens where it does not."""
        page = self._pages.get((correction.content, correction.page), {})
        said = _Said(correction.field, correction.place, correction.by)
        left = [one for one in page.pop(said, []) if one.correction != correction]
        if left:
            page[said] = left

    @property
    def contents(self) -> frozenset[str]:
        """All contents, as sha256 in hex, of which anything was ever said."""
        return frozenset(self._contents)

    def of_page(self, content: str, page: int) -> tuple[Correction, ...]:
        """What stands for a page of a content, in the order in which it was said."""
        last = sorted(words[-1] for words in self._pages.get((content, page), {}).values())
        return tuple(one.correction for one in last)

    def pages_of(self, content: str) -> tuple[int, ...]:
        """The pages of a content of which anything stands, in order."""
        return tuple(sorted(p for c, p in self._pages if c == content and self._pages[c, p]))

    def __iter__(self) -> Iterator[Correction]:
        """All that stands."""
        for page in self._pages.values():
            for words in page.values():
                yield words[-1].correction

    def __len__(self) -> int:
        return sum(len(page) for page in self._pages.values())
