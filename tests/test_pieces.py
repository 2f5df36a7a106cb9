"""Components with their edges."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.page.connected_components import connected_components


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.5))
def test_a_component_grows_by_its_own_edge(seed: int, share: float) -> None:
    """What lies beside it, however near, grows into no other component's picture."""
    mask = np.where(np.random.default_rng(seed).random((12, 17)) < share, 255, 0).astype(np.uint8)
    components = connected_components(mask)
    for index in range(len(components)):
        own = components.own(index, 1)
        grown = cv2.dilate(own, np.ones((3, 3), np.uint8)) * 255
        assert np.array_equal(components.grown(index), grown)
