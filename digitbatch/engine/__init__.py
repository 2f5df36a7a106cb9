"""Many pages through one reader: in order, bounded, over as many processes as asked for.

`read_files` is all that others need. What happens to one page is not known here: a reader is any
function from a page to its result, and `make_reader` is called once in each process that reads.
"""

from digitbatch.engine.chunks import Chunk, MakeReader, PageRead, Reader
from digitbatch.engine.files import count_workers, read_files
from digitbatch.engine.processes import Limits

__all__ = ["Chunk", "Limits", "MakeReader", "PageRead", "Reader", "count_workers", "read_files"]
