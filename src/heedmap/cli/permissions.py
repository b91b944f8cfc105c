"""Options that allow what heedmap refuses by default; commands that load policies share them."""

from __future__ import annotations

from typing import Annotated

import typer

TrustCheckpoint = Annotated[
    bool, typer.Option("--trust-checkpoint", help="Pickles in the checkpoint may run code.")
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Python files of the checkpoint may run.")
]
AllowPartial = Annotated[
    bool, typer.Option("--allow-partial", help="Weights that the checkpoint lacks stay random.")
]
Hub = Annotated[bool, typer.Option("--hub", help="Models may be fetched from the hub.")]
