"""What is known from earlier runs: an append-only log beside the output, and what follows from it.

A run appends each page as it is finished and makes its outputs from the journal, so that one that
was stopped at any byte goes on and ends with the same outputs as one that never was.
"""
