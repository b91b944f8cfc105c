"""Checkpoints as RoboVLMs and MoNaVLA write them, of tiny random Kosmos-2 models.

Names and tables are those of their code: a Lightning module holds the network as `model`,
that holds `backbone`, `act_head` and `action_token`; where adapters are trained, the
adapter library's wrapper is registered beside the backbone, and every weight is there twice.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import (
    Kosmos2Config,
    Kosmos2ForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.kosmos2 import Kosmos2Policy
from heedmap.policies.registry import load_policy

WORDS = (
    *("An", "image", "of", "a", "robot", "go", "to", "the", "left", "right", "drive"),
    *("straight", "forward", "zqxv", "wukfj", "ball"),
)
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<grounding>")
INSTRUCTIONS = {
    "left": "go to the left",
    "right": "go to the right",
    "forward": "drive straight forward",
}
"""12, 12 and 11 tokens with the prompt, as on the published page."""
IMAGE_TOKENS = 64
DIM = 32
HEADS = (
    "MobileVLAClassificationDecoder",
    "exp13",
    "exp43",
    "MobileVLALSTMDecoder",
    "LSTMDecoder",
    "FCDecoder",
)
"""Of configs and checkpoints; exp13 and exp43 are classifiers with a road for the words."""


def write_tokenizer(folder: Path, padding_side: str = "right") -> None:
    """A tokenizer of words with Kosmos-2's special tokens, as `tokenizer.json`."""
    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *dict.fromkeys(WORDS)))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<grounding>"],
        padding_side=padding_side,
    ).save_pretrained(folder)


def kosmos2_config(layers: int = 3) -> Kosmos2Config:
    """Kosmos-2 at 32 dimensions, with its 64 latent queries."""
    return Kosmos2Config(
        text_config={
            "vocab_size": len(SPECIAL) + len(set(WORDS)),
            "embed_dim": DIM,
            "layers": layers,
            "ffn_dim": 64,
            "attention_heads": 2,
            "max_position_embeddings": 512,
            "dropout": 0.0,
            "attention_dropout": 0.0,
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": 2,
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
        },
        latent_query_num=IMAGE_TOKENS,
    )


def random_backbone(seed: int = 0, layers: int = 3) -> Kosmos2ForConditionalGeneration:
    """Random, with biases and norms that are not their neutral values."""
    torch.manual_seed(seed)
    model = Kosmos2ForConditionalGeneration(kosmos2_config(layers)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def mlp(out: int, dim: int = 16) -> nn.Module:
    sizes = (dim, 1024, 512, 256, out)
    layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    holder = nn.Module()
    holder.mlp = nn.Sequential(*layers[:-1], nn.Tanh())
    return holder


def head(kind: str, chunk: int = 2) -> nn.Module:
    """The modules of an action head, under their names in RoboVLMs and MoNaVLA."""
    torch.manual_seed(7)
    found = nn.Module()
    if kind != "FCDecoder":
        found.rnn = nn.LSTM(DIM, 16, 2, batch_first=True)
    if kind == "exp43":
        found.logits = nn.Linear(16, chunk * 8)
        found.text_proj = nn.Linear(DIM, 16)
        found.text_cross_attn = nn.MultiheadAttention(16, 4, batch_first=True)
        found.text_gate = nn.Parameter(torch.tensor(0.7))
        found.register_buffer("class_weights_tensor", torch.ones(8))
    elif kind == "exp13":
        found.logits = nn.Linear(16, chunk * 8)
        found.instr_proj = nn.Linear(DIM, DIM)
    elif kind == "MobileVLAClassificationDecoder":
        found.logits = nn.Linear(16, chunk * 8)
    elif kind == "MobileVLALSTMDecoder":
        found.velocities = mlp(chunk * 2)
    else:
        if kind == "FCDecoder":
            found.mlp = nn.Sequential(nn.Linear(DIM, 16), nn.ReLU(), nn.Linear(16, 16))
        found.actions = mlp(chunk * 6)
        found.gripper = mlp(chunk)
    return found


def config(kind: str, window_size: int = 1, **train_setup: Any) -> dict[str, Any]:
    """What the repositories write beside a checkpoint, other tables left out."""
    mobile = not kind.endswith("Decoder") or kind.startswith("Mobile")
    classes = kind in ("exp43", "exp13", "MobileVLAClassificationDecoder")
    act_head: dict[str, Any] = {
        "type": "MobileVLAClassificationDecoder" if classes else kind,
        "hidden_size": 16,
        "num_layers": 2,
        "action_dim": 8 if classes else (2 if mobile else 7),
        "down_sample": "none",
        "latent": 1,
        "fwd_pred_next_n": 2,
        "window_size": window_size,
        "action_space": "continuous",
        "with_history": True,
        "history_type": "post",
    }
    if classes:
        act_head["num_classes"] = 8
    if kind == "exp43":
        act_head["text_in_features"] = DIM
    if kind == "exp13":
        act_head["instr_in_features"] = DIM
    return {
        "robovlm_name": "NavRoboKosMos" if mobile else "RoboKosMos",
        "model": "kosmos",
        "image_size": 56,
        "window_size": window_size,
        "fwd_pred_next_n": 2,
        "train_setup": {"precision": "bf16", "lora_enable": bool(train_setup), **train_setup},
        "act_head": act_head,
        "tokenizer": {"type": "AutoProcessor", "max_text_len": 256},
        "vlm": {"name": "kosmos", "pretrained_model_name_or_path": "/elsewhere/kosmos-2-tiny"},
    }


def write_checkpoint(
    folder: Path,
    kind: str = "MobileVLAClassificationDecoder",
    *,
    lora: bool = False,
    window: int = 1,
) -> Path:
    """A folder with `last.ckpt`, `config.json` and the backbone's config and tokenizer."""
    vlm = folder / "kosmos-2-tiny"
    vlm.mkdir(parents=True)
    kosmos2_config().save_pretrained(vlm)
    write_tokenizer(vlm)
    own = config(kind, window, **({"lora_alpha": 16, "lora_r": 4} if lora else {}))
    (folder / "exp.json").write_text(json.dumps(own))
    torch.save({"epoch": 3, "state_dict": state_dict(kind, lora=lora)}, folder / "last.ckpt")
    return folder


def state_dict(kind: str, *, lora: bool = False) -> dict[str, torch.Tensor]:
    """As Lightning saves it."""
    model = random_backbone()
    policy = nn.Module()
    policy.backbone = model
    if lora:
        from peft import LoraConfig, get_peft_model

        torch.manual_seed(3)
        lora_config = LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj", "fc1"])
        policy.model = get_peft_model(model, lora_config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:  # zero at first: train them
                    parameter.add_(torch.randn_like(parameter) * 0.2)
    policy.act_head = head(kind)
    policy.action_token = nn.Parameter(torch.randn(DIM, generator=torch.Generator().manual_seed(5)))
    return {f"model.{name}": tensor.clone() for name, tensor in policy.state_dict().items()}


def loaded(folder: Path, query: str = "", permissions: Permissions = SAFE) -> Kosmos2Policy:
    """The policy of such a folder."""
    policy = load_policy(f"kosmos2:{folder}{query}", permissions)
    assert isinstance(policy, Kosmos2Policy)
    return policy
