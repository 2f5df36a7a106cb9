"""Every named network, trained by its own recipe: docs/models.md.

python benchmarks/models.py --models plain_cnn --seeds 0 1 2 [--out runs] [--data MNIST]
python benchmarks/models.py --table

Trains with `digitbatch train` what has no model in OUT/NAME-SEED yet, so that long trainings may be
done before and elsewhere. What is found there is measured and noted in docs/models.json, from which
docs/models.md is made; --table does the latter alone.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from digitbatch.networks.architectures import ARCHITECTURES, build
from digitbatch.training.recipes import RECIPES, recipe_of

if TYPE_CHECKING:
    from digitbatch.networks.card import Card
    from digitbatch.training.data import Labelled

DIGITS: Final = [name for name, known in ARCHITECTURES.items() if known.kind == "digit"]
DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
RECORDS: Final = DOCS / "models.json"
PAGE: Final = DOCS / "models.md"
CURVES: Final = DOCS / "images" / "two_layer_curves.png"
PUBLISHED: Final = {
    "fully_connected": "99.6% of its own training digits",
    "plain_cnn": "98.73% of the test digits",
}

Record = dict[str, Any]
"""One training, as docs/models.json has it. Accuracies are 0 to 1."""


def train(name: str, seed: int, folder: Path, data: Path) -> None:
    """Train a network as a user would."""
    print(f"{folder}: training {name} with seed {seed}", file=sys.stderr, flush=True)
    options = ["--model", name, "--seed", str(seed), "--data", str(data), "--out", str(folder)]
    command = [sys.executable, "-m", "digitbatch", "train", *options]
    subprocess.run(command, check=True)  # noqa: S603 - our own command


def measure(folder: Path, data: Path, hardware: str) -> Record:
    """Read a model's card and count what it reads of the test digits and of its own."""
    import numpy as np

    from digitbatch.networks.card import load_card
    from digitbatch.networks.onnx_runtime import OnnxPredictor
    from digitbatch.training.data import read_data
    from digitbatch.training.synthesis.mixture import split

    card = load_card(folder)
    recipe = recipe_of(card.architecture)
    own_recipe = json.loads(json.dumps(asdict(recipe)))
    # A card may be older than some of a recipe's numbers.
    if card.recipe != {name: own_recipe.get(name) for name in card.recipe}:
        sys.exit(f"{folder}: was trained by another recipe than {card.architecture}'s own")
    predictor = OnnxPredictor(folder)
    test = read_data([data], "test")
    missed = np.abs(predictor(test.crops).argmax(axis=1) - test.labels)
    rng = np.random.default_rng(card.seed)
    own, _ = split(read_data([data], "train"), recipe.validation_digits, rng)
    own_right = predictor(own.crops).argmax(axis=1) == own.labels
    return {
        "model": card.architecture,
        "seed": card.seed,
        "parameters": card.parameters,
        "test_accuracy": float((missed == 0).mean()),
        "test_within_one": float((missed <= 1).mean()),
        "own_accuracy": round(float(own_right.mean()), 6),
        "own_accuracy_with_dropout": with_dropout(card, folder, own),
        "training_s": round(card.metrics["training_s"], 1),
        "hardware": hardware,
        "torch_version": card.torch_version,
        "weights_sha256": card.weights_sha256,
    }


def with_dropout(card: "Card", folder: Path, digits: "Labelled") -> float | None:
    """Accuracy while dropout is on, as the log of a training counts it; None without dropout."""
    import torch
    from safetensors.torch import load_file

    from digitbatch.networks.card import WEIGHTS_FILE

    network = build(card.architecture).eval()
    dropouts = [part for part in network.modules() if isinstance(part, torch.nn.Dropout)]
    if not dropouts:
        return None
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    for part in dropouts:
        part.train()
    torch.manual_seed(card.seed)
    right = 0
    with torch.no_grad():
        for start in range(0, len(digits), 1000):
            crops = torch.from_numpy(digits.crops[start : start + 1000])
            found = network(crops[:, None] / 255).argmax(1).numpy()
            right += int((found == digits.labels[start : start + 1000]).sum())
    return round(right / len(digits), 6)


def this_machine() -> str:
    """What trains here, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0]}, {torch.get_num_threads()} of {len(names)} cores"


def note(record: Record) -> None:
    """Put a training into docs/models.json, in place of an older one of the same seed."""
    key = (record["model"], record["seed"])
    others = [other for other in read_records() if (other["model"], other["seed"]) != key]
    records = sorted([*others, record], key=lambda one: (DIGITS.index(one["model"]), one["seed"]))
    RECORDS.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8", newline="\n")


def read_records() -> list[Record]:
    """Every training that is noted, in the order of the table."""
    if not RECORDS.exists():
        return []
    records: list[Record] = json.loads(RECORDS.read_text(encoding="utf-8"))
    return records


def page(records: list[Record]) -> str:
    """All of docs/models.md."""
    runs = {name: [one for one in records if one["model"] == name] for name in DIGITS}
    rows = "\n".join(row(name, runs[name]) for name in DIGITS)
    lessons = "\n\n".join(lesson(name, runs[name]) for name in LESSONS if runs[name])
    sources = "\n".join(f"- `{name}`: {RECIPES[name].source}." for name in DIGITS)
    return f"""# Models

`digitbatch train --model NAME` trains each of these by its own recipe:

| name | network | parameters | published | test digits | its training digits | training | on |
| --- | --- | ---: | --- | --- | --- | ---: | --- |
{rows}

Figures of several seeds are means, with the lowest and the highest behind the test digits. Training is the time of the steps and of the validation after each epoch, for the fastest of the seeds, on a machine that did other work too. `python benchmarks/models.py` trains what has no model yet, measures it, and makes this page from [models.json](models.json).

