"""What the user allowed beyond the safe defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Permissions:
    """Each is a flag of the command line; without it, heedmap refuses and names the flag."""

    trust_checkpoint: bool = False
    """`--trust-checkpoint`: pickles in a checkpoint may run code."""
    trust_remote_code: bool = False
    """`--trust-remote-code`: Python files that come with a checkpoint may run."""
    allow_partial: bool = False
    """`--allow-partial`: weights that a checkpoint lacks stay random."""
    hub: bool = False
    """`--hub`: models may be fetched from the Hugging Face hub."""


SAFE = Permissions()
