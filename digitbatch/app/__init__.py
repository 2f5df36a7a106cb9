"""One run, from what lies in the inputs to outputs that are up to date.

`run` is the program as a function. With a file to write to, `incremental_run` has the steps: walk,
compare with what the `journal` knows, read `new_files`, and make the outputs from the journal.
"""
