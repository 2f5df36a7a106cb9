"""Where promoted models are kept, and which of them runs use. Does not import torch.

In the user's data folder (or the one that DIGITBATCH_HOME names):

    models/promoted.json     the promotions in force, oldest first; runs use the last of a kind
    models/HASH-HASH/        a promoted model; never changed, and never removed by digitbatch

A run that has begun keeps its folder, whatever is promoted or rolled back meanwhile.
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from digitbatch.errors import LockedError, ModelError, UsageError
from digitbatch.networks.card import (
    CARD_FILE,
    ONNX_FILE,
    SECOND,
    WEIGHTS_FILE,
    Card,
    Kind,
    load_card,
    model_hash,
    read_checked,
    second_model,
)
from digitbatch.networks.promotions import (
    Promotion,
    kept_error,
    models_folder,
    promotions_of,
    read_promotions,
    write_promotions,
)
from digitbatch.packaged import default_ink_model, default_line_model, default_model

log = logging.getLogger(__name__)
_PACKAGED: Final[dict[Kind, Callable[[], Path]]] = {
    "digit": default_model,
    "line": default_line_model,
    "ink": default_ink_model,
}
_FOR: Final[dict[Kind, str]] = {"digit": "digits", "line": "lines", "ink": "ink"}


@dataclass(frozen=True, slots=True)
class Known:
    """A model that is packaged or kept."""

    folder: Path
    promoted_at: datetime | None  # None: packaged, or its promotion was rolled back
    steps_back: int | None  # rollbacks that lead to it; 0: runs use it; None: no rollback does


def packaged_model(kind: Kind = "digit") -> Path:
    """The folder of the model that comes with digitbatch."""
    return _PACKAGED[kind]()


def promoted_model(kind: Kind = "digit") -> Path | None:
    """The folder of the model that was promoted last; None: nothing is, runs take the packaged one.

    Raises:
        ModelError: If it cannot be used. Runs then end: other weights would give other results,
            and nobody would know.
    """
    promotions = promotions_of(kind)
    if not promotions:
        return None
    folder = promotions[-1].folder
    try:
        check_whole(folder, kind)
    except ModelError as error:
        raise ModelError(
            f"the promoted model cannot be used: {error}; or go back to the one before it with"
            f" `{rollback_command(kind)}`"
        ) from error
    return folder


def chosen_model(folder: Path | None, kind: Kind = "digit") -> Path:
    """The folder of the model to use: the one that is named, else promoted, else packaged."""
    return folder or promoted_model(kind) or packaged_model(kind)


def rollback_command(kind: Kind) -> str:
    """What goes back by one promotion, for people."""
    return "digitbatch models rollback" + ("" if kind == "digit" else f" --kind {kind}")


def known_models(kind: Kind = "digit") -> list[Known]:
    """All models that are packaged or kept: first what runs use, then in the order of rollbacks.

    One whose card cannot be read is listed with those for digits.

    Raises:
        ModelError: If the history of promotions is damaged.
    """
    known: dict[Path, Known] = {}  # promoted, rolled back and promoted again: listed once
    promotions = promotions_of(kind)
    for steps, promotion in enumerate(reversed(promotions)):
        found = Known(promotion.folder, promotion.promoted_at, steps_back=steps)
        known.setdefault(promotion.folder, found)
    packaged = packaged_model(kind)
    known[packaged] = Known(packaged, None, steps_back=len(promotions))
    for card in sorted(models_folder().glob(f"[!.]*/{CARD_FILE}")):
        if _kind(card.parent) == kind:
            known.setdefault(card.parent, Known(card.parent, None, steps_back=None))
    return list(known.values())


def rollback(kind: Kind = "digit") -> Path:
    """Go back to the model that was the default before the last promotion.

    One that cannot be used any more (damaged, or made for other crops) is passed over, with a
    warning; the packaged model is always there. The default of the other kind stays.

    Returns:
        The folder of what runs use now.

    Raises:
        UsageError: If nothing is promoted.
        ModelError, LockedError, OutputError: The history is damaged, held, or not to be written.
    """
    with changing():
        left = promotions_of(kind)
        if not left:
            raise UsageError(
                f"there is nothing to roll back to: no model for {_FOR[kind]} is promoted, runs use"
                " the packaged one"
            )
        while left := left[:-1]:
            try:
                check_whole(left[-1].folder, kind)
                break
            except ModelError as error:
                log.warning("passed over: %s", error)
        write_promotions([one for one in read_promotions() if one.kind != kind or one in left])
    return left[-1].folder if left else packaged_model(kind)


@contextmanager
def changing() -> Iterator[None]:
    """Keep other processes from changing what is kept.

    Raises:
        LockedError: If one does so now.
        OutputError: If nothing can be written there.
    """
    models = models_folder()
    try:
        models.mkdir(parents=True, exist_ok=True)
        lock = FileLock(models / ".lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise LockedError(
            f"another process is promoting or rolling back in {models}; wait until it has ended"
        ) from error
    except OSError as error:
        raise kept_error(models, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """Copy the files of a model beside the kept ones, to be judged and then kept by `keep`.

    What is judged is what is kept, even if somebody trains into `folder` meanwhile. A copy that
    fails raises an OutputError and leaves nothing.
    """
    models = models_folder()
    with ExitStack() as stack:
        try:
            beside = tempfile.TemporaryDirectory(
                prefix=".new-", dir=models, ignore_cleanup_errors=True
            )
            copy = Path(stack.enter_context(beside)) / "model"
            _copy_files(folder, copy)
            if second_model(folder) is not None:
                _copy_files(folder / SECOND, copy / SECOND)
        except OSError as error:
            raise kept_error(models, error) from error
        yield copy


def _copy_files(folder: Path, to: Path) -> None:
    to.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            shutil.copyfile(path, to / path.name)


def keep(copy: Path) -> Path:
    """Move what `copied` made to its place and make it the default for runs, within `changing`.

    Returns:
        The folder that runs use now.

    Raises:
        ModelError: If the copy is not whole.
        OutputError: If it cannot be moved or noted. Runs then use what they used before.
    """
    card = check_whole(copy)
    promotion = Promotion(model=model_name(copy), promoted_at=datetime.now(UTC), kind=card.kind)
    place = promotion.folder
    try:
        if not _is_whole(place):
            if place.exists():
                place.replace(copy.with_name("damaged"))
            copy.replace(place)
    except OSError as error:
        raise kept_error(place, error) from error
    write_promotions([*read_promotions(), promotion])
    return place


def check_whole(folder: Path, kind: Kind | None = None) -> Card:
    """Read a model's card and compare its files with the hashes in it.

    Raises:
        ModelError: If it is missing, damaged, made for other crops or, where `kind` is not None,
            of another kind.
    """
    card = load_card(folder, kind)
    read_checked(folder / WEIGHTS_FILE, card.weights_sha256)
    read_checked(folder / ONNX_FILE, card.onnx_sha256)
    second = second_model(folder)
    if second is not None:
        check_whole(second, card.kind)
    return card


def model_name(folder: Path) -> str:
    """The name of the folder in which a model is kept; it begins as the hash in results does."""
    card = load_card(folder, None)
    second, onnx = second_model(folder), card.onnx_sha256
    if second is not None:
        onnx = hashlib.sha256(f"{onnx} {load_card(second, None).onnx_sha256}".encode()).hexdigest()
    return f"{model_hash(folder, card.kind)[:12]}-{onnx[:12]}"


def _kind(folder: Path) -> Kind:
    with suppress(ModelError):
        return load_card(folder, None).kind
    return "digit"


def _is_whole(folder: Path) -> bool:
    with suppress(ModelError):
        return bool(check_whole(folder))
    return False
