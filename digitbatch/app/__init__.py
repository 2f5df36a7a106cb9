"""One run, from what lies in the inputs to outputs that are up to date.

`run` is the program as a function. With a file to write to, `incremental_run` has the steps: hold
the outputs (`lock`), walk, `reconcile` with what the `journal` knows, read `new_files` (through
`page_stream`, which tells of progress), and make the outputs from the journal (`journal.replay`).
`run_status` says what a journal knows; `watch` runs again whenever something changes.
"""
