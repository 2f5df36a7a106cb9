"""Matches between the keypoints of two pages: a Hough transform over turn, scale and shift."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.projective import Points
from digitbatch.page.forms.features import Features


@dataclass(frozen=True, slots=True)
class MatchTuning:
    """The numbers of the Hough transform."""

    neighbours: int = 3  # best matches of each keypoint that are heard
    farthest_bits: int = 64  # of 256: descriptors that differ in more are not alike
    turn_bin_deg: int = 5  # of the histogram of turns
    turn_near_deg: float = 12.0  # a match this near to a turn votes for it
    turns: int = 2  # likeliest turns that are tried
    scale_log: float = 0.7  # farthest scale that is tried: logarithm of the scan's over the form's
    scale_step_log: float = 0.1  # from one such scale to the next
    scale_near_log: float = (
        0.3  # a match this near to a scale votes for it: ORB's steps are a fifth
    )
    shift_bin: float = 0.03  # of the histogram of shifts, in longer sides of the scan
    least_votes: int = 8  # fewer say nothing


TUNED: Final = MatchTuning()

Pairs = tuple[Points, Points]


def matches(form: Features, scan: Features) -> Pairs:
    """Keypoints of a form and where on a scan they are, most of them inliers.

    Boxes and letters are on a form many times, so one match says little, also where it is clearly
    better than the second best. But right matches agree about how the form lies: each votes for a
    turn, a scale and a shift, and those of the fullest bin are taken (D. Ballard, Generalizing the
    Hough transform to detect arbitrary shapes, 1981; D. Lowe, Distinctive image features from
    scale-invariant keypoints, 2004).

    Returns:
        (count, 2) pixels of the form and of the scan; none where nothing agrees.
    """
    nothing = np.zeros((0, 2)), np.zeros((0, 2))
    if min(len(form.points), len(scan.points)) < TUNED.neighbours:
        return nothing
    found = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(
        form.descriptors, scan.descriptors, k=TUNED.neighbours
    )
    good = [pair for pairs in found for pair in pairs if pair.distance < TUNED.farthest_bits]
    if len(good) < TUNED.least_votes:
        return nothing
    here = np.array([pair.queryIdx for pair in good])
    there = np.array([pair.trainIdx for pair in good])
    turns = (scan.angles_deg[there] - form.angles_deg[here]) % 360
    scales = np.log(scan.sizes_px[there] / form.sizes_px[here])
    bin_px = TUNED.shift_bin * float(scan.to_page[0, 0]) * max(scan.even.shape)
    # What the form is larger by in pixels alone is no scale of the paper.
    usual = float(scan.to_page[0, 0] * max(scan.even.shape)) / float(
        form.to_page[0, 0] * max(form.even.shape)
    )
    best: tuple[float, NDArray[np.int64]] = (TUNED.least_votes - 0.5, np.zeros(0, np.int64))
    for turn in _likely_turns(turns):
        near = np.abs((turns - turn + 180) % 360 - 180) < TUNED.turn_near_deg
        angle = np.radians(turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for scale in usual * _scales():
            voting = np.flatnonzero(near & (np.abs(scales - np.log(scale)) < TUNED.scale_near_log))
            if len(voting) < TUNED.least_votes:
                continue
            shifts = scan.points[there[voting]] - scale * form.points[here[voting]] @ rotation.T
            votes, agreeing = _fullest(shifts, bin_px)
            if votes > best[0]:
                best = votes, voting[agreeing]
    return form.points[here[best[1]]], scan.points[there[best[1]]]


def _scales() -> NDArray[np.float64]:
    """The sizes of the scan over the form's that are tried."""
    farthest = TUNED.scale_log
    return np.asarray(
        np.exp(np.arange(-farthest, farthest + 0.01, TUNED.scale_step_log)), np.float64
    )


def _likely_turns(turns_deg: NDArray[np.float64]) -> list[float]:
    """The turns that most matches are for, in degrees."""
    bin_deg = TUNED.turn_bin_deg
    bins = 360 // bin_deg
    counts = np.bincount((turns_deg // bin_deg).astype(np.int64) % bins, minlength=bins)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    order = np.argsort(-smooth, kind="stable")[: TUNED.turns]
    return [float(index * bin_deg + bin_deg / 2) for index in order]


def _fullest(shifts: Points, bin_px: float) -> tuple[float, NDArray[np.bool_]]:
    """The votes in the fullest three by three bins, and which shifts lie in or beside them."""
    at = np.floor(shifts / bin_px).astype(np.int64)
    at -= at.min(axis=0)
    counts = np.zeros(at.max(axis=0) + 1, np.float32)
    np.add.at(counts, (at[:, 0], at[:, 1]), 1)
    around = cv2.boxFilter(counts, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    peak = np.array(np.unravel_index(int(around.argmax()), around.shape))
    return float(around.max()), np.asarray((np.abs(at - peak) <= 2).all(axis=1))