What holds for all of them:

- They learn from MNIST's 60,000 training digits, but for 5,000 (the write-ups' networks: 6,000) that the seed chooses. Those tell after each epoch how well it goes, and fit the temperature. The 10,000 test digits are read once, at the end.
- Each digit is first brought to the frame of a run's crops (a box of 20 px, the centre of mass in the middle), by the code that centres those. MNIST's own frame is nearly that one.
- Pixels are 0 to 1. The first four learn the digits as they are, without augmentation and without drawn digits, and keep the weights of the last step. They do not know the class "other": its probability is 0, so a run takes every blot for a digit.

## What each teaches

{lessons}

## Recipes

{sources}
"""  # noqa: E501 - a paragraph of Markdown is one line


def row(name: str, runs: list[Record]) -> str:
    """One row of the table; where no training is noted, it is left open."""
    about, published = ARCHITECTURES[name].about, PUBLISHED.get(name, "")
    if not runs:
        size = sum(parameter.numel() for parameter in build(name).parameters())
        return f"| `{name}` | {about} | {size:,} | {published} | | | | |"
    test = [one["test_accuracy"] for one in runs]
    spread = f" ({min(test):.2%} to {max(test):.2%}, {len(runs)} seeds)" if len(runs) > 1 else ""
    where = "; ".join(sorted({one["hardware"] for one in runs}))
    return (
        f"| `{name}` | {about} | {runs[0]['parameters']:,} | {published}"
        f" | {mean(runs, 'test_accuracy'):.2%}{spread} | {mean(runs, 'own_accuracy'):.2%}"
        f" | {min(one['training_s'] for one in runs):,.0f} s | {where} |"
    )


def mean(runs: list[Record], key: str) -> float:
    """Over the seeds."""
    return statistics.fmean(one[key] for one in runs)


def lesson(name: str, runs: list[Record]) -> str:
    """One network's paragraph, with its figures put in."""
    figures = {key: mean(runs, key) for key, value in runs[0].items() if isinstance(value, float)}
    return LESSONS[name].format(**figures)


LESSONS: Final = {
    "linear_regression": (
        "**Linear regression** fails, and that is the lesson. It reads {test_accuracy:.0%} of the"
        " test digits, where guessing reads 10%, and comes within one of {test_within_one:.0%}."
        " It does no better on the digits that it learnt from ({own_accuracy:.0%}): the fault is in"
        " the question. A digit is a name, not an amount. To the squared error a 3 taken for an 8"
        " is far worse than a 3 taken for a 4, although the pen says the opposite; and whoever is"
        " in doubt between a 1 and a 7 does best to answer 4. So the answers crowd in the middle."
        " All the others answer with a probability for each class."
    ),
    "two_layer": (
        "**The two-layer network** is asked the right question and reads {test_accuracy:.1%} of the"
        " test digits, by the same pixels and in about as much time. It reads them nearly as well"
        " as those that it learnt from ({own_accuracy:.1%}), and its curves still rise at the end:"
        " it learnt nothing by heart, and was stopped before it had learnt what it could.\n\n"
        "![Loss and accuracy of the two-layer network by epoch](images/two_layer_curves.png)"
    ),
    "fully_connected": (
        "**The fully connected network** knows its training digits by heart ({own_accuracy:.2%})"
        " and reads {test_accuracy:.2%} of the test digits: the first figure says nothing about"
        " other digits. The published 99.6% is what such a training prints as it goes, while"
        " dropout still takes a fifth of the units away; counted that way ours reads"
        " {own_accuracy_with_dropout:.2%}. `epochs/` in its folder has the weights of each epoch."
    ),
    "plain_cnn": (
        "**The plain CNN** sees neighbouring pixels together, wherever they are, and reads"
        " {test_accuracy:.2%} with hardly more parameters than the fully connected network, after"
        " 5 epochs in place of 100. Its training digits ({own_accuracy:.2%}) and the test digits"
        " are still nearly the same to it."
    ),
    "cnn": (
        "**The default** is as small as the plain CNN and reads {test_accuracy:.2%}. What it has"
        " more is in its training: scans drawn anew for each epoch, other ways of writing, the"
        ' class "other", a schedule, and the average of its last weights.'
    ),
    "cnn_large": (
        "**The large CNN** reads {test_accuracy:.2%}, as the committee does, and takes many times"
        " as long for each crop as the default. Asked about what the committee doubts as well, it"
        " leaves one line in a thousand more right and none surer"
        " ([confidence.md](confidence.md#how-it-was-measured)): no run asks it."
    ),
}


def main() -> None:
    """Read the options, train and measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", nargs="+", choices=DIGITS, default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, help="MNIST; else $DIGITBATCH_DATA/data/mnist")
    parser.add_argument("--hardware", help="what trained the models that are already there")
    parser.add_argument("--table", action="store_true", help="only make the page anew")
    options = parser.parse_args()
    names = [] if options.table else options.models or DIGITS
    data = options.data
    if data is None and "DIGITBATCH_DATA" in os.environ:
        data = Path(os.environ["DIGITBATCH_DATA"]) / "data" / "mnist"
    if names and data is None:
        sys.exit("skipped: name MNIST's folder by --data, or that of all data by DIGITBATCH_DATA")
    for name in names:
        for seed in options.seeds:
            folder = options.out / f"{name}-{seed}"
            if not (folder / "card.json").exists():
                train(name, seed, folder, data)
            note(measure(folder, data, options.hardware or this_machine()))
            curves = folder / "curves.png"
            if name == "two_layer" and seed == options.seeds[0] and curves.exists():
                CURVES.parent.mkdir(exist_ok=True)
                shutil.copyfile(curves, CURVES)
    PAGE.write_text(page(read_records()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
