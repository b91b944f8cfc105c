"""Tiny random policies of LeRobot's real classes, written by their own `save_pretrained`.

One builder a family; each takes an empty folder and gives the checkpoint's. π0's three have their
sizes in their code, so these are exchanged while a policy is built or loaded (`small_gemma`).
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the hub's library is imported

import numpy as np
import torch
from lerobot.configs import FeatureType, NormalizationMode, PolicyFeature
from lerobot.policies.factory import (
    get_policy_class,
    make_policy_config,
    make_pre_post_processors,
)
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Digits, Punctuation, WhitespaceSplit
from tokenizers.pre_tokenizers import Sequence as Each
from tokenizers.processors import TemplateProcessing
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast, SmolVLMVideoProcessor

from heedmap.data.observation import Observation
from tests.families import WORDS, smolvlm

PX = 56
STATE, ACTION = 3, 3
CAMERAS = ("top", "wrist")
INSTRUCTIONS = {"left": "go to the left", "right": "go to the right"}
PALIGEMMA, FAST = "google/paligemma-3b-pt-224", "lerobot/fast-action-tokenizer"

Build = Callable[[Path], Path]


def frames(count: int = 2, cameras: tuple[str, ...] = CAMERAS) -> dict[str, Observation]:
    """Random images and states, the same in every run."""
    rng = np.random.default_rng(0)

    def one() -> Observation:
        images = {c: rng.integers(0, 255, (PX, PX, 3), dtype=np.uint8) for c in cameras}
        return Observation(images, rng.normal(size=STATE).astype(np.float32))

    return {f"frame {n}": one() for n in range(count)}


def features(cameras: tuple[str, ...] = CAMERAS) -> dict[str, Any]:
    """What goes in and out."""
    seen = {
        f"observation.images.{c}": PolicyFeature(FeatureType.VISUAL, (3, PX, PX)) for c in cameras
    }
    seen["observation.state"] = PolicyFeature(FeatureType.STATE, (STATE,))
    out = {"action": PolicyFeature(FeatureType.ACTION, (ACTION,))}
    return {"input_features": seen, "output_features": out, "device": "cpu"}


def statistics(cameras: tuple[str, ...] = CAMERAS) -> dict[str, Any]:
    """Of states and actions, no two alike, and of images."""
    numbers = {"mean": torch.arange(3.0), "std": torch.arange(1.0, 4.0)}
    numbers |= {"min": torch.full((3,), -3.0), "max": torch.full((3,), 4.0)}
    numbers |= {"q01": torch.full((3,), -3.0), "q99": torch.full((3,), 4.0)}
    pixels = {"mean": torch.full((3, 1, 1), 0.5), "std": torch.full((3, 1, 1), 0.3)}
    pixels |= {"min": torch.zeros(3, 1, 1), "max": torch.ones(3, 1, 1)}
    images = {f"observation.images.{c}": pixels for c in cameras}
    return {"observation.state": numbers, "action": numbers, **images}


def written(
    folder: Path,
    kind: str,
    cameras: tuple[str, ...] = CAMERAS,
    *,
    spread: float = 0.05,
    **settings: Any,
) -> Path:
    """A checkpoint of random weights; `spread` is added, so that words move the action."""
    torch.manual_seed(0)
    config = make_policy_config(kind, **features(cameras), **settings)
    model: Any = get_policy_class(config.type)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * spread)
    before, after = make_pre_post_processors(config, dataset_stats=statistics(cameras))
    for each in (model, before, after):
        each.save_pretrained(folder)
    return folder


def vlm_folder(folder: Path) -> Path:
    """A tiny SmolVLM with its processor, as the hub would hold it."""
    family = smolvlm()
    config = family.model.config
    config.text_config.head_dim = 16
    config.save_pretrained(folder)
    words = family.processor.tokenizer
    special = {
        "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>",
        "image_token": "<image>",
    }
    words.fake_image_token, words.global_image_token = "<fake_token_around_image>", "<global-img>"
    words.init_kwargs["extra_special_tokens"] = special
    words._set_model_specific_special_tokens(special)
    family.processor.save_pretrained(folder)
    edge = {"longest_edge": PX}
    SmolVLMVideoProcessor(
        size=edge,
        max_image_size=edge,
        num_frames=1,
        fps=1,
        video_sampling={"max_frames": 1, "fps": 1, "video_size": edge},
    ).save_pretrained(folder)
    return folder


def smolvla(folder: Path, **settings: Any) -> Path:
    """SmolVLA; by default its expert attends across to the backbone in every second layer."""
    vlm = vlm_folder(folder.with_name(f"{folder.name}-vlm"))
    return written(
        folder,
        "smolvla",
        **{
            "vlm_model_name": str(vlm),
            "load_vlm_weights": False,
            "num_vlm_layers": 2,
            "chunk_size": 4,
            "n_action_steps": 4,
            "max_state_dim": 6,
            "max_action_dim": 6,
            "num_steps": 2,
            "resize_imgs_with_padding": (PX, PX),
            **settings,
        },
    )


def smolvla_self_attention(folder: Path) -> Path:
    """SmolVLA whose expert and backbone attend as one sequence."""
    return smolvla(folder, attention_mode="self_attn")


@contextmanager
def small_gemma() -> Iterator[None]:
    """Inside, the three π0s are built at tiny sizes."""
    with ExitStack() as stack:
        for kind in ("pi0", "pi05", "pi0_fast"):
            for each in _small(kind):
                stack.enter_context(each)
        yield


def _small(kind: str) -> list[Any]:
    module = importlib.import_module(f"lerobot.policies.{kind}.modeling_{kind}")
    built: Any = module.PaliGemmaForConditionalGenerationWithPiGemma

    def sizes(variant: str) -> Any:
        return module.GemmaConfig(32, 2, 64, 2, 1, 16)

    def paligemma(config: Any) -> Any:
        vision = config.vision_config
        vision.hidden_size, vision.intermediate_size, vision.projection_dim = 32, 64, 32
        vision.num_hidden_layers, vision.num_attention_heads = 1, 2
        vision.image_size, vision.patch_size = PX, 14
        config.projection_dim = 32
        config.text_config.vocab_size = len(vocabulary())
        return built(config=config)

    name = "PaliGemmaForConditionalGenerationWithPiGemma"
    return [patch.object(module, "get_gemma_config", sizes), patch.object(module, name, paligemma)]


def vocabulary() -> dict[str, int]:
    """Of `words_folder`."""
    words = [*WORDS, "Task", "State", "Action", ",", ";", "|", *"0123456789"]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *words]
    return {token: n for n, token in enumerate(dict.fromkeys(tokens))}


def words_folder(folder: Path) -> Path:
    """A tokenizer in the place of PaliGemma's: whole words, single digits and marks."""
    built = Tokenizer(WordLevel(vocabulary(), unk_token="<unk>"))
    built.pre_tokenizer = Each([WhitespaceSplit(), Punctuation(), Digits(individual_digits=True)])
    built.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    PreTrainedTokenizerFast(
        tokenizer_object=built,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(folder)
    return folder


FAST_CODE = """
from transformers import ProcessorMixin


class Words:
    def decode(self, ids):
        return "".join(chr(100 + int(i) % 50) for i in ids)


class TinyFast(ProcessorMixin):
    attributes = []
    min_token, scale = -125, 10.0

    def __init__(self, **kwargs):
        self.bpe_tokenizer = Words()
        super().__init__()
"""


def fast_folder(folder: Path) -> Path:
    """A tokenizer of actions in the place of FAST's, which comes with code of its own, too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "processing_tiny.py").write_text(FAST_CODE)
    named = {
        "processor_class": "TinyFast",
        "auto_map": {"AutoProcessor": "processing_tiny.TinyFast"},
    }
    (folder / "processor_config.json").write_text(json.dumps(named))
    return folder


def _with_local_words(folder: Path, kind: str, **settings: Any) -> Path:
    """Built with a local tokenizer; the files name the one on the hub, as the trainer's do."""
    words = words_folder(folder.with_name(f"{folder.name}-words"))
    tokenizers = importlib.import_module("lerobot.processor.tokenizer_processor")
    real: Any = tokenizers.AutoTokenizer

    class Local:
        @staticmethod
        def from_pretrained(name: str, **more: Any) -> Any:
            return real.from_pretrained(str(words), **more)

    with small_gemma(), patch.object(tokenizers, "AutoTokenizer", Local):
        return written(
            folder,
            kind,
            chunk_size=4,
            n_action_steps=4,
            max_state_dim=6,
            max_action_dim=6,
            image_resolution=(PX, PX),
            tokenizer_max_length=32,
            **settings,
        )


def pi0(folder: Path) -> Path:
    """π0: an action expert that attends to PaliGemma's cache, over flow steps."""
    return _with_local_words(folder, "pi0", num_inference_steps=2)


def pi05(folder: Path) -> Path:
    """π0.5: as π0, with the state in the prompt and the flow's time in the norms."""
    return _with_local_words(folder, "pi05", num_inference_steps=2)


def pi0_fast(folder: Path) -> Path:
    """π0-FAST: writes tokens of actions one after another, over a cache."""
    fast = fast_folder(folder.with_name(f"{folder.name}-fast"))
    words = words_folder(folder.with_name(f"{folder.name}-text"))
    return _with_local_words(
        folder,
        "pi0_fast",
        text_tokenizer_name=str(words),
        action_tokenizer_name=str(fast),
        max_decoding_steps=4,
        fast_skip_tokens=0,
        spread=0.3,
        validate_action_token_prefix=False,
    )


def multi_task_dit(folder: Path) -> Path:
    """Multi-task DiT: text of CLIP's as conditioning of a diffusion transformer."""
    clip = words_folder(folder.with_name(f"{folder.name}-clip"))
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "projection_dim": 16,
    }
    text = {**sizes, "vocab_size": len(vocabulary()), "eos_token_id": 2, "bos_token_id": 0}
    vision = {**sizes, "image_size": PX, "patch_size": 14}
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision)).save_pretrained(clip)
    return written(
        folder,
        "multi_task_dit",
        vision_encoder_name=str(clip),
        text_encoder_name=str(clip),
        image_crop_shape=None,
        image_crop_is_random=False,
        horizon=8,
        n_action_steps=4,
        objective="flow_matching",
        num_integration_steps=2,
        hidden_dim=32,
        num_layers=2,
        num_heads=2,
        timestep_embed_dim=16,
        tokenizer_max_length=8,
    )


def act(folder: Path) -> Path:
    """ACT, which reads no language."""
    return written(
        folder,
        "act",
        chunk_size=4,
        n_action_steps=4,
        dim_model=32,
        n_heads=2,
        dim_feedforward=32,
        n_encoder_layers=1,
        n_vae_encoder_layers=1,
        latent_dim=4,
        pretrained_backbone_weights=None,
    )


def diffusion(folder: Path) -> Path:
    """Diffusion Policy, which sees two moments and reads no language."""
    return written(
        folder,
        "diffusion",
        horizon=8,
        n_action_steps=4,
        down_dims=(16, 32),
        n_groups=4,
        kernel_size=3,
        spatial_softmax_num_keypoints=4,
        diffusion_step_embed_dim=8,
        num_train_timesteps=4,
        crop_shape=None,
        pretrained_backbone_weights=None,
        normalization_mapping={
            "VISUAL": NormalizationMode.MEAN_STD,
            "STATE": NormalizationMode.MEAN_STD,
            "ACTION": NormalizationMode.MEAN_STD,
        },
    )
