"""From files and folders to decoded pages: walk, open, read. Runs in the parent and in workers."""

from digitbatch.inputs.file_formats import open_source
from digitbatch.inputs.source import InputOptions, SourceFile, SourceReader, is_out_of_memory
from digitbatch.inputs.walk import Roots, Walk, by_place, walk

__all__ = [
    "InputOptions",
    "Roots",
    "SourceFile",
    "SourceReader",
    "Walk",
    "by_place",
    "is_out_of_memory",
    "open_source",
    "walk",
]
