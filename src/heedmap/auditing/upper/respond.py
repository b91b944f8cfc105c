"""Put every instruction and its controls to a policy, on every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from heedmap.auditing.upper.responses import Kind, Request, Responses, Scores
from heedmap.auditing.upper.runner import Example, Runner
from heedmap.auditing.variants import MADE_UP_WORDS
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage


@stage(Phrase("measuring what swapping instructions does"))
def respond(runner: Runner, trials: Sequence[Trial], *, with_controls: bool = True) -> Responses:
    """Run everything; a control that the policy refuses, or fails on twice, is left out.

    Raises PolicyError when it refuses an instruction itself, PolicyRunError when it fails on one
    or on a paraphrase.
    """
    requests = [
        request for number, trial in enumerate(trials) for request in requests_of(number, trial)
    ]
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
                "The policy '{policy}' refuses to act on the frame '{frame}' under the "
                "instruction '{instruction}'; leave it out, or give a shorter one.",
                policy=runner.policy.name,
                frame=trials[request.trial].name,
                instruction=request.text,
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


def requests_of(number: int, trial: Trial) -> Iterator[Request]:
    """Every text that is put to the policy on one trial, with its kind."""
    for name, text in trial.instructions.items():
        yield Request(number, "asked", name, text)
        for other in trial.paraphrases.get(name, ()):
            yield Request(number, "paraphrase", name, other)
        words = len(text.split())
        nonsense = (MADE_UP_WORDS[index % len(MADE_UP_WORDS)] for index in range(words))
        yield Request(number, "nonsense", name, " ".join(nonsense))
        yield Request(number, "blank", name, "")
    for one, two in _some_pairs(trial):
        joined = f"{trial.instructions[one]} {trial.instructions[two]}"
        yield Request(number, "contradictory", one, joined)


def _some_pairs(trial: Trial) -> list[tuple[str, str]]:
    """Pairs of instructions, evenly chosen: no more than there are instructions."""
    pairs, most = list(trial.pairs()), len(trial.instructions)
    return [pairs[n * len(pairs) // most] for n in range(most)] if len(pairs) > most else pairs
