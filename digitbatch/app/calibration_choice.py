"""Which calibration makes confidences of what a pair of networks says: the one fitted on them."""

import logging
from pathlib import Path

from digitbatch.acceptance import CALIBRATION_FILE, Judge, load_calibration
from digitbatch.config import Config
from digitbatch.networks.card import model_hash
from digitbatch.packaged import default_model

log = logging.getLogger(__name__)


def find_judge(config: Config, model: Path, line_model: Path) -> Judge:
    """The calibration that the configuration names, or that of the weights, or the packaged one.

    Args:
        config: With the error that is allowed.
        model: Folder of the weights.
        line_model: Folder of those for digits that touch.

    Raises:
        ModelError: If a calibration or a model is missing or damaged.
    """
    own = model / CALIBRATION_FILE
    path = config.review.calibration or (own if own.is_file() else default_model() / own.name)
    calibration = load_calibration(path)
    promise = calibration.promise(
        config.review.max_error,
        model_hash(model),
        model_hash(line_model, "line"),
    )
    if not promise.own_weights:
        log.warning(
            "%s was fitted on what other weights read: what it promises does not hold for these; "
            "`digitbatch calibrate` fits it on results of these",
            path,
        )
    return Judge(calibration, promise)
