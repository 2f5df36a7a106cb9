"""Outputs from a journal: the same bytes as from the pages themselves."""

import json
from collections.abc import Iterable, Sequence

from digitbatch.app.journal.journal import Journal, damaged
from digitbatch.outputs import Output
from digitbatch.outputs.output_page import OutputPage
from digitbatch.outputs.results import Tally


def write_known(journal: Journal, names: Iterable[str], outputs: Sequence[Output]) -> Tally:
    """Write the pages of known files, in the order of their names; `finish` is left to the caller.

    Raises:
        OutputError: If the journal cannot be read or an output not be written.
    """
    tally = Tally()
    for name in names:
        for page, (about, text, pictures) in enumerate(journal.pages_of(name), 1):
            try:
                ((_, *counts), digits, _, _), rows = json.loads(about)
                tally.add_counts(counts, sum(digits), new_file=page == 1)
                known = OutputPage(name, page, rows, text, pictures)
                for output in outputs:
                    output.write(known)
            except (ValueError, TypeError, IndexError, RecursionError) as error:
                raise damaged(journal.path) from error
    return tally
