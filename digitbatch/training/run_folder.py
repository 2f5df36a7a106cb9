"""The folder of a training run: what is in it while it goes on, and when it is done.

    runs/mine/unfinished/    while it goes on: checkpoint, contact sheet, log, weights by epoch
    runs/mine/               at the end: the model, with pictures and the log; see docs/training.md

An older model in the folder stays whole and usable until the new one replaces it. Imports torch.
"""

import logging
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from safetensors.torch import save
from torch import Tensor

from digitbatch.errors import OutputError, UsageError
from digitbatch.networks.card import CARD_FILE, Card, save_card
from digitbatch.training.checkpoint import CHECKPOINT_FILE, write_whole

UNFINISHED: Final = "unfinished"
"""What a training that goes on, or was stopped, keeps in the folder of its model."""

LOG_FILE: Final = "log.txt"
CONTACT_SHEET_FILE: Final = "contact_sheet.png"
EPOCHS: Final = "epochs"

log = logging.getLogger(__name__)


class RunFolder:
    """Where a training writes before it is done."""

    def __init__(self, out: Path, *, resumed: bool) -> None:
        """Make the folder for what is unfinished; what an older training left there goes.

        Args:
            out: The folder of the model.
            resumed: Whether to go on with what is there.

        Raises:
            UsageError: If `out` is a file, or a folder that holds other things.
            OutputError: If it cannot be made.
        """
        check_out(out)
        self.out = out
        self._folder = out / UNFINISHED
        self.checkpoint = self._folder / CHECKPOINT_FILE
        try:
            if not resumed and self._folder.exists():
                if self.checkpoint.exists():
                    log.warning("%s: held a training that was stopped; it is replaced", out)
                shutil.rmtree(self._folder)
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self._folder}: cannot be made ({error.strerror or error}); expected a folder"
                " for the training run, on a disk with room. Name another one with --out"
            ) from error

    @property
    def resume_command(self) -> str:
        """What continues this training, for people."""
        return f"digitbatch train --resume --out {shlex.quote(str(self.out))}"

    def say(self, line: str) -> None:
        """Tell people, and remember it in the run's log.

        Raises:
            OutputError: If the log cannot be written.
        """
        log.info("%s", line)
        self.note(line)

    def note(self, line: str) -> None:
        """Remember a line in the run's log.

        Raises:
            OutputError: If it cannot be written.
        """
        path = self._folder / LOG_FILE
        try:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {line}\n")
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror or error}); make room there."
                f" `{self.resume_command}` continues"
            ) from error

    def save_contact_sheet(self, png: bytes) -> Path:
        """Write the examples of what was read.

        Raises:
            OutputError: If they cannot be written.
        """
        path = self._folder / CONTACT_SHEET_FILE
        write_whole(path, png)
        return path

    def save_epoch(self, number: int, weights: dict[str, Tensor]) -> None:
        """Write the weights of an epoch, from 1.

        Raises:
            OutputError: If they cannot be written.
        """
        write_whole(self._folder / EPOCHS / f"{number:03}.safetensors", save(weights))

    def finish(self, card: Card, files: Mapping[str, bytes]) -> None:
        """Replace the model by a new one, with the log and what else is to stay.

        Raises:
            OutputError: If it cannot be written; the older one is as it was.
        """
        save_model(self.out, card, files, self._folder)


def check_out(out: Path) -> None:
    """Refuse to replace what is no model, before any time is spent on training.

    Raises:
        UsageError: If `out` is a file, or a folder that holds other things.
    """
    if out.is_dir():
        others = any(path.name != UNFINISHED for path in out.iterdir())
        if others and not (out / CARD_FILE).exists():
            raise UsageError(
                f"{out}: holds other files and no {CARD_FILE}; name a new folder for the model,"
                f" such as {out / 'mine'}"
            )
    elif out.exists():
        raise UsageError(f"{out}: is a file; expected a folder to write the model to")


def save_model(
    out: Path, card: Card, files: Mapping[str, bytes], unfinished: Path | None = None
) -> None:
    """Write a model folder whole or not at all; an older one at the same place is replaced.

    Args:
        out: The folder.
        card: With the hashes of weights and ONNX file.
        files: What else is in it, by name.
        unfinished: A folder of which all but the checkpoint is copied into it.

    Raises:
        OutputError: If it cannot be written; what was there is still there.
    """
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{out.name}.", dir=out.parent, ignore_cleanup_errors=True
        ) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            new.mkdir()
            if unfinished is not None:
                passed_over = shutil.ignore_patterns(CHECKPOINT_FILE, ".*")
                shutil.copytree(unfinished, new, ignore=passed_over, dirs_exist_ok=True)
            for name, content in files.items():
                (new / name).write_bytes(content)
            save_card(card, new)
            _swap(new, out, old)
    except OSError as error:
        raise OutputError(
            f"{out}: the model cannot be written ({error.strerror or error}); expected a folder"
            " that can be made or replaced, on a disk with a few MB left. The old one is as it was"
        ) from error


def _swap(new: Path, out: Path, old: Path) -> None:
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except BaseException:
        if old.exists():
            shutil.move(old, out)
        raise
