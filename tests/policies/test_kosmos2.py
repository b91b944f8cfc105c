"""Checkpoints in the RoboVLMs form load as they were trained, or are refused with the reason."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation, of_frame
from heedmap.errors import CheckpointError, InstructionError, PolicyError
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.kosmos2 import Kosmos2Policy
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.world import FrameCase
from tests.families import family
from tests.families_page import saw
from tests.robovlms_files import (
    DIM,
    HEADS,
    IMAGE_TOKENS,
    INSTRUCTIONS,
    head,
    loaded,
    random_backbone,
    state_dict,
    write_checkpoint,
)


def token_ids(policy: Kosmos2Policy, text: str) -> torch.Tensor:
    prompt = f"<grounding> An image of a robot {text}"
    return torch.tensor([policy._tokenizer(prompt)["input_ids"]])


def pixels_of(frames: list[np.ndarray]) -> torch.Tensor:
    """56x56 px need no resizing; CLIP's mean and deviation."""
    values = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
    return (values - mean) / torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def reference_states(
    model: Any, pixels: torch.Tensor, ids: torch.Tensor, wiring: str
) -> torch.Tensor:
    """The action token's states by the whole model's own forward, one sequence a frame."""
    action = torch.randn(DIM, generator=torch.Generator().manual_seed(5))
    embed = model.text_model.model.embed_tokens
    count = len(pixels)
    if wiring == "overwrite":
        padded = F.pad(ids, (0, 256 - ids.shape[1]), value=1)
        embeds = torch.cat([embed(padded), action.view(1, 1, -1)], dim=1).repeat(count, 1, 1)
        mask = torch.zeros(count, 257, dtype=torch.long)
        mask[:, : ids.shape[1]] = mask[:, -1] = 1
        is_image = torch.zeros(count, 257, dtype=torch.long)
        is_image[:, :IMAGE_TOKENS] = 1
        out = model(
            pixel_values=pixels,
            inputs_embeds=embeds,
            attention_mask=mask,
            image_embeds_position_mask=is_image,
            output_hidden_states=True,
        )
        return out.hidden_states[-1][:, -1]
    features = model.vision_model.model.post_layernorm(model.vision_model(pixels)[0])
    images, _ = model.image_to_text_projection(F.normalize(features, dim=-1))
    text = embed(ids).repeat(count, 1, 1)
    parts = [
        text[:, :1],
        images,
        text[:, 1:-1],
        action.view(1, 1, -1).repeat(count, 1, 1),
        text[:, -1:],
    ]
    out = model.text_model(
        inputs_embeds=torch.cat(parts, dim=1),
        attention_mask=torch.ones(count, ids.shape[1] + IMAGE_TOKENS + 1, dtype=torch.long),
        output_hidden_states=True,
    )
    return out.hidden_states[-1][:, -2]


def reference_scores(
    kind: str, parts: Any, states: torch.Tensor, words: torch.Tensor
) -> torch.Tensor:
    """A head's action at the last of a window of states, as its repository computes it."""
    if kind == "FCDecoder":
        read = parts.mlp(states[-1:])
        return torch.cat([parts.actions.mlp(read)[:, :6], parts.gripper.mlp[:-1](read)[:, :1]], 1)
    if kind == "exp13":
        states = states + parts.instr_proj(words.mean(dim=0))
    out, _ = parts.rnn(states[None])
    if kind == "exp43":
        keys = parts.text_proj(words)[None]
        out = out + parts.text_gate * parts.text_cross_attn(out, keys, keys, need_weights=False)[0]
    last = out[:, -1]
    if kind == "MobileVLALSTMDecoder":
        return parts.velocities.mlp(last)[:, :2]
    if kind == "LSTMDecoder":
        return torch.cat([parts.actions.mlp(last)[:, :6], parts.gripper.mlp[:-1](last)[:, :1]], 1)
    return parts.logits(last)[:, :8]


@pytest.mark.parametrize("wiring", ["insert", "overwrite"])
@pytest.mark.parametrize("kind", HEADS)
def test_scores_are_those_of_the_repositorys_code(
    kind: str, wiring: str, written: dict[str, Path], case: FrameCase
) -> None:
    policy = loaded(written[kind], f"?wiring={wiring}")
    model, ids = random_backbone(), token_ids(policy, INSTRUCTIONS["left"])
    with torch.no_grad():
        states = reference_states(model, pixels_of([case.frame]), ids, wiring)
        padded = F.pad(ids, (0, 256 - ids.shape[1]), value=1) if wiring == "overwrite" else ids
        words = model.text_model.model.embed_tokens(padded[0])
        expected = reference_scores(kind, head(kind).eval(), states, words)
    found = policy([of_frame(case.frame)], [INSTRUCTIONS["left"]])
    assert torch.allclose(found, expected, atol=1e-5), (found - expected).abs().max()
    assert (policy.action_names is not None) == (found.shape[1] == 8)


