"""Options of several commands: the policy, its frames and its instructions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OnePolicy = Annotated[str, typer.Argument(help="specimen:NAME@WIRING or package.module:factory")]
OneFrame = Annotated[
    str | None, typer.Option(help="A camera frame: image, episode.h5#0, clip.mp4#t=1 ...")
]
Frames = Annotated[
    list[str] | None,
    typer.Option(
        help="An image, array.npy#0, episode.h5#0,10, clip.mp4#t=1.5 or a LeRobot folder "
        "(folder#episode=3&frames=0,10); can be repeated."
    ),
]
Instructions = Annotated[
    list[str] | None, typer.Option(help='name=text, such as left="go left"; two or more.')
]
InstructionsFile = Annotated[
    Path | None, typer.Option(help="A YAML file of instructions (name, text, expert_action).")
]
CaseFolder = Annotated[
    Path | None, typer.Option(help="A folder with frame.png and instructions.yaml.")
]
Cases = Annotated[
    Path | None,
    typer.Option(
        help="A folder of case folders, or a LeRobot data set (frames of several episodes, or "
        "folder#episode=3&frames=0,10), with its own tasks as instructions: steps 1-4 use the "
        "first frame, steps 5-6 all."
    ),
]
Expected = Annotated[
    list[str] | None,
    typer.Option(help="Expected action: name=LEFT or name=dim1:+; can be repeated."),
]
Paraphrases = Annotated[
    list[str] | None, typer.Option(help="A paraphrase: name=text; can be repeated.")
]
History = Annotated[
    int, typer.Option(min=0, help="Previous frames, for policies with a frame history.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the frame perturbations.")]
