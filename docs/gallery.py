"""Draw the gallery's figures from the demo's result: `python docs/gallery.py heedmap-demo`.

Writes one PNG a kind of figure into docs/gallery/, of a policy that follows its instruction,
and needs no browser. `docs/screenshots.py` takes the pictures of the whole report.
"""

from __future__ import annotations

import sys
from pathlib import Path

from heedmap.record.result import Result
from heedmap.report.figures.export import write_figure
from heedmap.report.figures.kinds import KINDS, figure_of

FOLDER = Path(__file__).parent / "gallery"
POLICY = "exp42_counterfactual_pta@sound"
"""It follows its instruction, so that every kind of figure can be drawn."""
SCALE = 1.6


def main(run: Path) -> None:
    """Write every kind of figure that the result holds."""
    result = Result.load(run)
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        if kind != "computations":  # the demo's policies have one stack each
            figure = figure_of(result, kind, POLICY, None, "en")
            write_figure(figure, FOLDER / f"{kind}.png", SCALE)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "heedmap-demo"))
