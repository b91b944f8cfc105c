"""How results show themselves in a notebook, without knowing what they look like.

Records are read by every room, and so are below the report that draws them. The view is therefore
put in from above: the package does so when it is imported (`heedmap/__init__`), and the report is
loaded only once something is shown.
"""

from __future__ import annotations

from collections.abc import Callable

View = Callable[["Shown"], str]
"""Gives an HTML fragment."""

_views: list[View] = []
"""None or one: what the package has put in."""


def show_by(view: View) -> None:
    """Let everything that is `Shown` be drawn by this from now on."""
    _views[:] = [view]


class Shown:
    """Something that IPython and Jupyter draw."""

    def _repr_html_(self) -> str | None:
        """The fragment that a notebook shows; None, and it shows the plain text, without a view."""
        return _views[0](self) if _views else None
