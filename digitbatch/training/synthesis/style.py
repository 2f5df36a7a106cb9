"""How made lines look: the strengths of everything that varies. Part of a line network's recipe."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Lengths are in digit heights unless the name says otherwise; shares are of all lines."""

    most_digits: int = 12
    # Of lines that are no single digit: how many have 1 digit, 2 digits, ...
    length_shares: tuple[float, ...] = (
        0.0, 0.22, 0.16, 0.13, 0.11, 0.10, 0.08, 0.07, 0.05, 0.04, 0.02, 0.02,
    )  # fmt: skip
    single_share: float = 0.08
    drawn_share: float = 0.12  # lines of drawn digits alone
    mixed_share: float = 0.12  # lines of drawn and real digits
    one_writer_share: float = 0.7  # of the lines of real digits, where writers are known
    own_mark_share: float = 0.5  # marks in such lines that are letters and signs of that writer
    touching_share: float = 0.5  # lines whose digits touch or overlap, mostly
    repeat_share: float = 0.12  # digits that repeat the one before
    linked_share: float = 0.05  # neighbours joined by a stroke; ten times as many of zeros
    least_height_px: float = 18.0
    most_height_px: float = 52.0
    margin: float = 0.35  # of paper around the line
    least_step: float = 0.16  # between the middles of two digits ...
    least_step_share: float = 0.6  # ... and of what it would be if they stood side by side
    rotation_deg: float = 6.5  # of a digit against its line, standard deviation
    slant: float = 0.2  # of the line's digits, sideways per height, standard deviation
    own_slant: float = 0.07
    aspect: float = 0.17  # of the line's digits, logarithm's standard deviation
    size: float = 0.07  # of a digit against its line
    odd_share: float = 0.04  # digits much smaller or larger than their line's
    offset: float = 0.04  # of a digit from its base line
    slope: float = 0.05  # of the base line, standard deviation
    elastic: float = 0.022  # displacement at the knots, standard deviation
    mark_share: float = 0.06  # lines with a cross, a letter, a blot among the digits
    speck_share: float = 0.10
    rule_share: float = 0.07  # rests of rules along the line
    wall_share: float = 0.04  # rests of upright walls
    slit_share: float = 0.07  # white where a rule was taken out
    gap_share: float = 0.06  # strokes with holes
    neighbour_share: float = 0.03  # feet and heads of the lines above and below
    noise_share: float = 0.12
    two_valued_share: float = 0.20  # as fax machines and thresholds leave them
    coarse_share: float = 0.10  # enlarged from few pixels
    paper_level: float = 0.25  # of full ink: fainter is paper, as in a run
    soft_levels: float = 0.5  # of full ink: from paper to black
