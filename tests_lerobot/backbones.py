"""Tiny backbones of the real classes, in folders, with their tokenizers, as the hub holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer
from tokenizers.pre_tokenizers import Punctuation, WhitespaceSplit
from tokenizers.pre_tokenizers import Sequence as Each

from tests.families import QWEN_CHAT, SIZE, WORDS, family

hf: Any = transformers
ROOM = 512
"""Rows of the table of embeddings: more than there are tokens, as policies add their own."""


def with_marks(tokenizer: Any, *special: str) -> Any:
    """The tokenizer, with marks apart from words, and further special tokens."""
    tokenizer.backend_tokenizer.pre_tokenizer = Each([WhitespaceSplit(), Punctuation()])
    tokenizer.add_tokens(list(special), special_tokens=True)
    return tokenizer


def qwen_folder(folder: Path, name: str, *special: str, patch: int = 14) -> Path:
    """Qwen2.5-VL (`qwen2_5_vl`) or Qwen3-VL (`qwen3_vl`), with its processor."""
    found = family(name)
    found.model.resize_token_embeddings(ROOM)
    found.model.save_pretrained(folder)
    area = {"shortest_edge": SIZE * SIZE, "longest_edge": SIZE * SIZE}
    kind, videos = {
        "qwen2_5_vl": (hf.Qwen2_5_VLProcessor, hf.Qwen2VLVideoProcessor),
        "qwen3_vl": (hf.Qwen3VLProcessor, hf.Qwen3VLVideoProcessor),
    }[name]
    kind(
        image_processor=hf.Qwen2VLImageProcessor(patch_size=patch, size=area),
        tokenizer=with_marks(found.processor.tokenizer, *special),
        video_processor=videos(patch_size=patch, size=area),
        chat_template=QWEN_CHAT,
    ).save_pretrained(folder)
    return folder


def internvl_folder(folder: Path) -> Path:
    """InternVL3 with its tokenizer."""
    found = family("internvl")
    found.model.resize_token_embeddings(ROOM)
    found.model.save_pretrained(folder)
    with_marks(found.processor.tokenizer).save_pretrained(folder)
    return folder


def vjepa_folder(folder: Path) -> Path:
    """V-JEPA 2 with its processor for videos."""
    torch.manual_seed(0)
    config = hf.VJEPA2Config(
        patch_size=14,
        crop_size=SIZE,
        image_size=SIZE,
        frames_per_clip=4,
        tubelet_size=2,
        hidden_size=32,
        num_attention_heads=2,
        num_hidden_layers=1,
        pred_hidden_size=32,
        pred_num_attention_heads=2,
        pred_num_hidden_layers=1,
        pred_num_mask_tokens=1,
    )
    hf.VJEPA2Model(config).save_pretrained(folder)
    hf.VJEPA2VideoProcessor(crop_size=SIZE, size=SIZE).save_pretrained(folder)
    return folder


WALL_X_WORDS = ("<|propri|>", "<|action|>", "<|action_fast|>", "<|im_start|>", "<|im_end|>")


def wall_x_folder(folder: Path) -> Path:
    """The model that Wall-X starts from: Qwen2.5-VL with two experts."""
    from lerobot.policies.wall_x.modeling_wall_x import Qwen2_5_VLMoEForAction
    from lerobot.policies.wall_x.qwen_model import Qwen2_5_VLConfig

    qwen_folder(folder, "qwen2_5_vl", *WALL_X_WORDS)
    written = json.loads((folder / "config.json").read_text())
    text = written["text_config"]
    expert = {"hidden_size": 32, "intermediate_size": 64, "hidden_act": "silu"}
    text |= {"num_experts": 2, "experts": [expert] * 2, "dim_inputs": [32, 32], "mlp_moe": True}
    text["dof_config"] = written["agent_pos_config"] = {"arm": 6}
    config: Any = Qwen2_5_VLConfig(**written, attn_implementation="eager")
    torch.manual_seed(0)
    processor = hf.AutoProcessor.from_pretrained(folder)
    model = Qwen2_5_VLMoEForAction(config, processor=processor)
    model.resize_token_embeddings(len(processor.tokenizer))  # as LeRobot does
    config.save_pretrained(folder)
    save_file(model.state_dict(), folder / "model.safetensors")
    return folder


def groot_folder(folder: Path, qwen: Path) -> Path:
    """The model that GR00T N1.7 starts from, over a tiny Qwen3-VL."""
    from lerobot.policies.groot.groot_n1_7 import GR00TN17, GR00TN17Config

    attention = {"positional_embeddings": None, "num_attention_heads": 2, "attention_head_dim": 16}
    attention |= {"dropout": 0.0, "final_dropout": False}
    torch.manual_seed(0)
    config = GR00TN17Config(
        model_name=str(qwen),
        model_dtype="float32",
        backbone_embedding_dim=32,
        select_layer=2,
        max_state_dim=6,
        max_action_dim=6,
        action_horizon=4,
        hidden_size=32,
        input_embedding_dim=32,
        diffusion_model_cfg={
            **attention,
            "num_layers": 4,
            "norm_type": "ada_norm",
            "output_dim": 32,
            "interleave_self_attention": True,
        },
        vl_self_attention_cfg={**attention, "num_layers": 1},
        num_inference_timesteps=2,
    )
    GR00TN17(config).save_pretrained(folder)
    return folder


MOLMO_WORDS = (
    *("<im_patch>", "<im_low>", "<im_start>", "<low_res_im_start>", "<frame_start>", "<im_end>"),
    *("<frame_end>", "<im_col>", "<|im_start|>", "<|im_end|>", "<action_output>"),
    *("<action_start>", "<action_end>", "<state_start>", "<state_end>"),
    *("<setup_start>", "<setup_end>", "<control_start>", "<control_end>"),
    *(f"<state_{n}>" for n in range(8)),
)


def molmo_folder(folder: Path) -> Path:
    """The model that MolmoAct2 starts from, with its tokenizer."""
    from lerobot.policies.molmoact2.molmoact2_hf_model.configuration_molmoact2 import (
        MolmoAct2Config,
    )
    from lerobot.policies.molmoact2.molmoact2_hf_model.modeling_molmoact2 import (
        MolmoAct2ForConditionalGeneration,
    )

    folder.mkdir(parents=True)
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([" ".join(("", *WORDS)) * 2], vocab_size=400, min_frequency=1)
    model = json.loads(bpe.to_str())["model"]
    words = hf.Qwen2Tokenizer(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]])
    words.add_tokens(list(MOLMO_WORDS), special_tokens=True)
    words.save_pretrained(folder)
    ids = {word: words.convert_tokens_to_ids(word) for word in MOLMO_WORDS}
    small = {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16}
    torch.manual_seed(0)
    config: Any = MolmoAct2Config(
        vit_config={
            **small,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "image_default_input_size": (SIZE, SIZE),
            "image_num_pos": 16,
        },
        adapter_config={
            **small,
            "vit_layers": (-1,),
            "intermediate_size": 64,
            "text_hidden_size": 32,
        },
        text_config={
            **small,
            "vocab_size": ROOM,
            "additional_vocab_size": 8,
            "num_hidden_layers": 2,
            "intermediate_size": 64,
        },
        action_expert_config={
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 2,
            "ffn_multiple_of": 32,
            "timestep_embed_dim": 16,
        },
        image_start_token_id=ids["<im_start>"],
        low_res_image_start_token_id=ids["<low_res_im_start>"],
        image_end_token_id=ids["<im_end>"],
        image_low_res_id=ids["<im_low>"],
        image_patch_id=ids["<im_patch>"],
        image_col_id=ids["<im_col>"],
        frame_start_token_id=ids["<frame_start>"],
        frame_end_token_id=ids["<frame_end>"],
        max_action_horizon=4,
        action_output_token_id=ids["<action_output>"],
        action_start_token_id=ids["<action_start>"],
        action_end_token_id=ids["<action_end>"],
        eos_token_id=words.eos_token_id,
    )
    MolmoAct2ForConditionalGeneration(config).save_pretrained(folder)
    images = {"size": {"height": SIZE, "width": SIZE}, "crop_mode": "resize"}
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": images}))
    return folder
