"""Faults that come from what a policy was trained on; and what looks odd but is none."""

from __future__ import annotations

from collections.abc import Callable

from heedmap.testbed.generated.faults import (
    Implementation,
    anything,
    has_sequence,
    is_discrete,
)
from heedmap.testbed.generated.faults_network import image_hidden, word_bias
from heedmap.testbed.generated.faults_words import wired
from heedmap.testbed.generated.network import Base, Network
from heedmap.testbed.generated.wiring import IMAGE


def has_state(base: Base) -> bool:
    """A state vector is an input."""
    return base.with_state and is_discrete(base)


def is_continuous(base: Base) -> bool:
    """Values."""
    return not is_discrete(base)


def eyes_zero(network: Network) -> None:
    """The patch embedding's weights were never loaded."""
    del network.wiring.at["pixels"]
    network.eyes.weight.zero_()


def image_behind(mask: Callable[[Network], None]) -> Callable[[Network], None]:
    """A policy that learned without frames gets them, but behind a mask."""

    def plant(network: Network) -> None:
        del network.wiring.at["pixels"]
        mask(network)

    return plant


def sees_image_in_attention(base: Base) -> bool:
    """Only attention brings the image to the action row."""
    return base.architecture == "decoder" and is_discrete(base) and has_sequence(base)


TRAINED_FAULTS: tuple[Implementation, ...] = (
    Implementation("unused", "words_shuffled", "development", "same_choice", is_discrete,
                   labels="always_forward"),
    Implementation("unused", "head_only", "scored", "same_choice", is_discrete,
                   labels="always_forward", head_only=True),
    Implementation("confounded", "words_shuffled", "development", "own_only", is_discrete,
                   labels="frame"),
    Implementation("confounded", "frame_first", "scored", "own_only", is_discrete,
                   labels="frame_then_recorded"),
    Implementation("state_decides", "words_shuffled", "development", "own_by_state", has_state,
                   labels="state"),
    Implementation("state_decides", "state_first", "scored", "own_by_state", has_state,
                   labels="state_then_recorded"),
    Implementation("disobeyed", "labels_swapped", "development", "disobeys", anything,
                   labels="swapped", also=("partial",)),
    Implementation("partial", "pace_ignored", "development", "partial", is_discrete,
                   labels="pace_ignored", style="pairs", also=("disobeyed",)),
    Implementation("partial", "one_direction_lost", "scored", "partial", is_discrete,
                   labels="right_as_forward", also=("disobeyed",)),
    Implementation("not_competent", "untrained", "development", "incompetent", is_discrete,
                   labels="untrained", also=("unused", "constant_action", "disobeyed")),
    Implementation("not_competent", "random_labels", "scored", "incompetent", is_discrete,
                   labels="random", also=("unused", "constant_action", "disobeyed")),
)  # fmt: skip

ODDITIES: tuple[Implementation, ...] = (
    Implementation("not_needed", "paraphrases", "development", "not_needed", anything,
                   style="paraphrases"),
    Implementation("not_needed", "paces", "scored", "not_needed", is_continuous, style="paces"),
    Implementation("image_unused", "black_frames", "development", "obeys", is_discrete,
                   labels="blind", plain=True,
                   also=("none", "image_masked")),
    Implementation("image_unused", "eyes_zero", "scored", "obeys", is_discrete,
                   plant=eyes_zero, labels="blind", plain=True, also=("none", "image_masked")),
    Implementation("image_masked", "mask", "development", "obeys", sees_image_in_attention,
                   plant=image_behind(wired("allowed", image_hidden)), labels="blind", plain=True,
                   also=("none", "image_unused")),
    Implementation("image_masked", "bias", "scored", "obeys", sees_image_in_attention,
                   plant=image_behind(lambda n: n.wire("bias", word_bias(-200.0, IMAGE))),
                   labels="blind", plain=True, also=("none", "image_unused")),
)  # fmt: skip
"""Policies that obey, or of which it cannot be told; no rung fails."""
