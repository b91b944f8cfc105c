"""π0 with prefix and suffix as one sequence: transformers' own numbers, all six rungs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.trails import Trails
from heedmap.data.observation import Observation
from heedmap.errors import CheckpointError, PolicyError
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.pi0 import Pi0Options, Pi0Policy
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.observe import observe
from tests.families import INSTRUCTIONS, SIZE, hf, text_sizes, tokenizer, vision_sizes
from tests.families_page import saw, saw_rungs

IMAGE = 16
"""Tokens a camera: 4 x 4 patches."""


def network(dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Three layers; the expert is half as wide as the vision-language model."""
    torch.manual_seed(0)
    words = tokenizer("<image>", bos=False)
    sizes = {
        **text_sizes(len(words)),
        "model_type": "gemma",
        "head_dim": 16,
        "num_hidden_layers": 3,
    }
    config = hf.PI0Config(
        vlm_config={
            "model_type": "paligemma",
            "text_config": sizes,
            "vision_config": {
                **vision_sizes(vision_use_head=False),
                "model_type": "siglip_vision_model",
            },
            "projection_dim": 32,
            "hidden_size": 32,
            "vocab_size": len(words),
            "image_token_id": words.convert_tokens_to_ids("<image>"),
        },
        dit_config={**sizes, "hidden_size": 16, "intermediate_size": 32},
        chunk_size=4,
        max_state_dim=6,
        max_action_dim=5,
        num_inference_steps=4,
    )
    model = hf.PI0ForConditionalGeneration(config).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.05)
    return model.to(dtype), words


def policy_of(options: Pi0Options | None = None, dtype: torch.dtype = torch.float32) -> Pi0Policy:
    return Pi0Policy("tiny pi0", *network(dtype), options)


def seen(case: FrameCase, cameras: int = 2) -> Observation:
    images = {"top": case.frame, "wrist": np.ascontiguousarray(case.frame[:, ::-1])}
    state = np.array([0.5, -0.25, 1.0], dtype=np.float32)
    return Observation(dict(list(images.items())[:cameras]), state)


@pytest.mark.parametrize("step", [0, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_joined_layers_give_the_models_own_velocity(
    dtype: torch.dtype, step: int, case: FrameCase
) -> None:
    """A batch of two with unequal lengths, so that padding is masked too."""
    policy = policy_of(Pi0Options(flow_step=step), dtype)
    observations = [seen(case), seen(frame_case(1))]
    texts = [INSTRUCTIONS["left"], INSTRUCTIONS["ahead"]]
    inputs, state = policy.inputs(observations, texts), policy._states(observations)
    noisy, time = policy._noisy(inputs, state)
    apart = policy._joint.differs(inputs, state, noisy, time)
    assert apart <= {torch.float32: 1e-5, torch.bfloat16: 3e-2}[dtype]
    assert time.tolist() == [1 - step / 4] * 2
    saw("pi0", str(dtype).removeprefix("torch."))
    saw("pi0", "padded right")


def test_all_steps_lead_where_the_models_own_sampling_leads(case: FrameCase) -> None:
    """From the last step's noisy actions to the end: what `sample_actions` gives."""
    policy = policy_of(Pi0Options(flow_step=3, action_steps=4))
    observation, text = seen(case), INSTRUCTIONS["left"]
    inputs, state = policy.inputs([observation], [text]), policy._states([observation])
    noise = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))[None]
    model: Any = policy._joint.model
    expected = model.sample_actions(state=state, noise=noise, **inputs)
    found = policy([observation], [text])
    assert torch.allclose(found, expected.flatten(1), atol=1e-5)
    saw("pi0", "several steps")


