"""Where the default pipeline.yaml and the default weights lie: in a checkout, or in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def packaged_file(name: str) -> Path:
    """The place of a file or folder that comes with digitbatch, "pipeline.yaml" or "models".

    In a checkout it lies at the top; the wheel build maps it into the package. Nothing is opened
    here: whoever reads it says what is wrong with it.
    """
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "pipeline.yaml").is_file():
        return checkout / name
    return _PACKAGE / "_data" / name


def default_model() -> Path:
    """The folder of the weights that are used where the configuration names none."""
    return packaged_file("models") / "default"


def default_line_model() -> Path:
    """The folder of the weights that read digits that touch."""
    return packaged_file("models") / "line"


def default_ink_model() -> Path:
    """The folder of the weights that tell a page's ink."""
    return packaged_file("models") / "ink"
