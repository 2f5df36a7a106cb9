"""Reading one page: from its pixels to its rows."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from digitbatch.acceptance.calibration import CALIBRATION_FILE, Judge, load_calibration
from digitbatch.config import Config
from digitbatch.packaged import default_model
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.reading.field_images import with_pictures
from digitbatch.reading.passes import SWITCHES, PageState, through_passes
from digitbatch.stages.base import Sheet
from digitbatch.text.classification import AskedOnce, Readers
from digitbatch.text.hypothesis import Hypothesis
from digitbatch.text.unit import Unit
from digitbatch.types import Networks, Page, PageResult


@dataclass(frozen=True, slots=True)
class PageTrace:
    """How a page was read, for people to look at: what each pass left."""

    after: dict[str, PageState]  # by the name of the pass, in their order

    @property
    def state(self) -> PageState:
        """What is known in the end."""
        return self.after["results"]

    def best_of(self, unit: Unit) -> Hypothesis:
        """The hypothesis of a unit by all that rescores and constrains it.

        Letters are still among its digits: a page's context leaves them out only after that.
        """
        if unit.constrained is not None:
            return unit.constrained
        return self.after["writer_adaptation"].units[unit.number].hypothesis

    @property
    def result(self) -> PageResult:
        """What a run has of the page."""
        return _result(self.state)


def read_page(
    page: Page,
    config: Config,
    networks: Networks,
    judge: Judge | None = None,
    *,
    pictures: bool = False,
    without: Collection[str] = (),
) -> PageResult:
    """Read one page.

    Pure: the same page, config and networks give the same result, whatever else is being read.

    Args:
        page: Decoded and upright.
        config: What to do with it.
        networks: Without one that reads strips, digits that touch are read by cutting alone.
        judge: Of how sure a field is and which are accepted; None: as the configuration and the
            packaged weights say.
        pictures: Cut a small picture of each field, for a report.
        without: Names of passes, and codes of reasons, to do without: to see what they earn.

    Raises:
        PageError: If the page cannot be read: it does not fit its template, for example.
        ValueError: If `without` names what is not in `passes.SWITCHES`.
    """
    if unknown := sorted({*without} - SWITCHES):
        raise ValueError(f"nothing called {', '.join(unknown)} can be switched off")
    state = through_passes(_begun(page, config, networks, judge, without))
    result = _result(state)
    return with_pictures(result, page, state.registered) if pictures else result


def trace_page(
    page: Page, config: Config, networks: Networks, judge: Judge | None = None
) -> PageTrace:
    """Read one page as `read_page` does, with its errors, and keep what each pass left."""
    after: dict[str, PageState] = {}
    begun = replace(_begun(page, config, networks, judge, ()), is_traced=True)
    through_passes(begun, after.__setitem__)
    return PageTrace(after)


def _begun(
    page: Page, config: Config, networks: Networks, judge: Judge | None, without: Collection[str]
) -> PageState:
    return PageState(
        page=page,
        config=config,
        readers=Readers(AskedOnce(networks), config.normalizer),
        judge=judge or default_judge(config),
        without=frozenset(without),
        registered=RegisteredPage(page),
        sheet=Sheet(page.pixels, "gray" if page.pixels.ndim == 2 else "color"),
    )


def _result(state: PageState) -> PageResult:
    assert state.result is not None  # noqa: S101 - the last pass leaves one
    return state.result


@lru_cache(maxsize=4)
def default_judge(config: Config) -> Judge:
    """The judge of pages that are read without a run, with the weights that come with digitbatch.

    Raises:
        ModelError: If the calibration that the configuration names is missing or damaged.
    """
    path = config.review.calibration or default_model() / CALIBRATION_FILE
    calibration = load_calibration(path)
    return Judge(calibration, calibration.promise(config.review.max_error))