@pytest.mark.parametrize("step", [0, 2])
def test_captured_attention_is_the_experts_eager_attention(step: int, case: FrameCase) -> None:
    policy = policy_of(Pi0Options(flow_step=step))
    observation, text = seen(case), INSTRUCTIONS["left"]
    inputs, state = policy.inputs([observation], [text]), policy._states([observation])
    noisy, time = policy._noisy(inputs, state)
    own = observe(policy, "joint_layers.*.attention", observation, text)
    length = inputs["input_ids"].shape[1] + 5
    rows = tuple(range(length - 4, length))
    found = own.attention(rows)
    model, _ = network()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        out = model(state=state, noise=noisy, timestep=time, output_attentions=True, **inputs)
    expected = torch.stack([layer[0, :, 1:] for layer in out.attentions]).numpy()
    assert found.shape == expected.shape == (3, 2, 4, length)
    assert np.abs(found - expected).max() <= 1e-5


@pytest.fixture(scope="module")
def result() -> Any:
    policy = policy_of(Pi0Options(cameras=3))
    return audit(policy, {"room": seen(frame_case(0))}, INSTRUCTIONS, until="cut").record.policies[
        0
    ]


def test_prefix_and_suffix_are_one_measured_layout(result: Any) -> None:
    """Two of three cameras, BOS, words, the line's end (no token here), the state, four actions."""
    regions = result.cases[0].layouts["measured"].regions
    words = len(INSTRUCTIONS["left"].split())
    assert regions["image:top"] == tuple(range(IMAGE))
    assert regions["image:wrist"] == tuple(range(IMAGE, 2 * IMAGE))
    begin = 2 * IMAGE + 1
    assert regions["instruction"] == tuple(range(begin, begin + words))
    state = begin + words
    assert regions["state"] == (state,)
    assert regions["action"] == (state + 1,)  # the first step of the chunk is what is done
    assert result.cases[0].sequence_length == state + 5
    assert result.facts.image_total == result.facts.image_visible_min == 2 * IMAGE
    saw("pi0", "layout")


def test_all_six_rungs_are_measured(result: Any) -> None:
    rungs = result.verdict.rungs
    assert [rungs[name].status for name in ("tokenised", "present", "visible", "attended")] == [
        "holds"
    ] * 4
    assert result.measurements.used is not None
    assert result.measurements.obeyed is not None
    assert result.verdict.bypass.status == "none"
    assert result.outputs_unchanged
    saw_rungs("pi0", result)


def test_absent_cameras_change_nothing(case: FrameCase) -> None:
    text = INSTRUCTIONS["left"]
    for cameras in (1, 2):
        observation = seen(case, cameras)
        exact = policy_of(Pi0Options(cameras=cameras))([observation], [text])
        wide = policy_of(Pi0Options(cameras=3))([observation], [text])
        assert torch.allclose(exact, wide, atol=1e-6)


def test_what_it_cannot_take_is_told(case: FrameCase) -> None:
    bare = Observation({"top": case.frame})
    with pytest.raises(PolicyError, match=r"takes a state of up to 6 numbers.*state=zeros"):
        policy_of()([bare], ["go"])
    assert policy_of(Pi0Options(state="zeros"))([bare], ["go"]).shape == (1, 5)
    with pytest.raises(PolicyError, match="2 cameras, the policy 'tiny pi0' 1 slots"):
        policy_of(Pi0Options(cameras=1))([seen(case)], ["go"])
    with pytest.raises(PolicyError, match="4 steps, numbered from 0; there is no step 4"):
        policy_of(Pi0Options(flow_step=4))


def test_a_model_that_runs_otherwise_is_refused(case: FrameCase) -> None:
    """Plant: the expert's final norm is doubled in the model's own pass only."""
    policy = policy_of()
    policy._sampler.model.register_forward_hook(
        lambda _, __, output: setattr(output, "last_hidden_state", 2 * output.last_hidden_state)
    )
    with pytest.raises(PolicyError, match="runs π0 otherwise than heedmap knows"):
        policy([seen(case)], ["go"])


