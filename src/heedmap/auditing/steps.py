"""Every module call of one policy on one frame, under exchanged instruction, frame, paraphrase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from typing import NamedTuple

from heedmap.auditing.preparation import check_inputs, evaluating
from heedmap.auditing.trail import measure_trail
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, measure_by_exchange
from heedmap.auditing.upper.runner import Runner
from heedmap.data.instructions import check_instructions
from heedmap.data.observation import NamedFrame
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, PolicyError
from heedmap.ladder.behaviour import TrailFacts
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.verdict import Verdict
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.batches import BatchSize
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.trail.recording import Recording
from heedmap.tracing.trail.steps import (
    Exchanged,
    Shares,
    Step,
    carried_shares,
    relative_differences,
    steps,
)

TRIED_PAIRS = 4
"""Pairs of instructions that are tried until the policy takes both."""

Steps = tuple[tuple[str, str], list[Step]]
"""Base and other instruction, and all module calls."""

Progress = Callable[[str, int, int], None]
"""Called with the policy's name, stages done (then calls patched), and of how many."""


def _quietly(label: str, done: int, total: int) -> None:
    pass


class Followed(NamedTuple):
    """What `follow` found."""

    verdict: Verdict
    """By exchange and trail alone: no attention was read."""
    trail: TrailFacts | None
    """Where the instruction was lost; None where it was not, or no pair of texts was found."""
    responds: bool
    """Whether what the instruction says moves the action by more than rounding."""
    texts: tuple[str, str]
    """Base and other instruction of the steps."""
    steps: list[Step]


def follow(
    policy: Policy,
    frame: NamedFrame,
    trial: Trial,
    *,
    seed: int = 0,
    patch: bool = False,
    on_progress: Progress = _quietly,
) -> Followed:
    """Where one policy loses its instruction on one frame, and all module calls on the way.

    `trial` holds the frame with its instructions and paraphrases. With `patch`, each call that
    differs is patched: a run each. The policy's training flags are put back. Raises PolicyError for
    a policy without a module of its own, and InstructionError where no two of the instructions can
    be given to it.
    """
    if policy.is_black_box:
        raise PolicyError(
            "'{policy}' shows nothing but its actions, so there are no module calls to follow; "
            "give the policy itself, or run heedmap audit.",
            policy=policy.name,
        )
    check_instructions(trial.instructions)
    check_inputs(policy, [frame], trial.instructions)
    with evaluating(policy), one_attention_path():
        on_progress(policy.name, 0, 3)
        trails = Trails(policy, trial.observation, seed)
        upper = _exchange(trails, trial)
        on_progress(policy.name, 1, 3)
        assert upper.behaviour is not None
        responds, trail = upper.behaviour.responds, None
        if not responds:
            trail = measure_trail(trails, trial, upper.behaviour)
        on_progress(policy.name, 2, 3)
        found = measure_steps(
            trails,
            trial,
            None if trail is None else trail.texts,
            most_patched=None if patch else 0,
            with_same=True,
            on_patched=lambda done, total: on_progress(policy.name, done, total),
        )
    if found is None:
        raise InstructionError(
            "'{policy}' takes no two of the instructions given; give others.", policy=policy.name
        )
    measured = Measurements.of_black_box(upper.obeyed, upper.behaviour, trail)
    return Followed(judge(measured), trail, responds, *found)


def _exchange(trails: Trails, trial: Trial) -> UpperFacts:
    """What exchanges do; runs that the trail needs anyway are not made twice."""
    pair: Sequence[str] = (pairs_of(trial) or [list(trial.instructions.values())])[0]
    with suppress(InstructionError):  # run plainly, its error says more
        for text in pair:
            trails.of(text)
        trails.repeated(pair[0])
        if trails.other_frame is not None:
            trails.on_other_frame(pair[0])
    known = KnownRuns()
    known.note_trails(trails)
    runner = Runner(trails.policy, BatchSize(1), known=known)
    options = UpperOptions("exchange", with_controls=False)
    return measure_by_exchange(trails.policy, [trial], trails.seed, options=options, runner=runner)


@stage(Phrase("recording module calls"))
def measure_steps(
    trails: Trails,
    trial: Trial,
    texts: tuple[str, str] | None = None,
    *,
    most_patched: int | None = 0,
    with_same: bool = False,
    on_patched: Callable[[int, int], None] = lambda done, total: None,
) -> Steps | None:
    """The texts compared and every module call; None where the policy takes no pair of texts.

    Recorded are base, other instruction, other frame, and the paraphrase, or where none is given
    the same again; this too `with_same`. `texts` are the base's and another; left out, the first
    instructions of equal length. Calls are patched where there are at most `most_patched` (None:
    however many). `trails` are of the trial's frame.
    """
    pairs = [texts] if texts is not None else pairs_of(trial)
    for one, two in pairs[:TRIED_PAIRS]:
        try:
            base, other = trails.of(one), trails.of(two)
        except InstructionError:
            continue
        differences: dict[Exchanged, Shares] = {"instruction": relative_differences(base, other)}
        carried = None
        if most_patched is None or len(base.calls) <= most_patched:
            given = trial.observation, one
            carried = carried_shares(trails.policy, *given, base, other, on_patched)
        for exchanged, run in _others(trails, trial, one, with_same=with_same):
            differences[exchanged] = relative_differences(base, run)
        return (one, two), steps(base, differences, carried)
    return None


def pairs_of(trial: Trial) -> list[tuple[str, str]]:
    """Instructions two by two, those of equally many words first: these run in the same shapes."""
    texts = dict.fromkeys(trial.instructions.values())
    return sorted(combinations(texts, 2), key=lambda pair: _words(pair[0]) != _words(pair[1]))


def _words(text: str) -> int:
    return len(text.split())


def _others(
    trails: Trails, trial: Trial, text: str, *, with_same: bool
) -> Iterator[tuple[Exchanged, Recording]]:
    """What the policy is given beside the two instructions; what it refuses is left out."""
    if trails.other_frame is not None:
        with suppress(InstructionError):
            yield "frame", trails.on_other_frame(text)
    name = next(name for name, own in trial.instructions.items() if own == text)
    paraphrases = trial.paraphrases.get(name, ())
    if paraphrases:
        with suppress(InstructionError):
            yield "paraphrase", trails.of(paraphrases[0])
    if with_same or not paraphrases:
        with suppress(InstructionError):
            yield "same", trails.repeated(text)
