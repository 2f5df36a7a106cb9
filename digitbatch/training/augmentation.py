"""What scanning and other hands do to a digit, in batches on the device that trains.

Every function takes and gives (n, 1, 28, 28) float32, ink up to 1 on 0. Shares are fractions of the
batch that an effect touches; all chance comes from one generator, so a seed gives the same batches.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from digitbatch.types import CROP_SIZE_PX

_FIRST, _LAST = 4, CROP_SIZE_PX - 4  # the 20 px box that holds a centred digit
_INK = 0.25


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strength of each effect. Lengths are in pixels of the 28x28 crop."""

    rotation_deg: float = 9.0
    shear: float = 0.2  # sideways shift per height, to both sides
    scale: float = 0.1  # of the whole digit, up and down
    aspect: float = 0.12  # width against height
    stretch_share: float = 0.12  # towards filling the box both ways, wholly for half of them
    shift_px: float = 1.0
    elastic_px: float = 0.5  # standard deviation of the displacement at the knots of a 6x6 grid
    cut_share: float = 0.04
    cut_px: int = 2  # rows or columns lost at one side of the digit, at most
    line_share: float = 0.04  # rests of ruled lines and boxes beside or through the digit's rim
    thick_share: float = 0.15
    thin_share: float = 0.20
    blur_share: float = 0.10
    low_resolution_share: float = 0.10
    low_resolution_px: int = 11  # the crop's smallest size: a digit of 8 px
    jpeg_share: float = 0.10
    jpeg_strength: float = 0.10  # quantisation step of the 8x8 blocks' frequencies
    noise_share: float = 0.10
    noise: float = 0.18  # standard deviation beside and in the ink
    threshold_share: float = 0.15  # two-valued scans: steep contrast at a level drawn by chance
    gain: float = 0.3  # faint and strong ink


def augment(crops: Tensor, recipe: Augmentation, generator: torch.Generator) -> Tensor:
    """Give each crop other looks; what it shows stays what it is, and so does `crops`."""
    chance = _Chance(len(crops), crops.device, generator)
    crops = crops.clone()
    _on_some(crops, chance, recipe.cut_share, lambda x, c: _cut(x, c, recipe.cut_px))
    _on_some(crops, chance, recipe.line_share, _add_line)
    crops = _warp(crops, chance, recipe)
    chosen = chance.order()  # no crop is made both thick and thin
    thick, thin = round(recipe.thick_share * chance.n), round(recipe.thin_share * chance.n)
    _on_these(crops, chance, chosen[:thick], _thicken)
    _on_these(crops, chance, chosen[thick : thick + thin], _thin)
    _on_some(crops, chance, recipe.blur_share, _blur)
    least_px = recipe.low_resolution_px
    _on_some(crops, chance, recipe.low_resolution_share, lambda x, c: _shrink(x, c, least_px))
    _on_some(crops, chance, recipe.noise_share, lambda x, c: _add_noise(x, c, recipe.noise))
    _on_some(crops, chance, recipe.threshold_share, _threshold)
    _on_some(crops, chance, recipe.jpeg_share, lambda x, c: _jpeg(x, c, recipe.jpeg_strength))
    return (crops * chance.between(1 - recipe.gain, 1 + recipe.gain)).clamp_(0, 1)


class _Chance:
    """Random numbers for n crops; the shapes broadcast against (n, 1, 28, 28)."""

    def __init__(self, n: int, device: torch.device, generator: torch.Generator) -> None:
        self.n, self.device, self.generator = n, device, generator

    def between(self, low: float, high: float) -> Tensor:
        """(n, 1, 1, 1) evenly spread from low to high."""
        unit = torch.rand(self.n, 1, 1, 1, device=self.device, generator=self.generator)
        return unit * (high - low) + low

    def coin(self) -> Tensor:
        """(n, 1, 1, 1) True or False."""
        return self.between(0, 1) < 0.5

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.n, *shape, device=self.device, generator=self.generator)

    def order(self) -> Tensor:
        return torch.randperm(self.n, device=self.device, generator=self.generator)

    def for_some(self, count: int) -> "_Chance":
        return _Chance(count, self.device, self.generator)


_Effect = Callable[[Tensor, _Chance], Tensor]


def _on_some(crops: Tensor, chance: _Chance, share: float, effect: _Effect) -> None:
    """Replace a share of the crops in place; the count is fixed, so a GPU need not report back."""
    _on_these(crops, chance, chance.order()[: round(share * chance.n)], effect)


