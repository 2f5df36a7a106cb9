"""How right results are, where it is known what is written: truth, counts, the curve of errors."""

from digitbatch.scoring.counts import Counts, Score, score
from digitbatch.scoring.rows import Results, load_results
from digitbatch.scoring.truth import Truth, load_truth

__all__ = ["Counts", "Results", "Score", "Truth", "load_results", "load_truth", "score"]
