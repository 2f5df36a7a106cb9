"""How hypothesis runs here."""

from hypothesis import HealthCheck, settings

# A busy machine makes an example slow, not wrong: time is no part of what these tests state.
settings.register_profile(
    "digitbatch", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("digitbatch")