def _on_these(crops: Tensor, chance: _Chance, chosen: Tensor, effect: _Effect) -> None:
    if len(chosen):
        crops[chosen] = effect(crops[chosen], chance.for_some(len(chosen)))


def _warp(crops: Tensor, chance: _Chance, recipe: Augmentation) -> Tensor:
    """Affine and elastic together, sampled once (P. Simard et al., ICDAR 2003, for the latter)."""
    n, half = len(crops), CROP_SIZE_PX / 2
    turn = math.radians(recipe.rotation_deg)
    filled = chance.between(0, 2).clamp(max=1) * (chance.between(0, 1) < recipe.stretch_share)
    filled = filled.flatten()  # 0 to 1, how far each is stretched
    upright = 1 - 0.7 * filled  # what fills a frame was slanted before, if at all
    angle = chance.between(-turn, turn).flatten() * upright
    shear = chance.between(-recipe.shear, recipe.shear).flatten() * upright
    size = chance.between(-recipe.scale, recipe.scale).flatten().exp()
    aspect = chance.between(-recipe.aspect, recipe.aspect).flatten().exp()
    sine, cosine = angle.sin(), angle.cos()
    shift = (chance.normal(2) * recipe.shift_px / 2).clamp(-recipe.shift_px, recipe.shift_px)
    # Rows of the matrix that takes a place in the new crop to one in the old, both -1 to 1.
    across = torch.stack([cosine, shear * cosine - sine], 1) * (size * aspect)[:, None]
    down = torch.stack([sine, shear * sine + cosine], 1) * (size / aspect)[:, None]
    rows = torch.stack([across, down], 1) * (_fill(crops) ** filled[:, None])[:, :, None]
    matrix = torch.cat([rows, (shift / half)[:, :, None]], 2)
    grid = functional.affine_grid(matrix, [n, 1, CROP_SIZE_PX, CROP_SIZE_PX], align_corners=False)
    knots = chance.normal(2, 6, 6) * (recipe.elastic_px / half)
    bend = functional.interpolate(knots, CROP_SIZE_PX, mode="bicubic", align_corners=False)
    return functional.grid_sample(crops, grid + bend.permute(0, 2, 3, 1), align_corners=False)


def _fill(crops: Tensor) -> Tensor:
    """The zoom from the new crop to the old, across and down, that fills the box, (n, 2).

    Zooming about the middle keeps the centre of mass there.
    """
    ink = crops[:, 0] > _INK
    place = torch.arange(CROP_SIZE_PX, device=crops.device)
    sides = []
    for there in (ink.any(1), ink.any(2)):  # columns, rows
        last = torch.where(there, place, 0).amax(1)
        first = torch.where(there, place, CROP_SIZE_PX - 1).amin(1)
        sides.append((last - first + 1).clamp(1, _LAST - _FIRST) / (_LAST - _FIRST))
    return torch.stack(sides, 1)


def _cut(crops: Tensor, chance: _Chance, most_px: int) -> Tensor:
    """Lose some rows or columns at one of the four sides of the digit's box."""
    place = torch.arange(CROP_SIZE_PX, device=crops.device)
    lost = chance.between(1, most_px + 1).floor()
    kept = torch.where(chance.coin(), place >= _FIRST + lost, place < _LAST - lost)  # (n, 1, 1, 28)
    return crops * torch.where(chance.coin(), kept, kept.transpose(2, 3))


def _add_line(crops: Tensor, chance: _Chance) -> Tensor:
    """A rest of a rule or of a printed box at the rim of the digit."""
    place = torch.arange(CROP_SIZE_PX, device=crops.device)
    depth = chance.between(0, _FIRST + 1)
    middle = torch.where(chance.coin(), depth, CROP_SIZE_PX - 1 - depth)
    profile = (chance.between(0.7, 1.6) - (place - middle).abs()).clamp(0, 1)  # (n, 1, 1, 28)
    start = chance.between(-10, 14)
    along = (place >= start) & (place < start + chance.between(8, 32))
    line = profile * along.transpose(2, 3) * chance.between(0.4, 1)
    return torch.maximum(crops, torch.where(chance.coin(), line, line.transpose(2, 3)))


def _largest(crops: Tensor) -> Tensor:
    return functional.max_pool2d(crops, 3, 1, 1)


def _smallest(crops: Tensor) -> Tensor:
    return -functional.max_pool2d(-crops, 3, 1, 1)


