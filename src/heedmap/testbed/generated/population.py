"""The generated policies: architecture, route, attention, fault, interface and padding, composed.

Development and scored members share no implementation of a fault and no seed; the scored ones have
architectures that development lacks.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count

from heedmap.data.trials import Trial
from heedmap.policies.base import Policy
from heedmap.testbed.generated.faults import DEAF, Implementation, Part, anything
from heedmap.testbed.generated.faults_network import NETWORK_FAULTS
from heedmap.testbed.generated.faults_trained import ODDITIES, TRAINED_FAULTS
from heedmap.testbed.generated.faults_words import WORD_FAULTS
from heedmap.testbed.generated.interfaces import Interface, head_of, policy_of, run_of
from heedmap.testbed.generated.language import Padding
from heedmap.testbed.generated.network import Base, Network
from heedmap.testbed.generated.training import trained, with_head_of
from heedmap.testbed.generated.truth import check_truth
from heedmap.testbed.generated.world import make_trials

FAULTS: tuple[Implementation, ...] = (*WORD_FAULTS, *NETWORK_FAULTS, *TRAINED_FAULTS)
EVERY: tuple[Implementation, ...] = (*FAULTS, *ODDITIES)
HEALTHY_CAUSES = {"two_hops": "indirect_only", "bypass": "bypass"}
"""Causes of routes that obey in a roundabout way; all other healthy ones have none."""
SEED_APART = {"development": 0, "scored": 5000}

BASES: dict[Part, tuple[Base, ...]] = {
    "development": (
        Base("decoder", "tokens", "multihead"),
        Base("film", "sentence"),
        Base("gru", "tokens"),
        Base("decoder", "tokens", "sdpa"),
        Base("cross_dit", "cross", "sdpa"),
        Base("mlp", "task"),
        Base("encoder_mean", "tokens", "softmax"),
        Base("decoder", "prefix", "sdpa"),
        Base("guided_first", "tokens", "sdpa"),
        Base("decoder", "tokens", "softmax"),
        Base("encoder_cls", "tokens", "multihead", dim=16),
        Base("decoder", "sentence", "softmax"),
        Base("decoder", "tokens", "rotary"),
        Base("film", "task"),
        Base("decoder", "task", "multihead"),
        Base("mlp", "sentence", dim=16),
    ),
    "scored": (
        Base("decoder", "tokens", "einsum"),
        Base("adaln", "sentence", "sdpa"),
        Base("perceiver", "tokens", "softmax"),
        Base("scan", "tokens"),
        Base("guided_last", "tokens", "softmax"),
        Base("encoder_decoder", "cross", "sdpa"),
        Base("decoder", "tokens", "sink"),
        Base("linear_attention", "tokens"),
        Base("decoder", "tokens", "sdpa", dim=24),
        Base("mlp", "sentence"),
        Base("encoder_mean", "tokens", "multihead"),
        Base("guided_first", "sentence"),
        Base("decoder", "tokens", "rotary", dim=24),
        Base("film", "sentence", dim=24),
        Base("perceiver", "tokens", "multihead"),
        Base("cross_dit", "cross", "einsum"),
        Base("encoder_cls", "tokens", "einsum"),
        Base("adaln", "task", "multihead"),
        Base("decoder", "prefix", "multihead"),
        Base("gru", "prefix"),
        Base("decoder", "sentence", "sdpa"),
        Base("encoder_decoder", "cross", "softmax"),
        Base("scan", "prefix"),
        Base("guided_last", "sentence"),
        Base("decoder", "task", "softmax"),
    ),
}
ROUNDABOUT: dict[Part, tuple[Base, ...]] = {
    "development": (Base("decoder", "two_hops", "sdpa"), Base("decoder", "bypass", "softmax")),
    "scored": (Base("decoder", "two_hops", "multihead"), Base("decoder", "bypass", "einsum")),
}
EVERY_NTH_TRAINED = 4
"""Faults by training are put into one base in so many, as each is a training of its own."""
MIXED: tuple[Interface, ...] = (
    *("logits", "vector", "single", "inference", "logits", "chunk", "vector"),
    *("logits", "inference", "state", "dict", "logits", "vector", "single", "queue", "numpy"),
)
"""Interfaces of faulty members, in turn."""
HEALTHY: tuple[Interface, ...] = ("logits", "vector", "single", "inference", "state", "chunk")
PADDINGS: tuple[Padding, ...] = ("none", "left", "right")


OF_WORDS = frozenset(
    ["truncated", "unknown_words", "stale_instruction", "same_ids", "empty_instruction"]
)
"""Faults before the network: a task's number is made of the words outside torch, so that little
shows but that nothing changes."""
NO_TASK = frozenset(["unknown_words", "same_ids"])
"""Those of them under which no text has a task's number: the network is given the very same, so
that nothing outside of the policy's own Python can tell them from one that has no input for words.
"""


@dataclass(frozen=True)
class Coordinates:
    """What a member is composed of."""

    architecture: str
    route: str
    attention: str
    fault: str
    implementation: str
    interface: Interface
    padding: Padding


@dataclass(frozen=True)
class Generated:
    """One policy whose truth is known, before it is made."""

    part: Part
    base: Base
    implementation: Implementation
    interface: Interface
    padding: Padding
    seed: int

    @property
    def coordinates(self) -> Coordinates:
        """What it is composed of; "-" for no attention of a certain kind."""
        base, one = self.base, self.implementation
        return Coordinates(
            *(base.architecture, base.route, base.attention or "-"),
            *(one.fault, one.name, self.interface, self.padding),
        )

    @property
    def name(self) -> str:
        """Its coordinates in one word."""
        at = self.coordinates
        body = f"{at.architecture}-{at.route}-{at.attention}-{self.base.dim}"
        return f"{body}/{at.fault}.{at.implementation}/{at.interface}-{at.padding}-{self.seed}"

    @property
    def cause(self) -> str:
        """The cause that is true; "none" for a healthy one."""
        if self._has_no_task:
            return "absent"
        return HEALTHY_CAUSES.get(self.base.route, self.implementation.fault)

    @property
    def also_acceptable(self) -> tuple[str, ...]:
        """Other causes that would be right."""
        if self.base.route in HEALTHY_CAUSES:
            return ("none",)
        also = self.implementation.also
        if self._has_no_task:
            return (*also, self.implementation.fault)
        if self.base.route == "task" and self.implementation.fault in OF_WORDS:
            return (*also, "absent")
        return also

    @property
    def _has_no_task(self) -> bool:
        return self.base.route == "task" and self.implementation.fault in NO_TASK

    @property
    def obeys(self) -> bool | None:
        """Whether every action is the expected one; None where no instruction is needed."""
        truth = self.implementation.truth
        return None if truth == "not_needed" else truth == "obeys"

    @property
    def responds(self) -> bool | None:
        """Whether the action changes with the instruction; None where that is not certain."""
        truth = self.implementation.truth
        if truth in DEAF:
            return False
        return True if truth in ("obeys", "disobeys", "partial") else None

    @property
    def is_healthy(self) -> bool:
        """Whether no rung fails."""
        return self.implementation.truth in ("obeys", "not_needed")

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Twelve frames with instructions and expected actions."""
        one = self.implementation
        discrete = self.base.head == "discrete"
        return make_trials(self.seed, style=one.style, discrete=discrete, plain=one.plain)

    def make(self) -> Policy:
        """A fresh policy; bases are trained once in a process.

        Raises UntrueError where it does not do what is said of it, TrainingError where its base
        could not be trained.
        """
        tried = run_of(self._planted(), self.interface)
        check_truth(self.name, tried, self.trials, self.implementation.truth)
        return policy_of(self.name, self._planted(), self.interface)

    def _planted(self) -> Network:
        network = self._network()
        network.language.padding = self.padding
        if self.implementation.plant is not None:
            self.implementation.plant(network)
        return network

    def _network(self) -> Network:
        one = self.implementation
        seed = self.seed + SEED_APART[self.part]
        taught = with_head_of if one.head_only else trained
        return copy.deepcopy(taught(self.base, one.labels, seed))


