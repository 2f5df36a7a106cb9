"""The reference page of a form: how a scan lies on it, and what is printed on it."""

from digitbatch.page.forms.align import Alignment, align
from digitbatch.page.forms.reference import Reference, load_reference

__all__ = ["Alignment", "Reference", "align", "load_reference"]
