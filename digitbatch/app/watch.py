"""Reading scans as they arrive: runs that repeat whenever something changes in a folder."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from digitbatch.app import run as pipeline
from digitbatch.app.lock import hold
from digitbatch.app.move_read import check_target, move_read
from digitbatch.errors import UsageError

if TYPE_CHECKING:
    from digitbatch.outputs.results import RunSummary

_LOOK_ANYWAY_S: Final = 3600.0  # network drives tell of no change, and any notice may be lost

log = logging.getLogger(__name__)


def watch(
    folders: Sequence[Path],
    outputs: Sequence[Path],
    stop: threading.Event,
    *,
    report: Path | None = None,
    wide: Path | None = None,
    min_age_s: float = 5.0,
    move_read_to: Path | None = None,
    on_run: Callable[["RunSummary"], None] = lambda _: None,
    **options: Any,
) -> None:
    """Run, and run again after each change, until told to stop.

    The outputs are held all the time, and are up to date after each run, also after the last.

    `stop` is set from elsewhere, such as a signal's handler: the page in hand is finished. A file
    is read when nothing has been written to it for `min_age_s`, and then moved to `move_read_to`,
    if that is given: a folder that belongs to the inputs, so that its rows stay. `on_run` is told
    of each run that read something; `options` are those of `pipeline.run`.

    Raises:
        UsageError: If watchfiles is not installed, or there is nothing to watch or write.
        DigitbatchError: What ends a run: a bad page does not.
    """
    files = [*outputs, *(path for path in (report, wide) if path is not None)]
    if not outputs:
        raise UsageError("name a file with --out: what is watched is read again and again")
    if move_read_to is not None:
        check_target(folders, move_read_to)
    elif options.get("removed") is None:
        log.info(
            "a scan that is moved or deleted takes its rows along: --removed keep leaves them, "
            "--move-read-to DIR moves each scan to a folder of its own once it is read"
        )
    inputs = [*folders, *([] if move_read_to is None else [move_read_to])]
    changes = _changes(folders, files, stop)
    next(changes)  # it begins to look only then, and what comes during the first run is to be seen
    with hold(files):
        while not stop.is_set():
            summary = pipeline.run(
                inputs,
                out=outputs,
                report=report,
                wide=wide,
                min_age_s=min_age_s,
                stop=stop.is_set,
                update_when_stopped=True,
                held=True,
                **options,
            )
            options |= {"fresh": False, "on_change": "refuse"}  # once is enough
            now = summary.this_run
            if now is not None and (now.pages or now.recognised or now.removed):
                on_run(summary)
            if move_read_to is not None and not stop.is_set():
                move_read(folders, move_read_to, outputs)  # a change: outputs follow at once
            waiting = now is not None and now.waiting > 0
            _wait(changes, stop, min_age_s, min_age_s if waiting else _LOOK_ANYWAY_S)


def _wait(changes: Iterator[bool], stop: threading.Event, min_age_s: float, most_s: float) -> None:
    """Until something changes and has had time to be finished, or for so long."""
    end = time.monotonic() + most_s
    while not stop.is_set() and time.monotonic() < end:
        if next(changes, True):
            stop.wait(min_age_s)
            return


def _changes(
    folders: Sequence[Path], outputs: Sequence[Path], stop: threading.Event
) -> Iterator[bool]:
    """True after a change, False when none came for a while; never what a run itself wrote."""
    try:
        import watchfiles
    except ImportError as error:
        raise UsageError(
            "watching needs watchfiles: pip install watchfiles; or run "
            "`digitbatch run --min-age 5` from cron (docs/cron.md)"
        ) from error
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"cannot watch {folder}: it is no folder; name folders that exist")
    own = {path.resolve().name for path in outputs}

    def concerns(_: watchfiles.Change, path: str) -> bool:
        name = Path(path).name
        return not (name in own or ".digitbatch" in name or name.startswith("."))

    batches = watchfiles.watch(
        *folders,
        watch_filter=concerns,
        stop_event=stop,
        rust_timeout=200,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    return (bool(batch) for batch in batches)
