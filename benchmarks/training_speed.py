"""How long it takes to train a network, with the data in memory: docs/performance.md.

python benchmarks/training_speed.py --data MNIST [--model quick] [--seeds 0 1 2] [--device auto]

What counts are the steps of training and the validation after each epoch. Reading and framing the
digits, drawing more, exporting the model and reading the test digits do not; on a GPU, neither does
starting it. Processor time says how much work it was where other programs take part of the cores.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from digitbatch.networks.devices import torch_device
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.training.data import Labelled, read_data
from digitbatch.training.recipes import DigitRecipe, recipe_of
from digitbatch.training.train import begin


def warm_up(model: str, recipe: DigitRecipe, digits: Labelled, device: torch.device) -> None:
    """Start the device: two steps of the same network."""
    few = digits.take(np.arange(min(len(digits), 2000)))
    short = replace(recipe, steps=2, drawn_digits=0, ruled_digits=0, other_crops=0, scans=0)
    begin(model, short, few, 0, device)[1].run()


def main() -> None:
    """Train with each seed, and print time and accuracy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="MNIST's folder")
    parser.add_argument("--model", default="quick")
    parser.add_argument("--epochs", type=int, help="in place of the recipe's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    options = parser.parse_args()

    device = torch_device(options.device)
    recipe = recipe_of(options.model)
    if not isinstance(recipe, DigitRecipe):
        parser.error(f"{options.model} does not read single digits")
    if options.epochs:
        recipe = recipe.for_epochs(options.epochs)
    digits, test = read_data([options.data], "train"), read_data([options.data], "test")
    warm_up(options.model, recipe, digits, device)
    where = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(
        f"{options.model} on {where}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    for seed in options.seeds:
        _, trainer = begin(options.model, recipe, digits, seed, device)
        start, work = time.perf_counter(), time.process_time()
        trainer.run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        taken_s, work_s = time.perf_counter() - start, time.process_time() - work
        answers = TorchPredictor.from_network(trainer.network(), 1.0, device)(test.crops)
        accuracy = (answers.argmax(axis=1) == test.labels).mean()
        print(
            f"seed {seed}: {taken_s:.1f} s ({work_s:.1f} s of processor time),"
            f" {accuracy:.2%} of {len(test):,} test digits",
            flush=True,
        )


if __name__ == "__main__":
    main()