def members(part: Part, seed: int = 0, limit: int | None = None) -> Iterator[Generated]:
    """All members of a part in one mixed order, or the first `limit` of them; none is made yet.

    `seed` is that of training, scenes and order.
    """
    found = list(_composed(part, seed))
    random.Random(seed).shuffle(found)
    yield from found[:limit]


@cache
def _composed(part: Part, seed: int) -> tuple[Generated, ...]:
    return (*_healthy(part, seed), *_faulty(part, seed))


def _healthy(part: Part, seed: int) -> Iterator[Generated]:
    none = Implementation("none", "none", part, "obeys", anything)
    turns = count()
    for base in (*BASES[part], *ROUNDABOUT[part]):
        for interface in HEALTHY:
            yield _member(part, base, none, interface, next(turns), seed)


def _faulty(part: Part, seed: int) -> Iterator[Generated]:
    turns = count()
    for shift, one in enumerate(each for each in EVERY if each.part == part):
        fitting = [
            (base, interfaces) for base in BASES[part] if (interfaces := _interfaces(one, base))
        ]
        step = 1 if one.labels == "obeys" else EVERY_NTH_TRAINED
        for base, interfaces in fitting[shift % min(step, len(fitting)) :: step]:
            turn = next(turns)
            yield _member(part, base, one, interfaces[turn % len(interfaces)], turn, seed)


def _interfaces(one: Implementation, base: Base) -> list[Interface]:
    """Those under which a fault makes sense on a base."""
    return [each for each in MIXED if one.applies(_handed_over(base, each))]


def _handed_over(base: Base, interface: Interface) -> Base:
    """With the head and the inputs that an interface has."""
    return replace(base, head=head_of(interface), with_state=interface == "state")


def _member(
    part: Part, base: Base, one: Implementation, interface: Interface, turn: int, seed: int
) -> Generated:
    padding = "none" if base.route == "task" else PADDINGS[turn % len(PADDINGS)]
    return Generated(part, _handed_over(base, interface), one, interface, padding, seed)
