"""What a run on a CPU needs, without PyTorch, as pip takes it: `python -m digitbatch.slim`.

A wheel cannot ask for fewer packages than it names, so it carries the shorter list. Nothing but the
standard library is imported here: this runs before anything else is installed.
"""

import re
from importlib.metadata import requires
from typing import Final

NOT_NEEDED: Final = frozenset({"onnxscript", "torch", "torchvision"})
"""Packages that training and a GPU need, and a run on a CPU does not."""


def slim_requirements() -> list[str]:
    """The requirements of the installed digitbatch, less those of training and of extras.

    Raises:
        PackageNotFoundError: If digitbatch is not installed, but run from a checkout.
    """
    wanted = [line for line in requires("digitbatch") or [] if "extra ==" not in line]
    return [line for line in wanted if re.split(r"[^\w-]", line)[0] not in NOT_NEEDED]


if __name__ == "__main__":
    print(*slim_requirements(), sep="\n")
