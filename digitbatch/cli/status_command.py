"""What `digitbatch status` does."""

import json
from pathlib import Path

from digitbatch.cli.console import print_status


def status_command(output: Path, as_json: bool) -> None:
    """Print what is known of an output."""
    from digitbatch.app.run_status import read_status

    status = read_status(output)
    if as_json:
        print(json.dumps(status.to_json(), indent=2, ensure_ascii=False))
    else:
        print_status(status)
