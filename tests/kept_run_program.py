"""A run with a journal, as a program that tests can kill: SCANS, OUTPUTS, WORKERS, PAUSE_S.

FILE_LIMIT in the environment is the size in bytes that no file of it can pass: a full disk.
"""

import os
import sys
from pathlib import Path

from digitbatch.cli.run_commands import stop_signals
from digitbatch.errors import DigitbatchError, StoppedError
from tests.fake_readers import ReadLevel
from tests.kept_runs import KeptRun


def main() -> int:
    """Run, and return what the command would."""
    scans, outputs, workers, pause_s = sys.argv[1:]
    if limit := os.environ.get("FILE_LIMIT"):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    run = KeptRun(Path(outputs), Path(scans), ReadLevel(float(pause_s)), int(workers))
    with stop_signals() as asked:
        try:
            return int(run(stop=asked).exit_code)
        except StoppedError:
            return asked.exit_code
        except KeyboardInterrupt:
            return 130
        except DigitbatchError as error:
            print(error, file=sys.stderr)
            return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
