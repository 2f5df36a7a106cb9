"""`digitbatch train`: from labelled digits to the folder of a model. Imports torch.

Digits for validation and for the temperature are split off the training digits; test digits are
read once, at the end, for the card.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn, Self

import torch
from safetensors.torch import save
from torch import Tensor

from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.architectures import build
from digitbatch.networks.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, Card
from digitbatch.networks.devices import torch_device
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.training.data import Labelled, contact_sheet
from digitbatch.training.data.read import Places, absolute_places, read_training_data
from digitbatch.training.evaluation.pictures import curves_png
from digitbatch.training.export import ModelTask, make_card
from digitbatch.training.learnt import learnt_by
from digitbatch.training.recipes import AnyRecipe, DigitRecipe, InkRecipe, LineRecipe, recipe_of
from digitbatch.training.run_folder import (
    CHECKPOINT_FILE,
    UNFINISHED,
    Checkpoint,
    Machine,
    RunFolder,
    Settings,
    check_out,
    load_checkpoint,
    load_initial_weights,
    save_checkpoint,
)
from digitbatch.training.tasks.digits import DigitTask
from digitbatch.training.tasks.ink import InkTask
from digitbatch.training.tasks.lines import LineTask
from digitbatch.training.trainer import Progress, Report, Trainer

_SAME_S: Final = 1.0  # `timeout` and others signal a process and its group: that is one stop

log = logging.getLogger(__name__)


class Interruption:
    """Notes the first SIGINT or SIGTERM; one that comes later acts at once, as without this.

    Only the main thread can take signals; in another one nothing changes.
    """

    def __init__(self) -> None:
        self.number: int | None = None  # the signal that came
        self._before: dict[int, Any] = {}
        self._came_s = 0.0

    def came(self) -> bool:
        """Whether somebody asked to stop."""
        return self.number is not None

    def act(self, message: str) -> NoReturn:
        """End as the signal would have, now that all is in order; after `kill` it is logged."""
        if self.number == signal.SIGTERM:
            log.error("%s", message)
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt(message)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if before in (signal.SIG_IGN, None):  # in the background of a shell, or not ours
                    continue
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.number is None:
            self.number, self._came_s = number, time.monotonic()
        elif time.monotonic() - self._came_s > _SAME_S:
            self._restore()
            signal.raise_signal(number)

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())


TASKS: Final[dict[type[AnyRecipe], Callable[..., ModelTask[Any]]]] = {
    DigitRecipe: DigitTask.prepared,
    LineRecipe: LineTask,
    InkRecipe: InkTask,
}
"""What a recipe is for; each takes the recipe, the digits, the seed and the device."""

_SAVE_EVERY_S: Final = 10.0  # on a GPU an epoch may take less time than writing it down


def train(
    data: Places | None,
    out: Path,
    *,
    model: str = "cnn",
    recipe: AnyRecipe | None = None,
    seed: int = 0,
    start: Path | None = None,
    device: str = "auto",
    report: Report | None = None,
) -> Card:
    """Train a network and write its model folder.

    The same data, seed, recipe and torch version give the same weights on a CPU of the same kind
    with the same number of threads. Stopped at any time, it leaves a model that was at `out` as it
    is, and beside it what `resume` continues.

    Args:
        data: What to read, one place or several: see `data.read_sets`. None: MNIST, downloaded
            to `~/.cache/digitbatch`.
        out: Folder of the model; an older model there is replaced at the end.
        model: A name of `networks.architectures.ARCHITECTURES`.
        recipe: How to train; None: the recipe that belongs to the architecture.
        seed: Decides the split, the drawn crops, the first weights, the order and the augmentation.
        start: A model of the same architecture, to fine-tune; None: the first weights are drawn.
        device: "auto", "cpu" or "cuda".
        report: Called with the progress.

    Returns:
        The card, with accuracy and calibration error on the test digits where `data` has them.

    Raises:
        UsageError: Unknown model, `out` holds other things, data or `start` missing or damaged.
        ModelError: `start` does not fit the architecture.
        DeviceError: "cuda" without a GPU.
        OutputError: The folder cannot be written.
        KeyboardInterrupt: Ctrl-C; the message says how to continue.
    """
    recipe = recipe or recipe_of(model)
    check_out(out)
    if start is not None:
        recipe = recipe.for_fine_tuning(load_initial_weights(build(model), start))
    settings = Settings(absolute_places(data), model, recipe, seed)
    return _Run(settings, out, device, report, start=start).go()


def resume(out: Path, *, device: str = "auto", report: Report | None = None) -> Card:
    """Continue a training that was stopped, with its own data, recipe and seed.

    On a CPU of the same kind, with the same number of threads, the model is the one that the
    training would have left without a stop.

    Raises:
        UsageError: There is nothing to resume, or its data are missing or have changed.
        ModelError: The checkpoint is damaged, or of another version of digitbatch.
        DeviceError, OutputError, KeyboardInterrupt: As `train`.
    """
    path = out / UNFINISHED / CHECKPOINT_FILE
    if not path.exists() and (out / CARD_FILE).exists():
        raise UsageError(f"{out}: holds a model that is finished; there is nothing to resume")
    checkpoint, state = load_checkpoint(path)
    return _Run(checkpoint.settings, out, device, report, stopped=(checkpoint, state)).go()


def begin(
    model: str, recipe: AnyRecipe, digits: Labelled, seed: int, device: torch.device,
    start: Path | None = None,
) -> tuple[ModelTask[Any], Trainer[Any]]:  # fmt: skip
    """Prepare all that a training needs before its first step; arguments are those of `train`.

    Raises:
        UsageError: If no network has this name, or the data lack what the task needs.
        ModelError: If the first weights do not fit.
    """
    task = TASKS[type(recipe)](recipe, digits, seed, device)
    torch.manual_seed(seed)
    network = build(model)
    if start is not None:
        load_initial_weights(network, start)
    return task, Trainer(network, task, device)


class _Run:
    """One process's part in a training."""

    def __init__(
        self,
        settings: Settings,
        out: Path,
        device: str,
        report: Report | None,
        *,
        start: Path | None = None,
        stopped: tuple[Checkpoint, dict[str, Tensor]] | None = None,
    ) -> None:
        self._settings, self._report = settings, report
        self._device, recipe = torch_device(device), settings.recipe
        self._data = read_training_data(
            settings.data, knows_other=recipe.knows_other, knows_letters=recipe.knows_letters
        )
        self._folder = RunFolder(out, resumed=stopped is not None)
        if start is not None:
            self._folder.keep_start(start)
        self._introduce()
        self._task, self._trainer = begin(
            settings.model, recipe, self._data.crops, settings.seed, self._device, start
        )
        if stopped:
            self._restore(*stopped)
        self._saved_s = 0.0  # training time at the last checkpoint

    def go(self) -> Card:
        """Train, and write the model."""
        try:
            self._fit()
            return self._finish()
        except KeyboardInterrupt as error:  # also a second one, and one while the model is made
            if error.args or not self._folder.checkpoint.exists():
                raise
            raise KeyboardInterrupt(self._how_to_continue()) from error

    def _fit(self) -> None:
        with Interruption() as interruption:
            self._trainer.run(
                report=self._take_note, stop=interruption.came, after_epoch=self._after_epoch
            )
            self._save()
        if interruption.came():
            self._folder.note("stopped")
            interruption.act(self._how_to_continue())

    def _finish(self) -> Card:
        """Calibrate, export and measure the network, and replace the model in the run's folder."""
        folder, standing, task = self._folder, self._trainer.standing, self._task
        network = self._trainer.network()
        found = task.export(network, self._data.test)
        folder.note(f"the export differs from the network by {found.difference:.2g} at most")
        weights = save({name: value.contiguous() for name, value in network.state_dict().items()})
        metrics = {**found.figures, "training_s": standing.taken_s}
        before = self._learnt_before()
        card = make_card(task, found, weights, self._settings, self._data, metrics, before)
        for name, value in sorted(metrics.items()):
            folder.note(f"{name}: {value:g}")
        curves = curves_png(standing.history, f"validation {task.validated_on}")
        files = {WEIGHTS_FILE: weights, ONNX_FILE: found.onnx, "curves.png": curves}
        folder.finish(card, {**files, **found.pictures})
        return card

    def _learnt_before(self) -> tuple[LearntSet, ...] | None:
        """What the network that this one began as had learnt; None: nobody knows."""
        if self._settings.recipe.initial_weights is None:
            return ()
        card = self._folder.start_card()
        return (learnt_by(card) or None) if card else None

    def _how_to_continue(self) -> str:
        done, epochs = len(self._trainer.standing.history), self._trainer.epochs
        return (
            f"training was stopped after {done} of {epochs} epochs;"
            f" `{self._folder.resume_command}` continues it"
        )

    def _introduce(self) -> None:
        settings, folder = self._settings, self._folder
        for line in self._data.summary():
            folder.say(line)
        sheet = folder.save_contact_sheet(contact_sheet(self._data.crops, seed=settings.seed))
        folder.say(f"examples of them are in {sheet}")
        folder.note(f"{settings.model}, seed {settings.seed}, on {self._device}: {settings.recipe}")

    def _restore(self, checkpoint: Checkpoint, state: dict[str, Tensor]) -> None:
        if checkpoint.examples_sha256 != self._task.examples_sha256:
            raise UsageError(
                f"{', '.join(self._settings.data)}: is not what the training began with, or another"
                " version of digitbatch made more of it; put it back, or start anew without"
                " --resume"
            )
        here = Machine.here(self._device)
        if checkpoint.machine != here:
            log.warning(
                "the training began with %s and goes on with %s: the result is not the one that it"
                " would have had without a stop",
                checkpoint.machine, here,
            )  # fmt: skip
        try:
            self._trainer.restore(checkpoint.standing, state)
        except (KeyError, RuntimeError) as error:
            raise ModelError(
                f"{self._folder.checkpoint}: does not fit the network {self._settings.model!r}"
                f" ({error}); start the training anew, without --resume"
            ) from error
        self._folder.say(f"resumed after step {checkpoint.standing.step:,}")

    def _take_note(self, now: Progress) -> None:
        if now.validation_accuracy is not None:
            self._folder.note(str(now))
        if self._report:
            self._report(now)

    def _after_epoch(self) -> None:
        standing = self._trainer.standing
        if self._settings.recipe.keep_epochs:
            self._folder.save_epoch(len(standing.history), self._trainer.weights())
        if standing.taken_s - self._saved_s >= _SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        standing = self._trainer.standing
        here, learnt = Machine.here(self._device), self._task.examples_sha256
        checkpoint = Checkpoint(self._settings, standing, here, learnt)
        save_checkpoint(self._folder.checkpoint, checkpoint, self._trainer.state())
        self._saved_s = standing.taken_s
