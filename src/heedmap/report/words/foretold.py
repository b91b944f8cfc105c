"""Whether the first frame of an episode alone foretells the instruction it was recorded under.

Where it does, a policy can learn every action from the frame and never needs the words. The probe
is that of `heedmap needed`, on one frame an episode.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from heedmap.data.examples import Examples
from heedmap.data.images import side_by_side
from heedmap.data.pixels import Frame
from heedmap.data.sources import episode_at
from heedmap.errors import FrameError, MissingExtraError, RecordError
from heedmap.ladder.messages.numbers import percent
from heedmap.ladder.thresholds import FEWEST_EXAMPLES
from heedmap.report.words.finding import Finding, finding_of
from heedmap.report.words.texts import Instruction, Source, plain_form

MOST_EPISODES = 200
"""Of a source, evenly over its order: a frame of each is decoded."""


def foretold(source: Source) -> Iterable[Finding]:
    """The finding, where a probe tells the instruction of held-out episodes from their frame.

    Frames that cannot be read are left out; where that leaves too few, a note says so. Sources of
    few episodes, or of one instruction, have no finding.
    """
    chosen = _chosen(source)
    if len(chosen) < FEWEST_EXAMPLES or len(source.by_words) < 2:
        return
    read = [(each, frame) for each in chosen if (frame := _first_frame(each)) is not None]
    if len(read) < FEWEST_EXAMPLES:
        unread = [(each, None) for each in chosen]
        yield from finding_of("frames_unread", source, unread, read=len(read))
        return
    from heedmap.auditing.needed import foretold as probe  # with scikit-learn, which takes a while

    try:
        found = probe(_examples(read), "instruction")
    except RecordError:  # too few of each instruction
        return
    if found.is_foretold:
        yield from finding_of(
            *("foretold", source, [(each, None) for each, _ in read], "other"),
            share=percent(found.foretold_share),
            accuracy=percent(found.accuracy),
            hits=round(found.accuracy * found.examples),
            majority=percent(found.majority),
            episodes=found.examples,
        )


def _chosen(source: Source) -> list[Instruction]:
    """One instruction an episode, evenly over the source."""
    found = [
        *{each.place: each for each in source.instructions if each.episode is not None}.values()
    ]
    if len(found) <= MOST_EPISODES:
        return found
    return [found[at] for at in np.linspace(0, len(found) - 1, MOST_EPISODES).astype(int)]


def _first_frame(instruction: Instruction) -> Frame | None:
    """All cameras side by side; None for what cannot be read."""
    assert instruction.episode is not None
    try:
        images = episode_at(instruction.episode).observation(0).images
        return side_by_side([images[name] for name in images])
    except (FrameError, MissingExtraError):
        return None


def _examples(read: list[tuple[Instruction, Frame]]) -> Examples:
    return Examples(
        frames=tuple(frame for _, frame in read),
        frame=tuple(range(len(read))),
        instruction=tuple(plain_form(each.said) for each, _ in read),
        action=(None,) * len(read),
        episode=tuple(each.place for each, _ in read),
    )
