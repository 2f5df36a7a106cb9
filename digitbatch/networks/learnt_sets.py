"""Which characters of which sets a network has learnt, as its card says it."""

import base64
import binascii
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from digitbatch.errors import ModelError


class LearntSet(BaseModel):
    """One set that a training read, and what of it was learnt.

    What a training kept out, and what it never read, is not learnt. A set that no `LearntSet` of a
    card is about was not read at all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="under which training read it")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of its characters and labels")
    count: int = Field(ge=0, description="of all its characters")
    learnt: str = Field(description="a bit for each, 1 where it was learnt: zlib, base64")

    @staticmethod
    def of(name: str, sha256: str, count: int, places: NDArray[np.int64]) -> "LearntSet":
        """A set of `count` characters, those at `places` being learnt."""
        bits = np.zeros(count, np.bool_)
        bits[places] = True
        packed = zlib.compress(np.packbits(bits).tobytes(), 9)
        return LearntSet(
            name=name, sha256=sha256, count=count, learnt=base64.b64encode(packed).decode()
        )

    def mask(self) -> NDArray[np.bool_]:
        """Whether each character of the set was learnt, (count,); a ModelError if damaged."""
        try:
            packed = zlib.decompress(base64.b64decode(self.learnt, validate=True))
        except (binascii.Error, zlib.error) as error:
            raise ModelError(
                f"the card's set {self.name} is damaged ({error}); take the model's folder anew"
                " from where it came"
            ) from error
        if len(packed) != -(-self.count // 8):
            raise ModelError(
                f"the card's set {self.name} is damaged (it is not of {self.count:,} characters);"
                " take the model's folder anew from where it came"
            )
        found: NDArray[Any] = np.unpackbits(np.frombuffer(packed, np.uint8), count=self.count)
        return found.astype(np.bool_)