def test_a_window_of_frames_is_read_in_the_order_of_time(tmp_path: Path, case: FrameCase) -> None:
    policy = loaded(write_checkpoint(tmp_path / "w", "LSTMDecoder", window=3))
    frames = [np.roll(case.frame, 8 * step, axis=1) for step in range(3)]
    history = tuple(of_frame(frame) for frame in frames[:2])
    observation = Observation({"image": frames[2]}, history=history)
    ids = token_ids(policy, INSTRUCTIONS["left"])
    with torch.no_grad():
        states = reference_states(random_backbone(), pixels_of(frames), ids, "insert")
        expected = reference_scores("LSTMDecoder", head("LSTMDecoder").eval(), states, states)
    found = policy([observation], [INSTRUCTIONS["left"]])
    assert torch.allclose(found, expected, atol=1e-5)
    alone = policy([of_frame(frames[2])], [INSTRUCTIONS["left"]])
    assert not torch.allclose(found, alone, atol=1e-3)
    with pytest.raises(PolicyError, match="histories of different length"):
        policy([observation, of_frame(frames[2])], [INSTRUCTIONS["left"]] * 2)


@pytest.mark.parametrize("wiring", ["insert", "overwrite"])
def test_a_batch_of_unequal_instructions_gives_the_same_as_each_alone(
    wiring: str, written: dict[str, Path], case: FrameCase
) -> None:
    """Upstream's padding stands before the action token, so only its mask keeps it out."""
    policy = loaded(written["exp43"], f"?wiring={wiring}&padding=max")
    texts = list(INSTRUCTIONS.values())
    together = policy([of_frame(case.frame)] * 3, texts)
    alone = torch.cat([policy([of_frame(case.frame)], [text]) for text in texts])
    assert torch.allclose(together, alone, atol=1e-5)
    saw(f"kosmos2 (RoboVLMs, {wiring})", "padded right")


def test_low_rank_adapters_act_as_in_training(tmp_path: Path, case: FrameCase) -> None:
    from peft import LoraConfig, get_peft_model

    folder = write_checkpoint(tmp_path / "lora", lora=True)
    state = torch.load(folder / "last.ckpt")["state_dict"]
    assert any(".lora_A." in name for name in state)
    assert any(name.startswith("model.model.base_model.model.") for name in state)
    policy = loaded(folder)
    model = random_backbone()
    get_peft_model(
        model, LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj", "fc1"])
    )
    own = {n.removeprefix("model.backbone."): t for n, t in state.items() if "backbone." in n}
    model.load_state_dict(own)
    ids = token_ids(policy, INSTRUCTIONS["left"])
    parts = head("MobileVLAClassificationDecoder").eval()
    with torch.no_grad():
        states = reference_states(model.eval(), pixels_of([case.frame]), ids, "overwrite")
        expected = reference_scores("", parts, states, states)
        plain = reference_states(random_backbone(), pixels_of([case.frame]), ids, "overwrite")
    found = policy([of_frame(case.frame)], [INSTRUCTIONS["left"]])
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(states, plain, atol=1e-3), "the adapters do something"


def test_names_in_a_checkpoint_are_those_of_the_repositories() -> None:
    names = set(state_dict("exp43"))
    assert {
        "model.action_token",
        "model.act_head.rnn.weight_ih_l0",
        "model.act_head.logits.weight",
        "model.act_head.text_proj.weight",
        "model.act_head.text_cross_attn.in_proj_weight",
        "model.act_head.text_gate",
        "model.backbone.text_model.model.embed_tokens.weight",
        "model.backbone.image_to_text_projection.latent_query",
    } <= names


def test_what_is_missing_is_listed_and_random_only_if_allowed(
    tmp_path: Path, case: FrameCase
) -> None:
    folder = write_checkpoint(tmp_path / "part", "exp43")
    state = torch.load(folder / "last.ckpt")["state_dict"]
    for name in (
        "model.act_head.text_gate",
        "model.backbone.text_model.model.layers.0.ffn.fc1.bias",
    ):
        del state[name]
    torch.save(
        {"state_dict": {**state, "model.act_head.more": torch.ones(1)}}, folder / "last.ckpt"
    )
    with pytest.raises(CheckpointError) as raised:
        loaded(folder)
    assert "layers.0.ffn.fc1.bias" in str(raised.value)
    assert "act_head.text_gate (2 in all)" in str(raised.value)
    assert "what has no place: act_head.more" in str(raised.value)
    policy = loaded(folder, permissions=Permissions(allow_partial=True))
    record = audit(policy, case.frame, INSTRUCTIONS, trials=[]).record.policies[0]
    assert record.loaded is not None
    assert len(record.loaded.random_weights) == 2
    assert record.loaded.ignored_weights == ("act_head.more",)