def test_a_folder_acts_as_the_model_that_was_saved(tmp_path: Path, case: FrameCase) -> None:
    model, words = network()
    model.save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    given = [seen(case)], [INSTRUCTIONS["left"]]
    expected = policy_of(Pi0Options(action_dims=3))(*given)
    found = load_policy(f"pi0:{tmp_path}?action_dims=3")
    assert torch.allclose(found(*given), expected, atol=1e-6)
    (tmp_path / "processor_config.json").write_text(
        '{"state_mean": [0.5, 0, 0, 0, 0, 0], "state_std": [1, 1, 1, 1, 1, 1]}'
    )
    scaled = load_policy(f"pi0:{tmp_path}?action_dims=3")(*given)
    assert not torch.allclose(scaled, expected, atol=1e-6)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_policy(f"pi0:{tmp_path}")
    with pytest.raises(CheckpointError, match="no folder on this machine"):
        load_policy("pi0:lerobot/pi0_base")


def test_frames_are_squared(case: FrameCase) -> None:
    assert SIZE == 56
    wide = Observation({"top": np.full((10, 20, 3), 255, np.uint8)})
    pixels = policy_of()._cameras(wide, 1)[0]
    assert pixels.shape == (3, 56, 56)
    assert pixels[:, :28].min() == 1
    assert pixels[:, 28:].max() == -1


def sampling_policy(num_steps: int | None = None) -> tuple[Pi0Policy, CallablePolicy]:
    """The joined pass of one flow step, and the model's own sampling: cache, expert, all steps."""
    joined = policy_of(Pi0Options(flow_step=0))
    model: Any = joined._joint.model
    noise = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))[None]

    def run(observations: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        chunks = [
            model.sample_actions(
                state=joined._states([one]),
                noise=noise,
                num_steps=num_steps,
                **joined.inputs([one], [text]),
            )
            for one, text in zip(observations, texts, strict=True)
        ]
        return torch.cat(chunks).flatten(1)

    own = CallablePolicy(
        "own path", run, model, takes_observations=True, token_count=joined.token_count
    )
    return joined, own


def test_its_own_sampling_is_read_with_its_cache_and_all_flow_steps(case: FrameCase) -> None:
    joined, own = sampling_policy()
    observation, text = seen(case), INSTRUCTIONS["left"]
    with one_attention_path():
        trails = Trails(own, observation, seed=0)
        graph = graph_of(trails, text, list(INSTRUCTIONS.values()))
    reading = graph.readers
    assert [(rows.node.module, rows.node.call) for rows in reading] == [
        (f"model.dit.layers.{layer}.self_attn", step) for step in range(4) for layer in range(3)
    ]
    seen_whole = observe(joined, "joint_layers.*.attention", observation, text)
    length = seen_whole.stack.length
    rows = tuple(range(length - 4, length))
    expected = seen_whole.attention(rows)
    for layer in range(3):
        mine = reading[layer].node.weights((1, 2, 3, 4)).numpy()
        assert np.abs(mine - expected[layer]).max() <= 1e-5
    begin = 2 * IMAGE + 1
    words = list(range(begin, begin + len(text.split())))
    held = {
        name: torch.nonzero(keys.any(dim=0)).flatten().tolist()
        for name, keys in reading[0].regions.items()
    }
    assert held == {
        "image:top": list(range(IMAGE)),
        "image:wrist": list(range(IMAGE, 2 * IMAGE)),
        "instruction": words,
        "state": [words[-1] + 1],
        "action": list(range(words[-1] + 2, length)),
    }


def test_the_verdict_on_its_own_sampling_is_that_on_the_joined_pass(case: FrameCase) -> None:
    joined, own = sampling_policy(num_steps=2)
    room, two = {"room": seen(case)}, {name: INSTRUCTIONS[name] for name in ("left", "right")}
    found = [audit(each, room, two, until="cut").record.policies[0] for each in (joined, own)]
    one, two = (each.verdict for each in found)
    assert one.cause == two.cause == "none"
    assert [rung.status for rung in one.rungs.values()] == [
        rung.status for rung in two.rungs.values()
    ]
    assert one.bypass.status == two.bypass.status == "none"
