"""What `digitbatch models`, `promote` and `rollback` do."""

from pathlib import Path

from digitbatch.cli.console import set_up_logging
from digitbatch.errors import ModelError
from digitbatch.networks.card import Card, Kind, load_card, model_hash, second_model
from digitbatch.networks.registry import Known, known_models, rollback
from digitbatch.networks.registry import rollback_command as goes_back


def list_command() -> None:
    """Print the cards of the models that are packaged or kept."""
    kinds: tuple[Kind, ...] = ("digit", "line")
    known = [one for kind in kinds for one in known_models(kind)]
    print(*("\n".join(_lines(one)) for one in known), sep="\n\n")


def promote_command(folder: Path, gate: Path) -> None:
    """Make a model the default for runs, and say by how much it is better."""
    from digitbatch.training.promotion import promote

    set_up_logging("normal")
    done = promote(folder, gate)
    if done is None:
        print(f"{folder} is what runs use already: nothing was changed")
    else:
        print(f"{folder} is promoted: {done.comparison}")
        print(f"runs now use {done.folder}; `{goes_back(done.kind)}` goes back")


def rollback_command(kind: Kind) -> None:
    """Go back by one promotion of a kind."""
    set_up_logging("normal")
    print(f"runs now use {rollback(kind)}")


def _lines(known: Known) -> list[str]:
    """The card of a model, for people."""
    try:
        card = load_card(known.folder, None)
        name = model_hash(known.folder, card.kind)
        second = second_model(known.folder)
        looks = [] if second is None else [_second_line(load_card(second, card.kind))]
    except ModelError as error:
        return [f"unusable  {_role(known)}", f"  {error}"]
    metrics = ", ".join(f"{name} {value:g}" for name, value in sorted(card.metrics.items()))
    return [
        f"{name[:12]}  {_role(known)}",
        f"  weights  sha256 {name}",
        f"  network  {card.architecture}, {card.parameters:,} parameters, reads {card.reads}",
        *looks,
        f"  trained  on {card.training_data} (seed {card.seed}, digitbatch"
        f" {card.digitbatch_version}, torch {card.torch_version})",
        f"  credit   {card.credit}",
        f"  metrics  {metrics}",
        f"  folder   {known.folder}",
    ]


def _second_line(card: Card) -> str:
    return f"  second   {card.architecture}, {card.parameters:,} parameters, where that is in doubt"


def _role(known: Known) -> str:
    """What runs and rollbacks have to do with a model."""
    if known.steps_back is None:
        return "kept; rolled back"
    role = (
        f"promoted {known.promoted_at.astimezone():%Y-%m-%d %H:%M}"
        if known.promoted_at
        else "packaged"
    )
    if known.steps_back == 0:
        return f"{role}; the default for runs"
    steps = "1 rollback" if known.steps_back == 1 else f"{known.steps_back} rollbacks"
    return f"{role}; {steps} back"
