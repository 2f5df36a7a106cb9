"""What `digitbatch review` does: serve the page until it is stopped, and say what came of it."""

import sys
from pathlib import Path

from digitbatch.cli.console import set_up_logging
from digitbatch.errors import ExitCode, UsageError


def review_command(
    output: Path,
    port: int,
    browser: bool,
    by: str | None,
    config: Path | None,
    scans: Path | None,
) -> int:
    """Serve the review of an output; Ctrl-C is how it ends, and no fault."""
    from digitbatch.review.review import Review
    from digitbatch.review.serve import serve

    set_up_logging("normal")
    if scans is not None and not scans.is_dir():
        raise UsageError(f"--scans {scans}: is no folder; name the one that the scans lie in now")

    def show(address: str, review: Review) -> None:
        state = review.state()
        for warning in state["warnings"]:
            print(f"warning: {warning}", file=sys.stderr)
        left, done = state["left"], state["verified"]
        print(f"{left:,} fields to review, {done:,} verified; Ctrl-C ends", file=sys.stderr)
        print(address, flush=True)

    review = serve(
        output, port=port, browser=browser, by=by, config=config, scans=scans, on_start=show
    )
    print(
        f"{len(review.answers.said):,} fields verified in all, kept beside {output}; the next "
        "`digitbatch run` takes them into its outputs",
        file=sys.stderr,
    )
    return ExitCode.OK
