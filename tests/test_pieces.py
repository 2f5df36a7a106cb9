"""Small parts of cutting ink out: middles of a few numbers, and components with their edges."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.imaging.quantiles import median, quantile
from digitbatch.page.connected_components import connected_components

numbers = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12)


@given(numbers, st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[int], share: float) -> None:
    """Quick ones for few numbers say the same."""
    assert median(values) == np.median(values)
    assert quantile(values, share) == pytest.approx(np.quantile(values, share))


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.5))
def test_a_component_grows_by_its_own_edge(seed: int, share: float) -> None:
    """What lies beside it, however near, grows into no other component's picture."""
    mask = np.where(np.random.default_rng(seed).random((12, 17)) < share, 255, 0).astype(np.uint8)
    components = connected_components(mask)
    for index in range(len(components)):
        own = components.own(index, 1)
        grown = cv2.dilate(own, np.ones((3, 3), np.uint8)) * 255
        assert np.array_equal(components.grown(index), grown)
