"""The one finder of boxes: their frames on a page, and their lines and walls in a crop of it."""

from digitbatch.page.forms.boxes.finder import Known, find_boxes
from digitbatch.page.forms.boxes.frames import enclosed, framed, side_by_side
from digitbatch.page.forms.boxes.grid import Band, Cell, Grid

__all__ = ["Band", "Cell", "Grid", "Known", "enclosed", "find_boxes", "framed", "side_by_side"]
