"""Options of commands that look at one policy on one frame."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OnePolicy = Annotated[str, typer.Argument(help="specimen:NAME@WIRING or package.module:factory")]
OneFrame = Annotated[
    str | None, typer.Option(help="A camera frame: image, episode.h5#0, clip.mp4#t=1 ...")
]
Instructions = Annotated[
    list[str] | None, typer.Option(help='name=text, such as left="go left"; two or more.')
]
CaseFolder = Annotated[
    Path | None, typer.Option(help="A folder with frame.png and instructions.yaml.")
]
