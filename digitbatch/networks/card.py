"""The card of a model: what the weights are, where they come from, and whether they fit."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from digitbatch.errors import ModelError
from digitbatch.networks.ctc import LINE_CLASSES
from digitbatch.networks.ink.pictures import INK_FORMAT
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.networks.line_strips import STRIP_FORMAT
from digitbatch.stages.crops import CROP_FORMAT
from digitbatch.types import CLASSES, INK_CLASSES

CARD_FILE: Final = "card.json"
WEIGHTS_FILE: Final = "weights.safetensors"
ONNX_FILE: Final = "model.onnx"

SECOND: Final = "second"
"""Folder, in a model's folder, of the model that is asked about crops which the first doubts."""

Kind = Literal["digit", "line", "ink"]
"""What a network reads: one digit of a 28x28 crop, a strip with several that touch, or a page, of
whose ink it says what it is."""

READS: Final[dict[Kind, tuple[int, tuple[str, ...]]]] = {
    "digit": (CROP_FORMAT, CLASSES),
    "line": (STRIP_FORMAT, LINE_CLASSES),
    "ink": (INK_FORMAT, INK_CLASSES),
}
"""The version of the crops or strips that this digitbatch makes, and what answers mean."""

_WORDS: Final[dict[Kind, str]] = {
    "digit": "crops of single digits",
    "line": "strips of digits",
    "ink": "the ink of pages",
}


class Card(BaseModel):
    """A model is a folder with this card, its weights, and the network as the CPU runs it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(default="digit", description="what the network reads")
    architecture: str = Field(description="name under which `digitbatch train --model` knows it")
    crop_format: int = Field(description="version of the crops or strips that the network reads")
    classes: tuple[str, ...] = Field(description="what the columns of its answer mean, in order")
    temperature: float = Field(gt=0, description="logits are divided by it before the softmax")
    other_odds: float = Field(
        default=1.0, gt=0, description='the odds of "other" are multiplied by it, after that'
    )
    training_data: str
    sets: tuple[LearntSet, ...] = Field(
        default=(), description="what it, and the network it began as, has learnt; (): not noted"
    )
    credit: str = Field(description="whose data it is, and its licence")
    seed: int
    recipe: Mapping[str, JsonValue] = Field(description="what training can be repeated from")
    metrics: Mapping[str, float]
    parameters: int = Field(ge=0, description="number of trained parameters")
    weights_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    onnx_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    torch_version: str
    digitbatch_version: str

    @property
    def reads(self) -> str:
        """What it reads, in words."""
        return _WORDS[self.kind]


def load_card(folder: Path, kind: Kind | None = "digit") -> Card:
    """Read a model's card and make sure that its crops and classes are those of this version.

    Raises:
        ModelError: If there is no card, it is damaged, or it is of another kind (None: either will
            do), another crop format or other classes. The message says the way out.
    """
    path = folder / CARD_FILE
    try:
        card = Card.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"{folder}: is no model ({path.name} cannot be read: {error.strerror}); expected a"
            f" folder with {CARD_FILE}, {WEIGHTS_FILE} and {ONNX_FILE}, as `digitbatch train` makes"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelError(
            f"{path}: is damaged or of another version ({place}: {first['msg']}); take the folder"
            " from where it came, or make it anew with `digitbatch train`"
        ) from error
    if kind is not None and card.kind != kind:
        raise ModelError(
            f"{path}: the network reads {card.reads}; expected one that reads"
            f" {_WORDS[kind]}, name another folder (`digitbatch models` lists what there is)"
        )
    crop_format, classes = READS[card.kind]
    if card.crop_format != crop_format:
        raise ModelError(
            f"{path}: the weights read crops of format {card.crop_format}, this version cuts"
            f" format {crop_format}; make them anew with `digitbatch train`, or install"
            f" the digitbatch that made them ({card.digitbatch_version})"
        )
    if card.classes != classes:
        raise ModelError(
            f"{path}: the classes are {', '.join(card.classes)}; expected {', '.join(classes)}, in"
            " this order; make the model anew with `digitbatch train`"
        )
    return card


def second_model(folder: Path) -> Path | None:
    """The folder of the model that a model leaves its doubtful crops to; None: it has none."""
    second = folder / SECOND
    return second if (second / CARD_FILE).is_file() else None


def model_hash(folder: Path, kind: Kind = "digit") -> str:
    """What tells a model's weights from others', as 64 hexadecimal digits."""
    first = load_card(folder, kind).weights_sha256
    second = second_model(folder)
    if second is None:
        return first
    return hashlib.sha256(f"{first} {model_hash(second, kind)}".encode()).hexdigest()


def save_card(card: Card, folder: Path) -> None:
    """Write the card into the folder, readable for people."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_checked(path: Path, sha256: str) -> bytes:
    """Read one file of a model; a ModelError if it cannot be, or is not what the card is about."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); a model is a folder with {CARD_FILE},"
            f" {WEIGHTS_FILE} and {ONNX_FILE}, take all three from where it came"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: is damaged or belongs to another card (sha256 {found[:12]}..., expected"
            f" {sha256[:12]}...); take the folder anew from where it came"
        )
    return content
