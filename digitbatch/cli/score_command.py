"""What `digitbatch score` does."""

import json
import logging
from pathlib import Path

from digitbatch.cli.console import set_up_logging
from digitbatch.errors import UsageError
from digitbatch.outputs import write_file
from digitbatch.scoring import Results, Truth, load_results, load_truth, score
from digitbatch.scoring.score_report import curve_png, score_json, score_lines

log = logging.getLogger(__name__)


def score_command(truth: Path, results: Path, as_json: bool, curve: Path | None) -> None:
    """Print how right results are, and draw the curve if it is asked for."""
    from digitbatch.outputs import check_writable

    set_up_logging("normal")
    if curve is not None:
        if curve.suffix.lower() != ".png":
            raise UsageError(f"the curve is a PNG picture: name {curve} {curve.stem}.png, say")
        check_writable(curve)
    written, read = load_truth(truth), load_results(results)
    found = score(written, read)
    warn_of_lost_zeros(written, read, truth, results)
    if found.unscored_pages:
        log.warning(
            "left out: %d of the pages in %s, which the truth does not name",
            found.unscored_pages,
            results,
        )
    if found.missing:
        first = found.missing[0]
        log.warning(
            "%d of the pages in %s are not in the results, the first is %s, page %d",
            len(found.missing),
            truth,
            first.file,
            first.page,
        )
    if as_json:
        print(json.dumps(score_json(found), indent=2))
    else:
        print("\n".join(score_lines(found)))
    if curve is not None:
        write_file(curve, curve_png(found))


def warn_of_lost_zeros(truth: Truth, results: Results, written: Path, read: Path) -> None:
    """Say where a spreadsheet made 17 of 00017: what was read right counts as wrong then."""
    from digitbatch.scoring.counts import paired
    from digitbatch.scoring.leading_zeros import lost_zeros

    for lost in lost_zeros(paired(truth, results)):
        log.warning(
            "%s has lost leading zeros, such as %s where %s should be (%d in all): a spreadsheet "
            "takes them away when it opens a CSV. They count as wrong. Have it take the column "
            "text for text, as docs/score.md says, and save the file anew",
            written if lost.side == "truth" else read,
            lost.cut,
            lost.whole,
            lost.numbers,
        )
