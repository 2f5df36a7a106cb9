"""The command `digitbatch`: parse, call one function, print, exit.

`app` holds the commands and turns errors into exit codes; the modules beside it hold what the
commands do. All that is heavy is imported inside functions: `--help` answers at once.
"""

from digitbatch.cli.app import app, main

__all__ = ["app", "main"]
