"""How hypothesis and torch run here, and that no test sees a model that a user promoted."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Before torch is imported, here or in a command under test: threads that share what takes a
# millisecond only wait for each other, seconds long where the cores have other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine makes an example slow, not wrong: time is no part of what these tests state.
settings.register_profile(
    "digitbatch", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("digitbatch")


@pytest.fixture(scope="session", autouse=True)
def _no_promoted_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The data folder is an empty one, for the commands that tests start too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITBATCH_HOME", str(tmp_path_factory.mktemp("home")))
        yield
