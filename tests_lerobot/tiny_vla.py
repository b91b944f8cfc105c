"""Tiny random policies of LeRobot's whose backbone lies in a folder of its own (`backbones`)."""

from __future__ import annotations

from pathlib import Path

from tests_lerobot.backbones import (
    groot_folder,
    internvl_folder,
    molmo_folder,
    qwen_folder,
    vjepa_folder,
    wall_x_folder,
)
from tests_lerobot.tiny import PX, vocabulary, words_folder, written

ACTIONS = {"chunk_size": 4, "n_action_steps": 4}
WIDTHS = {"max_state_dim": 6, "max_action_dim": 6}
COSMOS = "nvidia/Cosmos-Reason2-2B"
"""What GR00T's preprocessor names; a folder beside the checkpoint holds it."""


def _beside(folder: Path, name: str) -> Path:
    return folder.with_name(f"{folder.name}-{name}")


def xvla(folder: Path) -> Path:
    """X-VLA: Florence-2's encoder, and a transformer over it, soft prompts and noisy actions."""
    words = words_folder(_beside(folder, "text"))
    vision = {
        "embed_dim": [16, 32],
        "depths": [1, 1],
        "num_heads": [2, 2],
        "num_groups": [2, 2],
        "patch_size": [7, 3],
        "patch_stride": [4, 2],
        "patch_padding": [3, 1],
        "patch_prenorm": [False, True],
        "window_size": 7,
        "projection_dim": 32,
        "max_position_embeddings": 8,
        "max_temporal_embeddings": 4,
    }
    text = {
        "vocab_size": len(vocabulary()),
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": 128,
    }
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    return written(
        folder,
        "xvla",
        florence_config={"vision_config": vision, "text_config": {**text, **ids}, **ids},
        tokenizer_name=str(words),
        tokenizer_max_length=16,
        hidden_size=32,
        depth=2,
        num_heads=2,
        num_domains=2,
        len_soft_prompts=4,
        max_len_seq=128,
        action_mode="auto",
        num_denoising_steps=2,
        **WIDTHS,
        **ACTIONS,
    )


def vla_jepa(folder: Path) -> Path:
    """VLA-JEPA: a diffusion transformer over Qwen3-VL's states of action tokens."""
    return written(
        folder,
        "vla_jepa",
        qwen_model_name=str(qwen_folder(_beside(folder, "qwen"), "qwen3_vl")),
        jepa_encoder_name=str(vjepa_folder(_beside(folder, "jepa"))),
        action_model_type="DiT-test",
        action_hidden_size=32,
        action_num_layers=2,
        num_inference_timesteps=2,
        num_video_frames=4,
        num_embodied_action_tokens_per_instruction=4,
        num_action_tokens_per_timestep=2,
        predictor_depth=1,
        predictor_num_heads=2,
        torch_dtype="float32",
        clip_normalized_actions=False,
        **ACTIONS,
    )


def eo1(folder: Path) -> Path:
    """EO-1: flow steps in Qwen2.5-VL itself, over its own cache of image, words and state."""
    qwen = qwen_folder(_beside(folder, "qwen"), "qwen2_5_vl")
    found = written(
        folder,
        "eo1",
        vlm_base=str(qwen),
        image_min_pixels=PX * PX,
        image_max_pixels=PX * PX,
        num_denoise_steps=2,
        **WIDTHS,
        **ACTIONS,
    )
    (qwen / "model.safetensors").unlink()  # the checkpoint has them
    return found


def evo1(folder: Path) -> Path:
    """Evo-1: a flow transformer whose actions attend across to InternVL3's states."""
    return written(
        folder,
        "evo1",
        vlm_model_name=str(internvl_folder(_beside(folder, "internvl"))),
        vlm_num_layers=2,
        vlm_dtype="float32",
        image_resolution=(PX, PX),
        embed_dim=32,
        hidden_dim=32,
        state_hidden_dim=32,
        num_heads=2,
        num_layers=2,
        num_inference_timesteps=2,
        **WIDTHS,
        **ACTIONS,
    )


def wall_x(folder: Path) -> Path:
    """Wall-X: Qwen2.5-VL with an expert for action tokens, all of them in each flow step."""
    return written(
        folder,
        "wall_x",
        pretrained_name_or_path=str(wall_x_folder(_beside(folder, "wall"))),
        **WIDTHS,
        **ACTIONS,
    )


def groot(folder: Path) -> Path:
    """GR00T N1.7: a diffusion transformer that reads Qwen3-VL's image and words in turn."""
    qwen = qwen_folder(_beside(folder, "cosmos"), "qwen3_vl")
    return written(
        folder,
        "groot",
        base_model_path=str(groot_folder(_beside(folder, "gr00t"), qwen)),
        spread=0.01,  # its actions are cut off at the ends of their range
        **WIDTHS,
        **ACTIONS,
    )


def molmoact2(folder: Path) -> Path:
    """MolmoAct2: an action expert that attends to Molmo's keys and values, layer by layer."""
    return written(
        folder,
        "molmoact2",
        checkpoint_path=str(molmo_folder(_beside(folder, "molmo"))),
        action_mode="continuous",
        inference_action_mode="continuous",
        num_inference_steps=2,
        num_state_tokens=8,
        setup_type="robot",
        control_mode="take",
        model_dtype="float32",
        spread=0.01,  # its actions are cut off at the ends of their range
        **ACTIONS,
    )