def _smallest_in_cross(crops: Tensor) -> Tensor:
    flat = -functional.max_pool2d(-crops, (1, 3), 1, (0, 1))
    return torch.minimum(flat, -functional.max_pool2d(-crops, (3, 1), 1, (1, 0)))


def _thicken(crops: Tensor, chance: _Chance) -> Tensor:
    """A felt pen: up to one pixel more on each side, for a quarter of the crops more."""
    thick = crops + (_largest(crops) - crops) * chance.between(0.2, 1)
    twice = thick + (_largest(thick) - thick) * chance.between(0, 0.6)
    return torch.where(chance.between(0, 1) < 0.25, twice, thick)


def _thin(crops: Tensor, chance: _Chance) -> Tensor:
    """A fine pen: strokes lose their rims but never their middle, down to one pixel.

    What an opening would remove is the ridge of the strokes, which stays (the soft skeleton of
    S. Shit et al., clDice, CVPR 2021).
    """
    once = _without_rim(crops)
    twice = _without_rim(once)
    thin = torch.where(chance.coin(), twice, once)
    return crops + (thin - crops) * chance.between(0.4, 1)


def _without_rim(crops: Tensor) -> Tensor:
    inner = _smallest_in_cross(crops)
    ridge = (crops - _largest(inner)).clamp(min=0)
    return torch.maximum(inner, ridge)


def _blur(crops: Tensor, chance: _Chance) -> Tensor:
    blurred = functional.avg_pool2d(crops, 3, 1, 1)
    wide = functional.avg_pool2d(blurred, 3, 1, 1)
    blurred = torch.where(chance.coin(), blurred, wide)
    return crops + (blurred - crops) * chance.between(0.3, 1)


def _shrink(crops: Tensor, chance: _Chance, least_px: int) -> Tensor:
    """Scan coarsely and enlarge again: a digit of few pixels, as photographs have them."""
    sizes = CROP_SIZE_PX - least_px
    parts = []
    for part in crops.chunk(4):  # four resolutions a batch
        chosen = torch.rand((), generator=chance.generator, device=crops.device)
        size = least_px + int(chosen.item() * sizes * 0.75)
        small = functional.interpolate(part, size, mode="area")
        large = functional.interpolate(small, CROP_SIZE_PX, mode="bilinear", align_corners=False)
        parts.append(large)
    shrunk = torch.cat(parts)
    # The run cuts from grey levels that reach full ink; enlarging must not fade thin pens.
    return (shrunk * (1 + chance.between(0, 0.6))).clamp(0, 1)


def _add_noise(crops: Tensor, chance: _Chance, strength: float) -> Tensor:
    """Grain in the ink and at its rim, some of it coarse; the paper is clean after thresholding."""
    fine = chance.normal(1, CROP_SIZE_PX, CROP_SIZE_PX)
    grain = torch.where(chance.coin(), fine, functional.avg_pool2d(fine, 3, 1, 1) * 2)
    near = functional.avg_pool2d(crops, 3, 1, 1).clamp(max=0.5) * 2
    return (crops + grain * near * chance.between(0.2, 1) * strength).clamp(0, 1)


def _threshold(crops: Tensor, chance: _Chance) -> Tensor:
    return ((crops - chance.between(0.2, 0.55)) * chance.between(2, 12) + 0.5).clamp(0, 1)


def _jpeg(crops: Tensor, chance: _Chance, strength: float) -> Tensor:
    """Quantise the frequencies of 8x8 blocks, high ones more coarsely, as JPEG does."""
    step, block = torch.arange(8, device=crops.device, dtype=crops.dtype), 8
    cosines = torch.cos((2 * step[None, :] + 1) * step[:, None] * math.pi / 16) / 2
    cosines[0] /= math.sqrt(2)
    size = math.ceil(CROP_SIZE_PX / block) * block
    blocks = functional.pad(crops, [0, size - CROP_SIZE_PX] * 2)
    count = size // block
    blocks = blocks.reshape(-1, 1, count, block, count, block).transpose(3, 4)
    quantum = (1 + step[:, None] + step[None, :]) * strength
    quantum = quantum * chance.between(0.3, 1)[..., None, None]
    frequencies = torch.round(cosines @ blocks @ cosines.T / quantum) * quantum
    blocks = cosines.T @ frequencies @ cosines
    whole = blocks.transpose(3, 4).reshape(-1, 1, size, size)
    return whole[..., :CROP_SIZE_PX, :CROP_SIZE_PX].clamp(0, 1)
