import numpy as np
import pytest

from digitbatch.training.evaluation.measures import calibration_error, fit_temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_sampled_labels_is_found(temperature: float) -> None:
    """Where labels are drawn from the softmax at a temperature, that temperature is fitted."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 11)).astype(np.float32)
    gumbel = rng.gumbel(size=logits.shape)
    labels = (logits / temperature + gumbel).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_calibration_error_of_known_answers() -> None:
    """Sure and right is 0; sure of half and always right is a half; nothing asked is 0."""
    right = np.ones(10, np.bool_)
    assert calibration_error(np.ones(10, np.float32), right) == 0
    assert calibration_error(np.full(10, 0.5, np.float32), right) == pytest.approx(0.5)
    assert calibration_error(np.zeros(0, np.float32), right[:0]) == 0
