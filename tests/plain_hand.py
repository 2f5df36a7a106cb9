"""A hand that writes each digit in one plain way, so that what is read does not hang on it."""

from digitbatch.synth.strokes import Hand

_STYLES = (
    "plain", "bare", "round", "round", "closed", "one_stroke", "curled", "plain", "one_stroke",
    "straight",
)  # fmt: skip
HAND = Hand(styles=dict(enumerate(_STYLES)), slant_deg=4, aspect=1.0, pen=0.08)
