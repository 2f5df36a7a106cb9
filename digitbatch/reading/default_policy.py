"""The judge of pages that are read without a run."""

from functools import lru_cache

from digitbatch.acceptance.calibration import CALIBRATION_FILE, Judge, load_calibration
from digitbatch.config import Config
from digitbatch.packaged import default_model


@lru_cache(maxsize=4)
def default_judge(config: Config) -> Judge:
    """The judge of a configuration, for the weights that come with digitbatch.

    Raises:
        ModelError: If the calibration that the configuration names is missing or damaged.
    """
    path = config.review.calibration or default_model() / CALIBRATION_FILE
    calibration = load_calibration(path)
    return Judge(calibration, calibration.promise(config.review.max_error))
