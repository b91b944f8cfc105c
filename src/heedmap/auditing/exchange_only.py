"""An audit that only exchanges instructions and a frame, all of it in one batch.

For readings that come again and again, of a policy whose steps were measured before: as long as the
action goes on responding to the instruction, nothing has been lost on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from heedmap.auditing.described import describe_policy
from heedmap.auditing.policy_result import policy_result
from heedmap.auditing.preparation import in_evaluation_mode
from heedmap.auditing.upper.known import KnownRuns, given
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, measure_by_exchange
from heedmap.auditing.upper.responses import Scores
from heedmap.auditing.upper.runner import Example, Runner, agree
from heedmap.auditing.variants import observation_variants
from heedmap.data.trials import Trial
from heedmap.errors import PolicyRunError
from heedmap.ladder.measurements import Measurements
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.record.record import PolicyResult
from heedmap.tracing.batches import BatchSize
from heedmap.tracing.capture.trace import one_attention_path


@dataclass
class ExchangeOnly:
    """Of one policy, which may be in training: batches are compared with single runs once."""

    policy: Policy
    seed: int = 0
    is_exact: bool | None = None
    """Whether a batch gave what single runs give; None: not tried yet."""

    def read(self, trials: Sequence[Trial], options: UpperOptions) -> PolicyResult | None:
        """Rungs 5 and 6 by exchange, without paraphrases; the others are "not measured".

        None where the steps have to be measured: no instruction moves the action by more than
        rounding, or a batch does not give what single runs give. To be called where weights and
        generators are looked after, as in a monitor. Raises PolicyRunError when the policy fails.
        """
        if self.is_exact is False or self.policy.noise_seed is not None:
            return None
        with in_evaluation_mode(self.policy), one_attention_path():
            upper = self._measured(trials, options)
        if upper is None or upper.behaviour is None or not upper.behaviour.responds:
            return None
        measured = Measurements.of_black_box(upper.obeyed, upper.behaviour)
        return policy_result(describe_policy(self.policy), self.policy.name, None, measured)

    @stage(Phrase("exchanging instruction, frame and state"))
    def _measured(self, trials: Sequence[Trial], options: UpperOptions) -> UpperFacts | None:
        # Paraphrases would be several times as many runs.
        trials = [replace(trial, paraphrases={}) for trial in trials]
        known = self._run(trials)
        if known is None:
            return None
        only = options._replace(until="exchange", with_controls=False)
        runner = Runner(self.policy, BatchSize(1), known=known)
        return measure_by_exchange(self.policy, trials, self.seed, options=only, runner=runner)

    def _run(self, trials: Sequence[Trial]) -> KnownRuns | None:
        """Scores of all instructions, and of the first one again and on a changed frame."""
        first = trials[0].observation, next(iter(trials[0].instructions.values()))
        asked = [(t.observation, text) for t in trials for text in t.instructions.values()]
        variants = observation_variants(first[0], self.seed)
        changed = [(frames[0], first[1]) for frames in variants.values()]
        examples = [*asked, *changed, first]
        runner = Runner(self.policy, BatchSize(len(examples), ran=len(examples)))
        if self.is_exact is None:
            found = attempt(lambda: runner.scores(examples))
            self.is_exact = not isinstance(found, PolicyRunError) and self._is_as_alone(
                examples, found
            )
        else:
            found = runner.scores(examples)
        if not self.is_exact or isinstance(found, PolicyRunError):
            return None
        rows = [scores for scores in found if scores is not None]
        if len(rows) < len(examples):
            return None  # it refuses an instruction: an audit says which
        once = {given(*each): row for each, row in zip(examples[:-1], rows[:-1], strict=True)}
        return KnownRuns(once, again={given(*first): rows[-1]})

    def _is_as_alone(self, examples: Sequence[Example], together: Sequence[Scores | None]) -> bool:
        runner = Runner(self.policy, BatchSize(1))
        for example, mine in zip(examples, together, strict=True):
            (alone,) = runner.scores([example])
            if alone is None or mine is None or not agree([alone], [mine]):
                return False
        return True
