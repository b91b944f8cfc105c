"""Options that allow what heedmap refuses by default; commands that load policies share them."""

from __future__ import annotations

from typing import Annotated

import typer

TrustCheckpoint = Annotated[
    bool, typer.Option("--trust-checkpoint", help="Allow pickles in the checkpoint to run code.")
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Allow Python files of the checkpoint to run.")
]
AllowPartial = Annotated[
    bool, typer.Option("--allow-partial", help="Allow missing weights; they stay random.")
]
Hub = Annotated[bool, typer.Option("--hub", help="Allow downloads from the Hugging Face hub.")]
