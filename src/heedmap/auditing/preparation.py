"""What an audit does with policies and frames before and around its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from heedmap.data.observation import NamedFrame
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.alone import alone
from heedmap.policies.base import Policy
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.generators import generators_kept
from heedmap.policies.registry import load_policy
from heedmap.policies.stages import stage


def load_all(policies: Sequence[Policy | str], permissions: Permissions = SAFE) -> list[Policy]:
    """Policies by name or as they are. Raises PolicyError for none, or one given twice."""
    loaded = [load_policy(p, permissions) if isinstance(p, str) else p for p in policies]
    names = [policy.name for policy in loaded]
    if not names or len(set(names)) < len(names):
        raise PolicyError(
            "Give at least one policy, and none twice; got {names}. Checkpoints may be given "
            "names: kosmos2:PATH?name=exp42.",
            names=", ".join(names) or Phrase("none"),
        )
    return loaded


@stage(Phrase("checking frames and instructions"))
def check_inputs(
    policy: Policy, frames: Sequence[NamedFrame], instructions: Mapping[str, str]
) -> None:
    """Refuse what this policy cannot take before any work is done."""
    for frame in frames:
        policy.check_observation(frame.observation)
    for text in instructions.values():
        policy.token_count(text)


@contextmanager
def measuring(policy: Policy) -> Iterator[None]:
    """Inside, no other thread audits; generators are put back afterwards, the policy's own, too."""
    with alone(), generators_kept(policy):
        policy.actions_seen = None
        yield


@contextmanager
def evaluating(policy: Policy) -> Iterator[None]:
    """`measuring`, in evaluation mode."""
    with measuring(policy), in_evaluation_mode(policy):
        yield


@contextmanager
def in_evaluation_mode(policy: Policy) -> Iterator[None]:
    """Every module has its own training flag again afterwards."""
    flags = [(module, module.training) for module in policy.module.modules()]
    try:
        policy.module.eval()
        yield
    finally:
        for module, was_training in flags:
            module.training = was_training
