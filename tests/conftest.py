"""How hypothesis runs here, and that no test sees a model that a user promoted."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

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
