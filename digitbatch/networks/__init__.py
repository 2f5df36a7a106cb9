"""The networks that a run asks: what they are, where they lie, and how they answer.

The package itself imports nothing, so that workers and `--help` never load PyTorch by accident.
"""
