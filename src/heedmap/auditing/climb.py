"""One policy up the whole ladder: rungs 1-4 on every frame, 5 and 6 over the trials.

Attention that is one stack is read as a whole, any other computation by computation. At last the
first case runs plainly once more: outputs and weights must not have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from heedmap.auditing.alike import check_acts_alike, is_same
from heedmap.auditing.any_stacks import (
    is_elsewhere,
    misses_attention,
    over_graph,
    read_any_stacks,
)
from heedmap.auditing.black_box import audit_black_box
from heedmap.auditing.one_stack import read_one_stack
from heedmap.auditing.plan import Climb, Climbed
from heedmap.auditing.preparation import evaluating, measuring
from heedmap.auditing.trails import Trails
from heedmap.errors import (
    CaptureError,
    PolicyError,
    PolicyRunError,
)
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy, same_sums, weights_sums
from heedmap.policies.stages import stage
from heedmap.policies.unwatched import is_raised_by_watching
from heedmap.tracing.capture.trace import one_attention_path


def climb(policy: Policy, plan: Climb, *, with_hash: bool = True) -> Climbed:
    """All rungs of one policy; its training flags are put back, its weights untouched.

    Without `with_hash` the result does not name its weights: hashing takes a while where they
    are large. Raises HeedmapError when an input cannot be used, the policy is not
    deterministic, or its attention cannot be recorded; PolicyRunError, naming the stage, when
    the policy itself fails. The policy is left as it was then, too.
    """
    if policy.is_black_box:
        with measuring(policy):
            result, upper = audit_black_box(
                policy, plan.trials, plan.seed, lambda: plan.on_step(policy), plan.options
            )
        plan.keep_trials(policy, upper)
        return Climbed(result, upper)
    with evaluating(policy), one_attention_path(), _weights_unchanged(policy):
        first = plan.examined[0]
        texts = list(first.instructions.values())
        trails = Trails(policy, plan.trials[0].observation, plan.seed) if plan.trials else None
        try:
            holding = plan.holding()
            climbed, before = read_one_stack(policy, holding, trails, with_hash=with_hash)
            measured = climbed.result.measurements
            if trails is not None and (
                is_elsewhere(measured) or misses_attention(trails, texts, measured)
            ):
                climbed = over_graph(plan, trails, climbed)
            if climbed.result.cases:  # it is the one stack's
                holding.release()
        except (CaptureError, PolicyRunError) as error:
            if isinstance(error, PolicyRunError) and not is_raised_by_watching(error.__cause__):
                raise
            # What it does can still be measured, and followed.
            before = (check_acts_alike(policy, first.observation, texts),)
            climbed = read_any_stacks(policy, plan, trails, error, with_hash=with_hash)
        plan.keep_steps(trails, climbed.result.measurements.trail, climbed.steps)
        with stage(Phrase("running the first frame once more, plainly")):
            _check_same(policy, before, policy([first.observation], texts[:1]))
    plan.keep_trials(policy, climbed.upper)
    return climbed


def _check_same(policy: Policy, before: Sequence[ActionScores | None], after: ActionScores) -> None:
    """The first case's scores: when it was looked into, under watch, and plainly at last."""
    if any(scores is None or not is_same(after, scores) for scores in before):
        raise PolicyError(
            "The policy '{policy}' gave different actions before, during and after its audit; it "
            "must be deterministic. Pin its noise and clear its caches.",
            policy=policy.name,
        )


@contextmanager
def _weights_unchanged(policy: Policy) -> Iterator[None]:
    """Raise PolicyError at the end where a weight or buffer is not what it was."""
    before = weights_sums(policy.module)
    yield
    if not same_sums(weights_sums(policy.module), before):
        raise PolicyError(
            "The weights or buffers of '{policy}' changed while it was audited; run it in "
            "evaluation mode, without updates in its forward pass.",
            policy=policy.name,
        )
