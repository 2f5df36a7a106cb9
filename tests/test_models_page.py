"""docs/models.md tells of the networks as they are."""

from benchmarks.models import DIGITS, PAGE, page, read_records
from digitbatch.networks.architectures import build


def test_the_page_is_made_of_its_records() -> None:
    """`python benchmarks/models.py --table` would change nothing."""
    assert page(read_records()) == PAGE.read_text(encoding="utf-8")


def test_the_records_are_of_these_networks() -> None:
    """A network that was changed since it was measured has to be measured again."""
    records = read_records()
    assert records
    sizes = {
        name: sum(parameter.numel() for parameter in build(name).parameters()) for name in DIGITS
    }
    assert [one for one in records if one["parameters"] != sizes[one["model"]]] == []
