"""A training that can be continued: one safetensors file, with the rest as JSON in its header.

Imports torch. One file, so that weights and numbers can never be of two moments.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from digitbatch.errors import ModelError, OutputError, UsageError
from digitbatch.training.line.recipe import LineRecipe
from digitbatch.training.recipe import Recipe
from digitbatch.training.trainer.optimisation import multiplies_bfloat16
from digitbatch.training.trainer.progress import Standing

CHECKPOINT_FILE: Final = "checkpoint.safetensors"
_KEY: Final = "digitbatch"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training was asked for."""

    data: tuple[str, ...]  # absolute places, each with its weight
    model: str  # name of the architecture
    recipe: Recipe | LineRecipe
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
    """Replace the file in one step.

    Raises:
        OutputError: If it cannot be written; the older one is as it was.
    """
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
