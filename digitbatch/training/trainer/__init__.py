"""The training loop. It knows no domain: what is learnt is a `Task`. Imports torch."""
