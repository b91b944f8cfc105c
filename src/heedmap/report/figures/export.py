"""A figure as a file, for papers."""

from __future__ import annotations

from pathlib import Path

from heedmap.errors import RecordError
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
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordError(
            f"The figure cannot be written to {path}: {error.strerror or error}; choose a folder "
            f"that exists and can be written."
        ) from error
