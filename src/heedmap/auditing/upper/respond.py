"""Put every instruction and its controls to a policy, on every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from heedmap.auditing.lower.tokens import MADE_UP_WORDS
from heedmap.auditing.upper.responses import Kind, Request, Responses
from heedmap.auditing.upper.runner import Example, Runner
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.policies.stages import stage


@stage("measuring what swapping instructions does")
def respond(runner: Runner, trials: Sequence[Trial]) -> Responses:
    """Run everything; a control that the policy refuses, or fails on twice, is left out.

    Raises PolicyError when it refuses an instruction itself, PolicyRunError when it fails on one
    or on a paraphrase.
    """
    requests = [request for number, trial in enumerate(trials) for request in _of(number, trial)]
    given: tuple[Kind, ...] = ("asked", "paraphrase")  # by the user; the others are our own
    asked = [request for request in requests if request.kind in given]
    controls = [request for request in requests if request.kind not in given]

    def examples(some: Sequence[Request]) -> list[Example]:
        return [(trials[request.trial].observation, request.text) for request in some]

    scores = dict(zip(asked, runner.scores(examples(asked)), strict=True))
    scores |= zip(controls, runner.controls(examples(controls)), strict=True)
    found = [(request, scores[request]) for request in requests]
    for request, got in found:
        if got is None and request.kind == "asked":
            raise PolicyError(
                f"The policy '{runner.policy.name}' refuses to act on the frame "
                f"'{trials[request.trial].name}' under the instruction '{request.text}'; leave it "
                f"out, or give a shorter one."
            )
    return Responses(tuple(trials), tuple((r, s) for r, s in found if s is not None))


def _of(number: int, trial: Trial) -> Iterator[Request]:
    pairs = list(trial.pairs())
    for name, text in trial.instructions.items():
        yield Request(number, "asked", name, text)
        for other in trial.paraphrases.get(name, ()):
            yield Request(number, "paraphrase", name, other)
        words = len(text.split())
        nonsense = (MADE_UP_WORDS[index % len(MADE_UP_WORDS)] for index in range(words))
        yield Request(number, "nonsense", name, " ".join(nonsense))
        yield Request(number, "blank", name, "")
    for one, two in pairs:
        joined = f"{trial.instructions[one]} {trial.instructions[two]}"
        yield Request(number, "contradictory", one, joined)
