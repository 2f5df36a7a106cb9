"""The classifier: architectures, training, and the predictors that a run uses.

Only `predictors` and `card` may be imported by a run's workers; the other modules import torch.
"""
