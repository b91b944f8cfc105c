"""Noise that is not pinned is said before much is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation
from heedmap.errors import PolicyError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import FrameCase
from tests.graph_policies import TEXTS, network, policy, trials
from tests.real_models import bare, kosmos2, llama

FEW = 12
"""Runs of the network after which it should be clear."""


def noisy(one: Policy, seed: int | None) -> CallablePolicy:
    """The same policy with noise added to its action, as a flow starts from."""

    def run(seen: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        scores = one.act_unchecked(seen, texts)
        return scores + 0.1 * torch.randn(scores.shape)

    return CallablePolicy("noisy", run, one.module, takes_observations=True, noise_seed=seed)


POLICIES: dict[str, Callable[[], Policy]] = {
    "kosmos2": lambda: bare(*kosmos2()),
    "llama": lambda: bare(*llama()),
    "cached expert": lambda: policy(network("cached expert")),
    "perceiver": lambda: policy(network("perceiver")),
}


@pytest.mark.parametrize("name", POLICIES)
def test_it_is_refused_after_few_runs(name: str, case: FrameCase) -> None:
    frame = trials(1)[0].observation if name in ("cached expert", "perceiver") else case.frame
    drawing = noisy(POLICIES[name](), None)
    with pytest.raises(PolicyError, match="not deterministic.*noise_seed=0"):
        audit(drawing, frame, TEXTS, until="exchange")
    assert drawing.act_calls <= FEW
    pinned = noisy(POLICIES[name](), 0)
    assert audit(pinned, frame, TEXTS, until="exchange").record.policies
