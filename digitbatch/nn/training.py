"""`digitbatch train`: from MNIST to a model folder. Imports torch.

One network is trained with AdamW under a one-cycle schedule (L. Smith, 2018); what is kept is the
moving average of its weights, with the batch statistics measured anew for the average. Digits for
validation are split off the training digits; the test digits are read once, at the end, for the
card.
"""

import copy
import importlib.metadata
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from digitbatch.nn.architectures import build
from digitbatch.nn.augmentation import Augmentation, augment
from digitbatch.nn.calibration import fit_temperature
from digitbatch.nn.card import Card
from digitbatch.nn.datasets import MNIST_CREDIT, Digits, load_mnist, mnist_folder
from digitbatch.nn.evaluation import evaluate_digits
from digitbatch.nn.export import check_out, check_same, save_model, to_onnx
from digitbatch.nn.mixture import Examples, mix, split
from digitbatch.nn.predictors import OnnxPredictor, TorchPredictor, torch_device
from digitbatch.stages.centre import CROP_FORMAT
from digitbatch.types import CLASSES, OTHER, Crops


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a network is trained, apart from the data and the seed."""

    epochs: int = 20
    batch: int = 256
    learning_rate: float = 4e-3  # at the peak of the cycle
    weight_decay: float = 0.02
    average_decay: float = 0.998  # of the moving average, per step
    validation_digits: int = 6000
    drawn_digits: int = 12000  # in other ways of writing, see `mixture`
    other_crops: int = 24000
    other_doubt: float = 0.85  # a crop of class "other" that is a digit with this probability ...
    other_doubt_from: float = 0.15  # ... does not count after this share of the steps
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands; `report` gets one every few steps and at the end of every epoch."""

    epoch: int  # from 1
    epochs: int
    step: int  # from 1, over all epochs
    steps: int
    loss: float  # mean over the epoch so far
    validation_accuracy: float | None  # 0 to 1, at the end of an epoch; else None
    left_s: float  # estimated


Report = Callable[[Progress], None]
_Tensors = tuple[Tensor, ...] | list[Tensor]


