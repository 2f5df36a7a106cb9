"""Which features of two pages belong together, where the same print stands many times on each."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.projective import Points
from digitbatch.page.forms.features import Features

_NEIGHBOURS: Final = 3  # best matches of each feature that are heard
_FARTHEST: Final = 64  # of 256 bits: features that differ in more are not alike
_TURN_BIN_DEG: Final = 5
_TURN_NEAR_DEG: Final = 12.0
_TURNS: Final = 2  # likeliest turns that are tried
_SCALES: Final = np.exp(np.arange(-0.7, 0.71, 0.1))  # of the scan's size over the form's
_SCALE_NEAR: Final = 0.3  # of the logarithm: ORB's sizes are steps of a fifth
_SHIFT_BIN: Final = 0.03  # of the scan's longer side
_LEAST_VOTES: Final = 8

Pairs = tuple[Points, Points]


def matches(form: Features, scan: Features) -> Pairs:
    """Points of a form and where on a scan they are, most of them rightly.

    Boxes and letters are on a form many times, so one match says little, also where it is clearly
    better than the second best. But right matches agree about how the form lies: each votes for a
    turn, a scale and a shift, and those of the fullest bin are taken (D. Ballard, Generalizing the
    Hough transform to detect arbitrary shapes, 1981; D. Lowe, Distinctive image features from
    scale-invariant keypoints, 2004).

    Returns:
        (count, 2) pixels of the form and of the scan; none where nothing agrees.
    """
    nothing = np.zeros((0, 2)), np.zeros((0, 2))
    if min(len(form.points), len(scan.points)) < _NEIGHBOURS:
        return nothing
    found = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(
        form.descriptors, scan.descriptors, k=_NEIGHBOURS
    )
    good = [pair for pairs in found for pair in pairs if pair.distance < _FARTHEST]
    if len(good) < _LEAST_VOTES:
        return nothing
    here = np.array([pair.queryIdx for pair in good])
    there = np.array([pair.trainIdx for pair in good])
    turns = (scan.angles_deg[there] - form.angles_deg[here]) % 360
    scales = np.log(scan.sizes_px[there] / form.sizes_px[here])
    bin_px = _SHIFT_BIN * float(scan.to_page[0, 0]) * max(scan.even.shape)
    # What the form is larger by in pixels alone is no scale of the paper.
    usual = float(scan.to_page[0, 0] * max(scan.even.shape)) / float(
        form.to_page[0, 0] * max(form.even.shape)
    )
    best: tuple[float, NDArray[np.int64]] = (_LEAST_VOTES - 0.5, np.zeros(0, np.int64))
    for turn in _likely_turns(turns):
        near = np.abs((turns - turn + 180) % 360 - 180) < _TURN_NEAR_DEG
        angle = np.radians(turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for scale in usual * _SCALES:
            voting = np.flatnonzero(near & (np.abs(scales - np.log(scale)) < _SCALE_NEAR))
            if len(voting) < _LEAST_VOTES:
                continue
            shifts = scan.points[there[voting]] - scale * form.points[here[voting]] @ rotation.T
            votes, agreeing = _fullest(shifts, bin_px)
            if votes > best[0]:
                best = votes, voting[agreeing]
    return form.points[here[best[1]]], scan.points[there[best[1]]]


def _likely_turns(turns_deg: NDArray[np.float64]) -> list[float]:
    """The turns that most matches are for, in degrees."""
    bins = 360 // _TURN_BIN_DEG
    counts = np.bincount((turns_deg // _TURN_BIN_DEG).astype(np.int64) % bins, minlength=bins)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    order = np.argsort(-smooth, kind="stable")[:_TURNS]
    return [float(index * _TURN_BIN_DEG + _TURN_BIN_DEG / 2) for index in order]


def _fullest(shifts: Points, bin_px: float) -> tuple[float, NDArray[np.bool_]]:
    """The votes in the fullest three by three bins, and which shifts lie in or beside them."""
    at = np.floor(shifts / bin_px).astype(np.int64)
    at -= at.min(axis=0)
    counts = np.zeros(at.max(axis=0) + 1, np.float32)
    np.add.at(counts, (at[:, 0], at[:, 1]), 1)
    around = cv2.boxFilter(counts, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    peak = np.array(np.unravel_index(int(around.argmax()), around.shape))
    return float(around.max()), np.asarray((np.abs(at - peak) <= 2).all(axis=1))
