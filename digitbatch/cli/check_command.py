"""What `digitbatch check` does."""

import json
from pathlib import Path


def check_command(file: Path | None) -> None:
    """Validate a config and print its plan."""
    from digitbatch.config.file import find_config, plan_lines

    place, config = find_config(file)
    print(f"config  {place}: valid", end="\n\n")
    print(*plan_lines(config), sep="\n")


def schema_command() -> None:
    """Print the JSON schema of a config."""
    from digitbatch.config.file import schema

    print(json.dumps(schema(), indent=2))
