"""What a user can set about reading pages: the `input:` part of pipeline.yaml."""

from pydantic import BaseModel, ConfigDict, Field


class InputOptions(BaseModel):
    """Limits and resolutions for reading pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The upper end is OpenCV's own: its decoders refuse 2**30 pixels and more.
    max_pixels: int = Field(
        default=200_000_000,
        ge=1,
        le=1_000_000_000,
        description=(
            "A page with more pixels than this becomes an error row and is not decoded. "
            "A4 at 600 dpi has 35 million."
        ),
    )
    pdf_dpi: int = Field(
        default=300,
        ge=50,
        le=1200,
        description=(
            "Dots per inch at which PDF pages are rendered. A page that is one scan keeps the "
            "scan's own resolution."
        ),
    )
