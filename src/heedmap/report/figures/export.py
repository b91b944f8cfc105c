"""A figure as a file, for papers."""

from __future__ import annotations

from pathlib import Path

from heedmap.errors import RecordError
from heedmap.record.files import write_whole
from heedmap.report.figures.figure import Figure
from heedmap.report.figures.style import spec_of, to_png, to_svg


def write_figure(figure: Figure, path: Path, scale: float = 3.0) -> None:
    """Write SVG or PNG, as the file's name says; whole or not at all.

    Raises RecordError for another ending, or when the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".svg", ".png"):
        raise RecordError(
            f"A figure is written as .svg or .png, but {path} ends in '{path.suffix}'; rename it."
        )
    spec = spec_of(figure.chart)
    content = to_svg(spec).encode() if ending == ".svg" else to_png(spec, scale)
    write_whole(path, content, "figure")
