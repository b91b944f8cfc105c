"""A policy whose attention is in several stacks, caches or loops, or cannot be read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager

from heedmap.auditing.described import describe_over_graph
from heedmap.auditing.graph.apart import Apart
from heedmap.auditing.graph.measure import measure_graph
from heedmap.auditing.lower.discovery import CROSS_ATTENTION
from heedmap.auditing.plan import Climb, Climbed
from heedmap.auditing.policy_result import policy_result
from heedmap.auditing.trail import with_trail
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.measure import UpperFacts, measure_by_exchange
from heedmap.errors import (
    CaptureError,
    HeedmapError,
    InstructionError,
    NoAttentionError,
)
from heedmap.ladder.measurements import Measurements
from heedmap.phrase import Phrase, in_a_row, spoken
from heedmap.policies.base import Policy, weights_sha256
from heedmap.tracing.capture.stacks import pattern_of
from heedmap.tracing.graph.nodes import Node, nodes_of


def is_elsewhere(measured: Measurements) -> bool:
    """Whether the stack that was read as the transformer is not the one that is decoded.

    There are others, and it holds no word; or all of its rows are taken for action rows, the words
    among them, as of a backbone whose states an action expert reads.
    """
    presence = measured.presence
    nowhere = not (presence.positions or presence.mixed_positions or presence.overwritten_positions)
    is_read_whole = bool(presence.positions) and not measured.visibility.instruction_total
    return presence.measured and (nowhere or is_read_whole) and len(measured.stacks) > 1


def misses_attention(trails: Trails, texts: Sequence[str], measured: Measurements) -> bool:
    """Whether attention that was not read with the one stack may bring the words to the action.

    A way beside the stack was found, and more attention ran than was seen with it: what goes past
    the stack may be read by the other, and be no bypass. Or other attention reads words, behind the
    stack or between its layers, and the stack's action rows see none, or all of its rows that hold
    words hold the frame too, or the other's keys are not its own rows. `texts` are instructions of
    the frame.
    """
    presence, bypass = measured.presence, measured.bypass
    is_past = bypass.status == "found" and bypass.kind == "after"
    is_unseen = bool(presence.positions) and not measured.visibility.instruction_reachable
    is_crossed = any(stack.reason == CROSS_ATTENTION for stack in measured.stacks)
    is_mixed = bool(presence.mixed_positions) and not presence.positions
    if not (is_past or is_unseen or is_crossed or is_mixed):
        return False
    try:
        nodes = nodes_of(trails.of(texts[0]))
        if is_past and not is_mixed:
            return len(nodes) > sum(stack.layers for stack in measured.stacks)
        taken = {stack.pattern for stack in measured.stacks if stack.taken}
        return _reads_words_later(trails, texts, nodes, taken)
    except InstructionError:
        return False


def _reads_words_later(
    trails: Trails, texts: Sequence[str], nodes: Sequence[Node], taken: Set[str]
) -> bool:
    """Whether attention of other modules reads what changes with the words, after these began.

    And the action rests on it. Cross-attention to an image alone, between a decoder's layers, does
    not count. `nodes` are those of the run under the first text.
    """
    run = trails.of(texts[0])
    ancestors = run.ancestors()
    begun = min((n.number for n in nodes if pattern_of(n.module) in taken), default=None)
    later = [
        node
        for node in nodes
        if begun is not None
        and node.number > begun
        and node.number in ancestors
        and pattern_of(node.module) not in taken
    ]
    if not later or len(texts) == 1:
        return False
    keys = Apart.between(run, nodes, trails.of(texts[1])).keys
    return any(node.key not in keys or bool(keys[node.key].any()) for node in later)


def over_graph(plan: Climb, trails: Trails, climbed: Climbed) -> Climbed:
    """Over all stacks, if any holds words; as it was, where none does.

    Where that is not known, nothing is said of the one stack: the words may be in another.
    """
    upper = climbed.upper
    if upper.obeyed is None:
        return climbed
    is_of_same_words = plan.examined[0].instructions == plan.trials[0].instructions
    tokens = climbed.result.measurements.tokens if is_of_same_words else None
    try:
        with _own_errors_are_told():
            measurements, upper = measure_graph(trails, plan.trials, upper, plan.options, tokens)
    except CaptureError as error:
        if climbed.result.measurements.presence.positions:
            return climbed  # what was read of the one stack is true, if not all
        why = Phrase("Its attention is in several stacks, and {error}.", error=error)
        measurements = Measurements.of_black_box(upper.obeyed, upper.behaviour, unread=why)
    else:
        if not (measurements.visibility.instruction_total or measurements.presence.positions):
            return climbed
    measurements = with_trail(trails, plan.trials, measurements)
    policy, result = trails.policy, climbed.result
    described = describe_over_graph(policy, measurements.computations)
    return Climbed(
        policy_result(described, policy.name, result.weights_sha256, measurements),
        upper,
        steps=climbed.steps,
    )


def read_any_stacks(
    policy: Policy, plan: Climb, trails: Trails | None, why: HeedmapError, *, with_hash: bool
) -> Climbed:
    """Over all stacks, where no single one could be read; else by behaviour and trail alone."""
    upper, known = UpperFacts(), KnownRuns()
    steps = plan.record_steps(trails, known)
    if plan.trials:
        upper = measure_by_exchange(
            policy,
            plan.trials,
            plan.seed,
            lambda: plan.on_step(policy),
            plan.options,
            known=known,
        )
    measurements = Measurements.of_black_box(
        upper.obeyed,
        upper.behaviour,
        unread=why.phrase,
        has_no_attention=isinstance(why, NoAttentionError),
    )
    if trails is not None:
        try:
            with _own_errors_are_told():
                measurements, upper = measure_graph(trails, plan.trials, upper, plan.options)
        except CaptureError as error:
            measurements = measurements.model_copy(
                update={"unread": Phrase("{why} Nor as a graph: {error}.", why=why, error=error)}
            )
    measurements = with_trail(trails, plan.trials, measurements)
    described = describe_over_graph(policy, measurements.computations)
    weights = weights_sha256(policy.module) if with_hash else None
    result = policy_result(described, policy.name, weights, measurements)
    return Climbed(result, upper, steps=steps)


@contextmanager
def _own_errors_are_told() -> Iterator[None]:
    """An error of heedmap's own, while it reads the graph, ends that and not the audit.

    A warning shows it, and it becomes a CaptureError. Errors of the policy's code are
    PolicyRunErrors already.
    """
    try:
        yield
    except (HeedmapError, MemoryError):
        raise
    except Exception as error:
        told = Phrase(
            "heedmap failed to read its attention ({error_kind}: {why})",
            error_kind=type(error).__name__,
            why=error,
        )
        asks = Phrase("{told}; please report this.", told=told)
        warnings.warn(asks.in_language(spoken()), RuntimeWarning, stacklevel=2)
        raise CaptureError(in_a_row((told, "."), "")) from error
