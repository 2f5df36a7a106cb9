"""Results against ground truth: exact matches, edit distance, accepted errors, risk-coverage."""

from digitbatch.scoring.counts import Counts, Score, score
from digitbatch.scoring.truth import Results, Truth, load_results, load_truth

__all__ = ["Counts", "Results", "Score", "Truth", "load_results", "load_truth", "score"]
