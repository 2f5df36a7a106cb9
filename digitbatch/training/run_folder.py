"""What a training keeps on the disk: the folder of its run, its checkpoint, its first weights.

    runs/mine/unfinished/    while it goes on: checkpoint, contact sheet, log, weights by epoch
    runs/mine/               at the end: the model, with pictures and the log; see docs/training.md

A checkpoint is one safetensors file with the rest as JSON in its header, so that weights and
numbers can never be of two moments. An older model in the folder stays whole and usable until the
new one replaces it. Imports torch.
"""

import hashlib
import logging
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn

from digitbatch.errors import ModelError, OutputError, UsageError
from digitbatch.networks.card import CARD_FILE, WEIGHTS_FILE, Card, load_card, save_card
from digitbatch.training.optimisation import multiplies_bfloat16
from digitbatch.training.recipes import AnyRecipe
from digitbatch.training.trainer import Standing

CHECKPOINT_FILE: Final = "checkpoint.safetensors"
_KEY: Final = "digitbatch"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training was asked for."""

    data: tuple[str, ...]  # absolute places, each with its weight
    model: str  # name of the architecture
    recipe: AnyRecipe
    seed: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides how sums are rounded."""

    device: str  # "cpu" or "cuda"
    threads: int  # of the CPU
    bfloat16: bool  # whether it is multiplied in hardware
    torch_version: str

    @staticmethod
    def here(device: torch.device) -> "Machine":
        """What is in use now."""
        threads, able = torch.get_num_threads(), multiplies_bfloat16(device)
        return Machine(device.type, threads, able, torch.__version__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is written beside the tensors."""

    settings: Settings
    standing: Standing
    machine: Machine
    examples_sha256: str  # of all that is learnt from
    version: int = 1


_JSON: Final = TypeAdapter(Checkpoint)


def save_checkpoint(path: Path, checkpoint: Checkpoint, tensors: dict[str, Tensor]) -> None:
    """Replace the file in one step; see `write_whole`."""
    write_whole(path, save(tensors, {_KEY: _JSON.dump_json(checkpoint).decode()}))


def load_checkpoint(path: Path) -> tuple[Checkpoint, dict[str, Tensor]]:
    """Read what `save_checkpoint` wrote.

    Raises:
        UsageError: If there is none.
        ModelError: If it is damaged, or of another version of digitbatch.
    """
    if not path.is_file():
        raise UsageError(
            f"{path}: does not exist, there is no training to resume; leave --resume out to start"
            " one, or name the folder of the one that was stopped with --out"
        )
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY, "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        checkpoint = _JSON.validate_json(text)
    except (OSError, SafetensorError, ValidationError) as error:
        raise ModelError(
            f"{path}: is damaged ({str(error).splitlines()[0]}); start the training anew, without"
            " --resume"
        ) from error
    # What another version left out of a recipe would be filled in silently.
    if _JSON.dump_json(checkpoint).decode() != text:
        raise ModelError(
            f"{path}: was written by another version of digitbatch, which trains otherwise; start"
            " the training anew, without --resume"
        )
    return checkpoint, tensors


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; an older one at the same place is replaced in one step.

    Raises:
        OutputError: If it cannot be written; the older one is as it was.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(exist_ok=True)
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); make room there or allow"
            " writing. What was there before is as it was"
        ) from error


def load_initial_weights(network: nn.Module, folder: Path) -> str:
    """Give a network the weights of a model of the same architecture, in place.

    Returns:
        The weights' sha256, by which a card can name them.

    Raises:
        UsageError: If there are no weights.
        ModelError: If they are of another network, or damaged.
    """
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise UsageError(f"{path}: does not exist; expected the folder of a model to start from")
    try:
        content = path.read_bytes()
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: does not fit the network to be trained ({reason})") from error
    return hashlib.sha256(content).hexdigest()


UNFINISHED: Final = "unfinished"
"""What a training that goes on, or was stopped, keeps in the folder of its model."""

LOG_FILE: Final = "log.txt"
CONTACT_SHEET_FILE: Final = "contact_sheet.png"
EPOCHS: Final = "epochs"
_START: Final = ".start"  # hidden: it does not become part of the model

log = logging.getLogger(__name__)


class RunFolder:
    """Where a training writes before it is done."""

    def __init__(self, out: Path, *, resumed: bool) -> None:
        """Make the folder for what is unfinished; what an older training left goes, if not resumed.

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
        """Tell people, and remember it in the run's log; see `note`."""
        log.info("%s", line)
        self.note(line)

    def note(self, line: str) -> None:
        """Remember a line in the run's log; an OutputError if it cannot be written."""
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
        """Write the examples of what was read; an OutputError if they cannot be."""
        path = self._folder / CONTACT_SHEET_FILE
        write_whole(path, png)
        return path

    def save_epoch(self, number: int, weights: dict[str, Tensor]) -> None:
        """Write the weights of an epoch, from 1; an OutputError if they cannot be."""
        write_whole(self._folder / EPOCHS / f"{number:03}.safetensors", save(weights))

    def keep_start(self, model: Path) -> None:
        """Keep the card of the model that the training starts from, if it has one."""
        card = model / CARD_FILE
        if card.is_file():
            write_whole(self._folder / _START / CARD_FILE, card.read_bytes())

    def start_card(self) -> Card | None:
        """The card that `keep_start` kept; None: there was none, or none that can be read."""
        try:
            return load_card(self._folder / _START, None)
        except ModelError:
            return None

    def finish(self, card: Card, files: Mapping[str, bytes]) -> None:
        """Replace the model by a new one, with the log and the like; see `save_model`."""
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

    Of an unfinished run's folder all but the checkpoint is copied into it.

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
