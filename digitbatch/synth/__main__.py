"""`python -m digitbatch.synth samples` draws the pages under samples/ anew."""

import sys
from pathlib import Path

from digitbatch.synth.samples import write_samples

if len(sys.argv) != 2:
    sys.exit("usage: python -m digitbatch.synth FOLDER")
for _path in write_samples(Path(sys.argv[1])):
    print(f"{_path.stat().st_size:9,d}  {_path}")