def train(
    data: Path | None,
    out: Path,
    *,
    model: str = "cnn",
    recipe: Recipe | None = None,
    seed: int = 0,
    device: str = "auto",
    report: Report | None = None,
) -> Card:
    """Train a network and write its model folder.

    The same data, seed, recipe and torch version give the same weights on a CPU with the same
    number of threads. Interrupted at any time, it leaves a model that was at `out` as it is.

    Args:
        data: Folder with MNIST's IDX files; None: downloaded to `~/.cache/digitbatch`.
        out: Folder of the model; an older model there is replaced at the end.
        model: A name of `architectures.ARCHITECTURES`.
        recipe: What to change of training; None: the default.
        seed: Decides the split, the drawn crops, the first weights, the order and the augmentation.
        device: "auto", "cpu" or "cuda".
        report: Called with the progress.

    Returns:
        The card, with accuracy and calibration error on the test digits where `data` has them.

    Raises:
        UsageError: Unknown model, `out` holds other things, data missing or damaged.
        DeviceError: "cuda" without a GPU.
        OutputError: The model cannot be written.
    """
    recipe = recipe or Recipe()
    check_out(out)
    folder = mnist_folder(data)
    digits = load_mnist(folder, "train")
    place = torch_device(device)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = build(model)
    kept, held = split(digits, min(recipe.validation_digits, len(digits) // 5), rng)
    examples = mix(kept, recipe.drawn_digits, recipe.other_crops, rng)
    start = time.perf_counter()
    network = fit(network, examples, held, recipe, seed=seed, device=place, report=report)
    trained_s = time.perf_counter() - start

    temperature = fit_temperature(*_calibration_logits(network, held, recipe, seed, place))
    onnx = to_onnx(network, temperature)
    runtime = OnnxPredictor.from_bytes(onnx)
    direct = TorchPredictor.from_network(network, temperature, place)
    check_same(runtime, direct, np.concatenate([held.crops[:2000], examples.crops[-2000:]]))
    unseen = mix(held, 2000, 4000, np.random.default_rng((seed, 1)))
    metrics = _metrics(runtime, held, unseen, trained_s)
    test = load_mnist(folder, "t10k")
    on_test = evaluate_digits(runtime, test)
    metrics |= {"test_accuracy": on_test.accuracy, "test_ece": on_test.ece}

    def make_card(weights_sha256: str, onnx_sha256: str) -> Card:
        return Card(
            architecture=model,
            crop_format=CROP_FORMAT,
            classes=CLASSES,
            temperature=temperature,
            training_data=(
                f"{len(kept)} of MNIST's training digits, {recipe.drawn_digits} digits drawn from"
                f' stroke models, {recipe.other_crops} crops of class "other" made of both'
            ),
            credit=MNIST_CREDIT,
            seed=seed,
            recipe=asdict(recipe),
            metrics={name: round(value, 6) for name, value in metrics.items()},
            parameters=sum(p.numel() for p in network.parameters()),
            weights_sha256=weights_sha256,
            onnx_sha256=onnx_sha256,
            torch_version=torch.__version__.split("+")[0],
            digitbatch_version=_version(),
        )

    return save_model(network, make_card, onnx, out)


def _version() -> str:
    try:
        return importlib.metadata.version("digitbatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"  # run from a checkout that is not installed


def fit(
    network: nn.Module,
    examples: Examples,
    held: Digits,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    report: Report | None = None,
) -> nn.Module:
    """Train a network; data and augmentation live on the device.

    Args:
        network: Takes (N, 1, 28, 28) float32, gives (N, 11) logits; is trained in place.
        examples: What to learn.
        held: Digits to validate on after every epoch.
        recipe: How to learn it.
        seed: Of order and augmentation.
        device: Where.
        report: Called every 20 steps and after every epoch.

    Returns:
        The moving average of the network, on the CPU, in evaluation mode.
    """
    crops, labels = _to(examples.crops, device), torch.from_numpy(examples.labels).to(device)
    network.to(device).to(memory_format=torch.channels_last)
    generator = torch.Generator(device).manual_seed(seed)
    per_epoch = max(1, len(crops) // recipe.batch)
    steps = recipe.epochs * per_epoch
    optimizer = torch.optim.AdamW(
        network.parameters(),
        recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2
    )
    average = AveragedModel(network, multi_avg_fn=_moving_average(recipe.average_decay))
    began, step = time.perf_counter(), 0
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        order = torch.randperm(len(crops), generator=generator, device=device)
        losses = torch.zeros((), device=device)
        for number in range(1, per_epoch + 1):
            chosen = order[(number - 1) * recipe.batch : number * recipe.batch]
            batch = _batch(crops[chosen], recipe.augmentation, generator)
            doubt = step >= recipe.other_doubt_from * steps
            loss = _loss(network(batch), labels[chosen], recipe.other_doubt if doubt else 1.0)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            losses += loss.detach()
            step += 1
            if report and (number % 20 == 0 or number == per_epoch):
                accuracy = None
                if number == per_epoch:
                    _measure_statistics(average.module, crops, recipe, seed)
                    accuracy = _accuracy(average.module, held, device)
                left_s = (time.perf_counter() - began) / step * (steps - step)
                mean = float(losses) / number
                report(Progress(epoch, recipe.epochs, step, steps, mean, accuracy, left_s))
    _measure_statistics(average.module, crops, recipe, seed)
    return copy.deepcopy(average.module).cpu().to(memory_format=torch.contiguous_format).eval()


def _loss(logits: Tensor, labels: Tensor, doubt: float) -> Tensor:
    """Cross-entropy without the crops of class "other" that look like a digit."""
    losses = functional.cross_entropy(logits, labels, reduction="none")
    if doubt >= 1:
        return losses.mean()
    with torch.no_grad():
        digit_likely = logits.softmax(1)[:, :OTHER].amax(1)
        counts = ~((labels == OTHER) & (digit_likely > doubt))
    return (losses * counts).mean()


def _moving_average(
    decay: float,
) -> Callable[[_Tensors, _Tensors, Tensor | int], None]:
    """An average that forgets its beginning: it looks back n/10 of n steps, at most 1/(1-decay)."""

    @torch.no_grad()
    def update(averages: _Tensors, values: _Tensors, count: Tensor | int) -> None:
        seen = int(count)
        weight = 1 - min(decay, (1 + seen) / (10 + seen))
        torch._foreach_lerp_(list(averages), list(values), weight)

    return update


@torch.no_grad()
def _measure_statistics(network: nn.Module, crops: Tensor, recipe: Recipe, seed: int) -> None:
    """Measure the statistics of batch normalisation: averaged weights see other activations.

    See P. Izmailov et al., Averaging Weights Leads to Wider Optima, UAI 2018.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    generator = torch.Generator(crops.device).manual_seed(seed)
    network.train()
    for _ in range(min(40, 1 + len(crops) // recipe.batch)):
        chosen = torch.randint(
            len(crops), (recipe.batch,), generator=generator, device=crops.device
        )
        network(_batch(crops[chosen], recipe.augmentation, generator))
    network.eval()


@torch.no_grad()
def _calibration_logits(
    network: nn.Module, held: Digits, recipe: Recipe, seed: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits of the validation digits, once as they are and once as scans might have them."""
    network = copy.deepcopy(network).to(device).eval()
    generator = torch.Generator(device).manual_seed(seed)
    logits = []
    for chunk in torch.split(_to(held.crops, device), 1000):
        plain = chunk.unsqueeze(1).to(torch.float32) / 255
        logits.append(
            torch.cat([network(plain), network(augment(plain, recipe.augmentation, generator))], 1)
        )
    both = torch.cat(logits).cpu().numpy()
    return np.concatenate([both[:, : len(CLASSES)], both[:, len(CLASSES) :]]), np.tile(
        held.labels, 2
    )


@torch.no_grad()
def _accuracy(network: nn.Module, digits: Digits, device: torch.device) -> float:
    found = [
        network(chunk.unsqueeze(1).to(torch.float32) / 255).argmax(1)
        for chunk in torch.split(_to(digits.crops, device), 1000)
    ]
    return float((torch.cat(found).cpu().numpy() == digits.labels).mean())


def _metrics(
    predictor: OnnxPredictor, held: Digits, unseen: Examples, trained_s: float
) -> dict[str, float]:
    on_held = evaluate_digits(predictor, held)
    found = predictor(unseen.crops).argmax(axis=1)
    drawn = slice(len(held), int(np.flatnonzero(unseen.labels == OTHER)[0]))
    return {
        "validation_accuracy": on_held.accuracy,
        "validation_ece": on_held.ece,
        "drawn_accuracy": float((found[drawn] == unseen.labels[drawn]).mean()),
        "other_found": float((found[unseen.labels == OTHER] == OTHER).mean()),
        "training_s": trained_s,
    }


def _batch(crops: Tensor, recipe: Augmentation, generator: torch.Generator) -> Tensor:
    scaled = crops.unsqueeze(1).to(torch.float32) / 255
    return augment(scaled, recipe, generator).contiguous(memory_format=torch.channels_last)


def _to(crops: Crops, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crops)).to(device)
