"""What makes stages a chain: their order, the kinds of pixels that they hand on, who is skipped."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, get_args

from digitbatch.stages import STAGES
from digitbatch.stages.base import Normalizer, PageStage, PixelKind, Segmenter, Situation, Stage

FIRST_KINDS: Final[tuple[PixelKind, ...]] = ("color", "gray")
"""What a page can be when it arrives; a chain must take both."""


class ChainFault(NamedTuple):
    """Why stages are no chain."""

    position: int | None  # of the stage that is wrong, from 0; None: one is missing
    text: str


def chain_fault(stages: Sequence[Stage]) -> ChainFault | None:
    """What keeps `stages` from being page stages, one segmenter and one normalizer that fit.

    Returns the first fault, None where there is none.
    """
    fault = _order_fault(stages)
    for first in FIRST_KINDS:
        fault = fault or _kind_fault(stages, first)
    return fault


def kinds_along(
    stages: Sequence[Stage], first: PixelKind
) -> Iterator[tuple[int, PageStage | Segmenter, PixelKind]]:
    """Each stage that takes the page, its position, and the kind that reaches it."""
    kind = first
    for index, stage in enumerate(stages):
        if isinstance(stage, PageStage | Segmenter):
            yield index, stage, kind
        if isinstance(stage, PageStage):
            kind = stage.gives.get(kind, kind)


def why_skipped(
    stages: Sequence[PageStage], *, has_zones: bool, has_boxes: bool = False
) -> list[str]:
    """For each page stage why a page does not go through it; "" where it does."""
    reasons: list[str] = []
    for stage in reversed(stages):
        reasons.append(stage.skipped(Situation(has_zones, has_boxes, is_last=all(reasons))))
    return reasons[::-1]


def one_of(words: Sequence[str]) -> str:
    """a; a or b; a, b or c."""
    return " or ".join(([", ".join(words[:-1])] if words[1:] else []) + list(words[-1:]))


def op_of(stage: Stage | type[Stage]) -> str:
    """The name of a stage in pipeline.yaml."""
    kind = stage if isinstance(stage, type) else type(stage)
    return str(kind.model_fields["op"].default)


def names(role: type[Stage]) -> str:
    """The stages that can play a role: "contours"; "a or b" where there are more."""
    return one_of([op for op, stage in STAGES.items() if issubclass(stage, role)])


def _order_fault(stages: Sequence[Stage]) -> ChainFault | None:
    rule = (
        f"a chain is page stages, then one segmenter ({names(Segmenter)}), "
        f"then one normalizer ({names(Normalizer)})"
    )
    ends: list[tuple[type[Stage], str, int, str]] = [
        (Segmenter, "segmenter", len(stages) - 2, "second to last"),
        (Normalizer, "normalizer", len(stages) - 1, "last"),
    ]
    found = [[i for i, stage in enumerate(stages) if isinstance(stage, end[0])] for end in ends]
    for (_, called, _, _), at in zip(ends, found, strict=True):
        if not at:
            return ChainFault(None, f"stages: the {called} is missing; {rule}")
        if len(at) > 1:
            second = f"stages[{at[1]}] ({op_of(stages[at[1]])})"
            return ChainFault(at[1], f"{second} is a second {called}; {rule}")
    for (_, _, place, words), at in zip(ends, found, strict=True):
        if at[0] != place:
            wrong = f"stages[{at[0]}] ({op_of(stages[at[0]])})"
            return ChainFault(at[0], f"{wrong} must stand {words}; {rule}")
    return None


def _kind_fault(stages: Sequence[Stage], first: PixelKind) -> ChainFault | None:
    for index, stage, kind in kinds_along(stages, first):
        if kind in stage.takes:
            continue
        wanted = one_of(in_order(stage.takes))
        bridges = [
            op
            for op, other in STAGES.items()
            if issubclass(other, PageStage)
            and kind in other.takes
            and other.gives.get(kind, kind) in stage.takes
        ]
        hint = f"; put {one_of(bridges)} before it" if bridges else ""
        return ChainFault(
            index,
            f"stages[{index}] ({op_of(stage)}) takes {_with_article(wanted)} image but gets "
            f"{_with_article(kind)} one{hint}",
        )
    return None


def in_order(kinds: frozenset[PixelKind]) -> list[PixelKind]:
    """Kinds in the order in which a chain makes them."""
    return [kind for kind in get_args(PixelKind) if kind in kinds]


def _with_article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
