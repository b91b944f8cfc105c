"""A figure as a file, for papers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from heedmap.errors import RecordError
from heedmap.record.files import write_whole
from heedmap.report.figures.figure import Figure
from heedmap.report.figures.style import spec_of, to_pdf, to_png, to_svg


def write_figure(figure: Figure, path: Path, scale: float = 3.0) -> None:
    """Write SVG, PDF or PNG, as the file's name says; whole or not at all.

    Raises RecordError for another ending, or when the file cannot be written.
    """
    forms: dict[str, Callable[[dict[str, Any]], bytes]] = {
        ".svg": lambda spec: to_svg(spec).encode(),
        ".pdf": to_pdf,
        ".png": lambda spec: to_png(spec, scale),
    }
    form = forms.get(path.suffix.lower())
    if form is None:
        raise RecordError(
            "A figure is written as .svg, .pdf or .png, but {path} ends in '{suffix}'; change "
            "--out.",
            path=path,
            suffix=path.suffix,
        )
    write_whole(path, form(spec_of(figure.chart)), "figure")
