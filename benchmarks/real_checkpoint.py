r"""Write a RoboVLMs checkpoint of Kosmos-2 at its real size, with random bfloat16 weights.

    python -m benchmarks.real_checkpoint --out /tmp/kosmos2-real
    heedmap audit "kosmos2:/tmp/kosmos2-real?dtype=bfloat16" --frame FRAME.png \
      --instruction left="go to the left" --instruction right="go to the right"

The folder holds what a trained one holds: `last.ckpt` (3.3 GB), the config, and the Kosmos-2's
own config and tokenizer; the tokenizer knows a handful of words.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import Kosmos2Config, Kosmos2ForConditionalGeneration, PreTrainedTokenizerFast

from benchmarks.models import BLOCK

WORDS = (
    *("An", "image", "of", "a", "robot", "go", "to", "the", "left", "right", "straight"),
    *("forward", "drive", "zqxv", "wukfj"),
)
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<grounding>")
CLASSES = 8


def write_checkpoint(folder: Path) -> None:
    """`last.ckpt`, `config.json`, and the folder `kosmos-2`."""
    vlm = folder / "kosmos-2"
    vlm.mkdir(parents=True)
    config = Kosmos2Config()
    config.save_pretrained(vlm)
    write_tokenizer(vlm)
    (folder / "config.json").write_text(json.dumps(robovlms_config(), indent=1))
    policy = nn.Module()
    with torch.device("meta"):
        policy.backbone = Kosmos2ForConditionalGeneration(config)
        policy.act_head = nn.Module()
        policy.act_head.rnn = nn.LSTM(2048, 1024, 4, batch_first=True)
        policy.act_head.logits = nn.Linear(1024, CLASSES)
        policy.action_token = nn.Parameter(torch.empty(2048))
    block = (torch.randn(BLOCK, generator=torch.Generator().manual_seed(0)) * 0.02).bfloat16()
    state = {f"model.{n}": filled(n, t, block) for n, t in policy.state_dict().items()}
    torch.save({"state_dict": state}, folder / "last.ckpt")


def filled(name: str, like: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    """Seeded normals for matrices and tokens, ones for norms' weights, zeros for biases."""
    if like.ndim == 1 and not name.endswith(("action_token", "class_embedding")):
        return torch.full(like.shape, float("norm" in name and name.endswith("weight"))).bfloat16()
    repeats = -(-like.numel() // len(block))
    return block.repeat(repeats)[: like.numel()].view(like.shape).clone()


def robovlms_config() -> dict[str, object]:
    """As MoNaVLA's, wired as upstream."""
    return {
        "robovlm_name": "RoboKosMos",
        "model": "kosmos",
        "window_size": 1,
        "fwd_pred_next_n": 1,
        "act_head": {
            "type": "MobileVLAClassificationDecoder",
            "action_dim": CLASSES,
            "num_classes": CLASSES,
            "hidden_size": 1024,
        },
        "vlm": {"pretrained_model_name_or_path": "kosmos-2"},
    }


def write_tokenizer(folder: Path) -> None:
    """Words and Kosmos-2's special tokens."""
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    write_checkpoint(parser.parse_args().out)
