"""The history of promotions: which models were made the default for runs, in promoted.json."""

import os
from pathlib import Path
from typing import Final, Literal

from platformdirs import user_data_path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from digitbatch.errors import ModelError, OutputError
from digitbatch.networks.card import Kind

HOME_VARIABLE: Final = "DIGITBATCH_HOME"
HISTORY_FILE: Final = "promoted.json"


class Promotion(BaseModel):
    """One model that was made the default for runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Both hashes: the same weights with another temperature are another model.
    model: str = Field(pattern="^[0-9a-f]{12}-[0-9a-f]{12}$", description="name of its folder")
    promoted_at: AwareDatetime
    kind: Kind = "digit"

    @property
    def folder(self) -> Path:
        """Where the model is kept."""
        return models_folder() / self.model


class _History(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    promotions: tuple[Promotion, ...]


def models_folder() -> Path:
    """Where promoted models and their history are kept."""
    home = os.environ.get(HOME_VARIABLE)
    data = Path(home) if home else user_data_path("digitbatch", appauthor=False)
    return data.absolute() / "models"


def promotions_of(kind: Kind) -> tuple[Promotion, ...]:
    """The promotions in force of one kind, oldest first."""
    return tuple(promotion for promotion in read_promotions() if promotion.kind == kind)


def read_promotions() -> tuple[Promotion, ...]:
    """The promotions in force, oldest first; a ModelError if the history is damaged."""
    path = models_folder() / HISTORY_FILE
    try:
        return _History.model_validate_json(path.read_bytes()).promotions
    except (FileNotFoundError, NotADirectoryError):  # some system users have /dev/null as home
        return ()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}), so it is not known which weights are"
            f" promoted; make it readable, name the weights with --model, or let {HOME_VARIABLE}"
            " name another folder"
        ) from error
    except ValidationError as error:
        raise ModelError(
            f"{path}: is damaged, so it is not known which weights are promoted; remove it to use"
            " the packaged ones and promote anew, or name the weights with --model"
        ) from error


def write_promotions(promotions: list[Promotion]) -> None:
    """Replace the history, whole or not at all."""
    path = models_folder() / HISTORY_FILE
    text = _History(promotions=tuple(promotions)).model_dump_json(indent=2) + "\n"
    new = path.with_name(f".{HISTORY_FILE}.new")  # one at a time: see `changing`
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise kept_error(path, error) from error


def kept_error(path: Path, error: OSError) -> OutputError:
    """What to say where a kept model or the history cannot be written."""
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); runs use what they used before."
        f" Make room or allow writing there, or let {HOME_VARIABLE} name another folder"
    )
