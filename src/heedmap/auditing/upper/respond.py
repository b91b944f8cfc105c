"""Put every instruction and its controls to a policy, on every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from heedmap.auditing.lower.tokens import made_up
from heedmap.auditing.upper.responses import Kind, Request, Responses, Scores
from heedmap.auditing.upper.runner import Example, Runner
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.policies.stages import stage


@stage("measuring what swapping instructions does")
def respond(runner: Runner, trials: Sequence[Trial], *, with_controls: bool = True) -> Responses:
    """Run everything; a control that the policy refuses, or fails on twice, is left out.

    Raises PolicyError when it refuses an instruction itself, PolicyRunError when it fails on one
    or on a paraphrase.
    """
    requests = [request for number, trial in enumerate(trials) for request in _of(number, trial)]
    given: tuple[Kind, ...] = ("asked", "paraphrase")  # by the user; the others are our own
    asked = [request for request in requests if request.kind in given]
    controls = [request for request in requests if request.kind not in given]

    scores = _each_once(asked, trials, runner.scores)
    if with_controls:
        scores |= _each_once(controls, trials, runner.controls)
    found = [(request, scores.get((request.trial, request.text))) for request in requests]
    for request, got in found:
        if got is None and request.kind == "asked":
            raise PolicyError(
                f"The policy '{runner.policy.name}' refuses to act on the frame "
                f"'{trials[request.trial].name}' under the instruction '{request.text}'; leave it "
                f"out, or give a shorter one."
            )
    return Responses(tuple(trials), tuple((r, s) for r, s in found if s is not None))


_Text = tuple[int, str]
"""The number of a trial, and what was given on it."""


def _each_once(
    requests: Sequence[Request],
    trials: Sequence[Trial],
    run: Callable[[Sequence[Example]], list[Scores | None]],
) -> dict[_Text, Scores | None]:
    """Scores of all requests; equal texts on one frame, such as no words at all, run once."""
    texts = list(dict.fromkeys((request.trial, request.text) for request in requests))
    examples = [(trials[number].observation, text) for number, text in texts]
    return dict(zip(texts, run(examples), strict=True))


def _of(number: int, trial: Trial) -> Iterator[Request]:
    pairs = list(trial.pairs())
    for name, text in trial.instructions.items():
        yield Request(number, "asked", name, text)
        for other in trial.paraphrases.get(name, ()):
            yield Request(number, "paraphrase", name, other)
        yield Request(number, "nonsense", name, made_up(text))
        yield Request(number, "blank", name, "")
    for one, two in pairs:
        joined = f"{trial.instructions[one]} {trial.instructions[two]}"
        yield Request(number, "contradictory", one, joined)
