"""What a command says of its inputs before it begins: frames, instructions, data set, episodes."""

from __future__ import annotations

from heedmap.cli.console import Advance, err, print_line
from heedmap.cli.inputs import AuditInputs
from heedmap.data.locator import parse_locator
from heedmap.data.sources import episode_at, is_lerobot
from heedmap.ladder.messages import say


def print_header(inputs: AuditInputs) -> None:
    """Say on standard error what is put to the policies, and which cameras are left out."""
    print_line(err, inputs_line(inputs))
    for place in inputs.places:
        locator = parse_locator(place)
        if is_lerobot(locator.path) and (skipped := episode_at(locator).skipped_cameras):
            line = say("note_depth", source=str(locator.path), cameras=", ".join(skipped))
            print_line(err, line)


def once_begun(inputs: AuditInputs, advance: Advance) -> Advance:
    """As `advance`, with the header at its first call: an error before that is one sentence."""
    is_begun = False

    def advance_after_header(label: str, done: int, total: int) -> None:
        nonlocal is_begun
        if not is_begun:
            is_begun = True
            print_header(inputs)
        advance(label, done, total)

    return advance_after_header


def inputs_line(inputs: AuditInputs) -> str:
    """Frames times instructions, and where they are from."""
    low, high = min(inputs.per_frame), max(inputs.per_frame)
    paths = dict.fromkeys(str(parse_locator(place).path) for place in inputs.places)
    return say(
        "inputs_of",
        frames=len(inputs.per_frame),
        instructions=low if low == high else say("from_to", low=low, high=high),
        pairs=sum(inputs.per_frame),
        source=", ".join(paths),
        episodes=inputs.episodes,
    )