def test_the_wiring_is_the_repositorys_unless_it_is_named(written: dict[str, Path]) -> None:
    for kind, query, wiring in (
        ("MobileVLALSTMDecoder", "", "overwrite"),
        ("LSTMDecoder", "", "insert"),
        ("LSTMDecoder", "?wiring=overwrite", "overwrite"),
    ):
        policy = loaded(written[kind], query)
        assert policy.loaded is not None
        assert policy.loaded.choices["wiring"] == wiring


def change_config(folder: Path, **change: Any) -> None:
    path = folder / "exp.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def test_configs_that_cannot_be_used(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", "LSTMDecoder")
    own = json.loads((folder / "exp.json").read_text())
    for change, told in (
        ({"model": "paligemma"}, "for the model 'paligemma'"),
        ({"act_head": {**own["act_head"], "type": "GPTDecoder"}}, "action head 'GPTDecoder'"),
        ({"act_head": {**own["act_head"], "action_space": "discrete"}}, "action space 'discrete'"),
        ({"act_head": {**own["act_head"], "history_type": "pre"}}, "history_type 'pre'"),
        ({"act_head": {**own["act_head"], "hidden_size": -1}}, "act_head.hidden_size"),
        ({"act_head": None}, "act_head"),
        (
            {"vlm": {"pretrained_model_name_or_path": "gone"}},
            r"'gone' .* is not there.*\?vlm=FOLDER",
        ),
        ({"parent": "gone.json"}, "names the parent 'gone.json'"),
    ):
        change_config(folder, **{**own, "parent": None, **change})
        with pytest.raises(CheckpointError, match=told):
            loaded(folder)
    (folder / "exp.json").write_text("{")
    with pytest.raises(CheckpointError, match="one config of RoboVLMs"):
        loaded(folder)
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        loaded(folder, f"?config={folder}/exp.json")


def test_a_config_over_its_parents(tmp_path: Path) -> None:
    """As MoNaVLA has them: the child names its parent by a path of another machine."""
    folder = write_checkpoint(tmp_path / "c", "exp43")
    own = json.loads((folder / "exp.json").read_text())
    del own["act_head"]["text_in_features"]
    (folder / "exp42.json").write_text(json.dumps(own))
    child = {"parent": "/home/them/configs/exp42.json", "act_head": {"text_in_features": DIM}}
    (folder / "exp.json").write_text(json.dumps(child))
    assert loaded(folder).module.get_submodule("act_head.text_proj") is not None


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?wirings=insert", "setting 'wirings'"),
        ("?wiring=other", "setting 'wiring'"),
        ("?vlm=nowhere", "nowhere/config.json does not exist"),
    ],
)
def test_settings_that_cannot_be_used(query: str, told: str, written: dict[str, Path]) -> None:
    with pytest.raises(PolicyError, match=told):
        loaded(written["exp43"], query)


def test_an_instruction_too_long_is_refused(written: dict[str, Path], case: FrameCase) -> None:
    with pytest.raises(InstructionError, match="takes 256 at most"):
        loaded(written["exp43"]).token_count("go " * 300)


def test_transformers_own_folder_writes_its_actions(tmp_path: Path, case: FrameCase) -> None:
    own = family("kosmos2")
    own.model.save_pretrained(tmp_path)
    own.processor.save_pretrained(tmp_path)
    policy = load_policy(f"kosmos2:{tmp_path}?actions=left,right,forward")
    assert policy.family == "vlm"
    assert policy([of_frame(case.frame)], ["go to the left"]).shape == (1, 3)


def test_absurd_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", "LSTMDecoder")
    path = folder / "kosmos-2-tiny" / "config.json"
    config = json.loads(path.read_text())
    config["text_config"]["ffn_dim"] = 10**13
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        loaded(folder)


def test_nothing_is_asked_of_the_network(
    written: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --hub, a checkpoint loads though every connection fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert loaded(written["exp43"]).action_names is not None


def test_bfloat16_loads_and_acts(written: dict[str, Path], case: FrameCase) -> None:
    exact = loaded(written["exp43"])([of_frame(case.frame)], [INSTRUCTIONS["left"]])
    policy = loaded(written["exp43"], "?dtype=bfloat16")
    kinds = {p.dtype for p in policy.module.get_submodule("backbone").parameters()}
    assert kinds == {torch.bfloat16}
    assert isinstance(policy.module, nn.Module)
    found = policy([of_frame(case.frame)], [INSTRUCTIONS["left"]])
    assert (found - exact).abs().max() < 0.1 * exact.abs().max()
