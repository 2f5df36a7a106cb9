"""What a run goes by: its configuration, the models that it asks, and how sure is sure enough."""

import json
import logging
import os
from pathlib import Path
from typing import Any, Final

from digitbatch.acceptance.calibration import CALIBRATION_FILE, Judge, load_calibration
from digitbatch.config import Config
from digitbatch.config.contradictions import hopeless_zones
from digitbatch.config.file import find_config
from digitbatch.engine.recipe import PageReading
from digitbatch.networks.card import Kind, load_card, model_hash
from digitbatch.networks.registry import chosen_model, promoted_model
from digitbatch.packaged import default_model

_MOST_VALUES: Final = 100  # of a zone's list, that a journal keeps

StrPath = str | os.PathLike[str]

log = logging.getLogger(__name__)


def load_plan(config: StrPath | Config | None, model: StrPath | None) -> PageReading:
    """Load the config and find the models' folders; the first line of the log says which."""
    if isinstance(config, Config):
        place, plan = "as given", config
    else:
        place, plan = find_config(None if config is None else Path(config))
    folder, origin = _find_model(None if model is None else Path(model), plan)
    log.info("config: %s; model: %s", place, origin)
    for said in hopeless_zones(plan):
        log.warning("%s", said)
    lines = chosen_model(plan.line_model, "line")
    ink = chosen_model(plan.ink_model, "ink")
    return PageReading(plan, folder, lines, ink, find_judge(plan, folder, lines))


def plan_words(reading: PageReading) -> dict[str, Any]:
    """What a journal says of a plan for people: see `Binding.about`."""
    plan = json.loads(reading.config.canonical(), parse_constant=str)
    for zone in plan["fields"]:
        if isinstance(listed := zone.get("values"), list) and len(listed) > _MOST_VALUES:
            zone["values"] = f"{len(listed)} values"
    folders: dict[Kind, tuple[str, Path]] = {
        "digit": ("model", reading.model),
        "line": ("line_model", reading.line_model),
        "ink": ("ink_model", reading.ink_model),
    }
    cards = {
        key: f"{load_card(folder, kind).architecture} of {folder}"
        for kind, (key, folder) in folders.items()
    }
    verified = f"one of {reading.judge.calibration.fields:,} verified fields"
    return {"config": plan, **cards, "calibration": verified}


def _find_model(given: Path | None, plan: Config) -> tuple[Path, str]:
    """The folder of the weights, and in words for the log why it is this one."""
    if given is not None:
        return given, str(given)
    if plan.model is not None:
        return plan.model, f"{plan.model} (from the config)"
    promoted = promoted_model()
    if promoted is not None:
        return promoted, f"{promoted} (promoted)"
    return default_model(), "the packaged weights"


def find_judge(config: Config, model: Path, line_model: Path) -> Judge:
    """The calibration that the configuration names, or that of the weights, or the packaged one.

    Raises:
        ModelError: If a calibration or a model is missing or damaged.
    """
    own = model / CALIBRATION_FILE
    path = config.review.calibration or (own if own.is_file() else default_model() / own.name)
    calibration = load_calibration(path)
    promise = calibration.promise(
        config.review.max_error, model_hash(model), model_hash(line_model, "line")
    )
    if not promise.own_weights:
        log.warning(
            "%s was fitted on what other weights read: what it promises does not hold for these; "
            "`digitbatch calibrate` fits it on results of these",
            path,
        )
    return Judge(calibration, promise)
