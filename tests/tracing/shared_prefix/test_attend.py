"""Many instructions together against one pass each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from heedmap.data.observation import of_frame
from heedmap.errors import CaptureError, InstructionError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS, FrameCase
from heedmap.testbed.specimens.zoo import load_specimen
from heedmap.tracing.observe import observe
from heedmap.tracing.shared_prefix.attend import Attended, attend
from tests.conftest import run_bare
from tests.plain_policies import PlainPolicy
from tests.real_models import Build, bare, kosmos2, llama, paligemma

TEXTS = (
    "go to the left",
    "go to the right now please",
    "stop",
    "go to the left toward the red key and the blue ball",
    "navigate to the blue door",
)


def check(policy: Policy, pattern: str, case: FrameCase, texts: Sequence[str]) -> Attended:
    """Scores and attention of every instruction as when it runs alone."""
    observation = of_frame(case.frame)
    found = attend(policy, observation, texts, rows=(-1, -2))
    for text, scores, weights in zip(texts, found.scores, found.weights, strict=True):
        alone = observe(policy, pattern, observation, text)
        assert (scores - alone.scores[0]).abs().max() <= 1e-5
        expected = alone.attention((-1, -2))
        assert weights.shape == expected.shape
        assert np.abs(weights.numpy() - expected).max() <= 1e-5
    spread = (found.scores[1:] - found.scores[:1]).abs().max()
    assert spread > 1e-4  # the comparison is of something
    return found


@pytest.mark.parametrize(
    ("build", "pattern", "shared"),
    [
        # BOS, bracket, 8 latents, bracket; 16 ids of the image.
        (kosmos2, "text_model.model.layers.*.self_attn", 11),
        (llama, "model.layers.*.self_attn", 16),
        (paligemma, "model.language_model.layers.*.self_attn", 0),
    ],
)
def test_real_decoders(build: Build, pattern: str, shared: int, case: FrameCase) -> None:
    model, inputs = build()
    found = check(bare(model, inputs), pattern, case, TEXTS)
    assert found.shared_positions == shared
    assert (found.why_alone is None) == (shared > 0)
    if not shared:
        assert "not causal" in str(found.why_alone)


def test_words_that_all_share_are_run_once_too(case: FrameCase) -> None:
    model, inputs = llama()
    texts = ["go to the left", "go to the right now", "go to the door"]
    found = check(bare(model, inputs), "model.layers.*.self_attn", case, texts)
    assert found.shared_positions == 16 + 3


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
def test_specimens(wiring: str, case: FrameCase) -> None:
    """In the published wiring the mask of what all share is the text's: another for each length."""
    network = load_specimen(f"exp43_cross_attn_text@{wiring}")
    policy = CallablePolicy(
        "specimen", lambda f, i: run_bare(network, f, i), network, action_names=ACTIONS
    )
    texts = list(case.instructions.values())
    found = check(policy, "decoder.model.layers.*.self_attn", case, texts)
    assert (found.shared_positions >= 65) == (wiring == "sound")


def test_a_head_that_looks_words_up_is_given_them_all(case: FrameCase) -> None:
    """One call on the last instruction would give all of them that one's words."""
    model, inputs = llama()

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        length = torch.tensor([float(len(text)) for text in texts])
        given = [inputs([frame], [text]) for frame, text in zip(frames, texts, strict=True)]
        logits = model(given[0]["input_ids"]).logits
        if len(texts) == 1:
            return logits[:, -1, 20:23] + length[:, None]
        raise ValueError("no batches of unequal lengths")

    found = check(CallablePolicy("words", run, model), "model.layers.*.self_attn", case, TEXTS)
    assert found.shared_positions == 0
    assert found.why_alone


def test_position_first_and_uncausal_layers_run_alone(case: FrameCase) -> None:
    for kind in ("multihead", "sdpa"):
        module = PlainPolicy(kind)
        found = check(CallablePolicy("plain", module, module), "blocks.*.attention", case, TEXTS)
        assert found.shared_positions == 0


def test_many_are_run_in_parts(case: FrameCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedmap.tracing.shared_prefix.attend.ROWS_AT_ONCE", 1)
    model, inputs = llama()
    found = check(bare(model, inputs), "model.layers.*.self_attn", case, TEXTS)
    assert found.shared_positions == 16


def test_bad_input(case: FrameCase) -> None:
    model, inputs = llama()
    policy = bare(model, inputs)
    with pytest.raises(InstructionError, match="at least one"):
        attend(policy, case.frame, [])
    with pytest.raises(CaptureError, match="count from the end"):
        attend(policy, case.frame, TEXTS, rows=(3,))
