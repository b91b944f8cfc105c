"""Generated policies do what their truth says; one that does not is not handed out.

A few bases are trained here; `heedmap scoreboard --only-make` makes all members of a part.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from heedmap.testbed.generated.faults import Implementation, Part, anything
from heedmap.testbed.generated.interfaces import Interface
from heedmap.testbed.generated.language import Padding
from heedmap.testbed.generated.network import Base
from heedmap.testbed.generated.population import EVERY, Generated
from heedmap.testbed.generated.training import single_thread
from heedmap.testbed.generated.truth import UntrueError, is_expected

BASES: dict[Part, tuple[Base, ...]] = {
    "development": (Base("decoder", "tokens", "softmax"), Base("mlp", "task")),
    "scored": (Base("decoder", "tokens", "sink"), Base("film", "sentence", dim=24)),
}
"""The first that a fault makes sense on is taken."""
TRAINED = ("swapped", "blind", "untrained")
FEW: tuple[Base, ...] = (
    Base("guided_last", "sentence"),
    Base("film", "sentence", head="continuous"),
    Base("mlp", "task", dim=16),
)


def sample() -> list[Generated]:
    found: list[Generated] = []
    for one in EVERY:
        base = next((base for base in BASES[one.part] if one.applies(base)), None)
        if one.labels != "obeys" and one.labels in TRAINED:
            base = BASES[one.part][1]  # the one that is trained fastest
        if base is not None and one.labels in ("obeys", *TRAINED):
            found.append(Generated(one.part, base, one, "logits", "none", 0))
    return found


SAMPLE = sample()


@pytest.mark.parametrize("member", SAMPLE, ids=[each.name for each in SAMPLE])
def test_a_fault_does_what_its_truth_says(member: Generated) -> None:
    with single_thread():
        member.make()


def test_the_sample_has_most_implementations() -> None:
    assert len(SAMPLE) >= 30


def healthy(base: Base, interface: Interface = "logits") -> Generated:
    none = Implementation("none", "none", "scored", "obeys", anything)
    return Generated("scored", base, none, interface, "none", 0)


@pytest.mark.parametrize("base", FEW, ids=str)
def test_a_base_obeys_on_all_of_its_trials(base: Base) -> None:
    with single_thread():
        healthy(base, "vector" if base.head == "continuous" else "logits").make()


@pytest.mark.parametrize("interface", ["vector", "inference", "chunk", "queue"])
@pytest.mark.parametrize("padding", ["none", "left", "right"])
def test_every_interface_and_padding_obeys(interface: Interface, padding: Padding) -> None:
    base = Base("film", "sentence", head="continuous")
    member = healthy(base, "vector")
    other = replace(member, interface=interface, padding=padding)
    with single_thread():
        other.make()


def test_a_member_that_is_not_what_it_says_is_not_handed_out() -> None:
    base = BASES["scored"][1]
    for truth in ("identical", "constant", "disobeys", "partial", "incompetent", "own_only"):
        none = Implementation("none", "none", "scored", truth, anything)
        with pytest.raises(UntrueError, match=f"is not '{truth}': expected actions on 100%"):
            Generated("scored", base, none, "logits", "none", 0).make()


def test_a_policy_is_fresh_each_time_and_does_not_change_its_base() -> None:
    stale = next(one for one in EVERY if one.name == "cached_by_length")
    member = Generated("scored", BASES["scored"][1], stale, "logits", "none", 0)
    trial = member.trials[0]
    for name, text in trial.instructions.items():
        # The first instruction that a fresh policy gets is followed; later ones are not.
        (action,) = member.make()([trial.observation], [text]).numpy()
        assert is_expected(action, trial.expected[name])
    healthy(BASES["scored"][1]).make()


def test_training_leaves_torch_as_it_was() -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    healthy(Base("mlp", "task", dim=16)).make()
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_num_threads() == threads
