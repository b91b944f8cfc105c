"""Tiny random configurations of real vision-language models, with their real processors.

One builder a family; nothing else in the tests knows families. Widths are 32, layers 2,
patches 14 pixels on images of 56 or 28.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Sequence as Each
from tokenizers.pre_tokenizers import Split, WhitespaceSplit
from tokenizers.processors import TemplateProcessing

from heedmap.policies.processors import images_only

hf: Any = transformers
"""Its classes take more than their signatures tell."""

WORDS = (
    *("What", "action", "should", "the", "robot", "take", "to", "?", "go", "left", "right"),
    *("straight", "forward", "ball", "red", "zqxv", "wukfj", "Out", "user", "assistant", ":"),
)
PROMPT = "What action should the robot take to {instruction} ?"
ACTIONS = "left,right,forward"
INSTRUCTIONS = {"left": "go to the left", "right": "go to the right", "ahead": "go straight"}
SIZE = 56
CHAT = (
    "{% for m in messages %}<user>{% for c in m['content'] %}{% if c['type'] == 'image' %}IMAGE"
    "{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def tokenizer(*special: str, bos: bool = True, named: dict[str, str] | None = None) -> Any:
    """Words and special tokens; `named` are further attributes, such as `image_token`."""
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<user>", "<assistant>", *special]
    vocabulary = {token: number for number, token in enumerate([*tokens, *WORDS])}
    built = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    built.pre_tokenizer = Each([WhitespaceSplit(), Split("?", "isolated")])
    if bos:
        built.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    found = hf.PreTrainedTokenizerFast(
        tokenizer_object=built,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        **({"extra_special_tokens": named} if named else {}),
    )
    found.add_special_tokens({"additional_special_tokens": ["<user>", "<assistant>", *special]})
    return found


def text_sizes(vocabulary: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        **more,
    }


def vision_sizes(**more: Any) -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIZE,
        "patch_size": 14,
        **more,
    }


def square(size: int = SIZE) -> dict[str, int]:
    return {"height": size, "width": size}


@dataclass(frozen=True)
class Family:
    """A model and its processor; `image_id` is what the processor writes for the image.

    Kosmos-2 and 2.5 have a mask instead.
    """

    model: Any
    processor: Any
    image_id: int | None = None

    def is_image(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Which positions the processor gave to the image."""
        mask = inputs.get("image_embeds_position_mask")
        return inputs["input_ids"] == self.image_id if mask is None else mask == 1


def paligemma() -> Family:
    text = tokenizer("<image>", bos=False)
    images = hf.SiglipImageProcessorPil(size=square())
    images.image_seq_length = 16
    processor = hf.PaliGemmaProcessor(images, text)
    config = hf.PaliGemmaConfig(
        vision_config=vision_sizes(projection_dim=32, vision_use_head=False),
        text_config=text_sizes(len(text), model_type="gemma", head_dim=16),
        image_token_index=processor.image_token_id,
        projection_dim=32,
        vocab_size=len(text),
        hidden_size=32,
    )
    return Family(hf.PaliGemmaForConditionalGeneration(config), processor, processor.image_token_id)


def llava() -> Family:
    text = tokenizer("<image>")
    image_id = text.convert_tokens_to_ids("<image>")
    images = hf.CLIPImageProcessorPil(size=square(), crop_size=square())
    processor = hf.LlavaProcessor(
        images,
        text,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    config = hf.LlavaConfig(
        vision_config=hf.CLIPVisionConfig(**vision_sizes()),
        text_config=hf.LlamaConfig(**text_sizes(len(text))),
        image_token_index=image_id,
    )
    return Family(hf.LlavaForConditionalGeneration(config), processor, image_id)


def llava_next() -> Family:
    text = tokenizer("<image>")
    image_id = text.convert_tokens_to_ids("<image>")
    pinpoints = [[SIZE, SIZE], [2 * SIZE, SIZE]]
    images = hf.LlavaNextImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size=square(), image_grid_pinpoints=pinpoints
    )
    processor = hf.LlavaNextProcessor(
        images,
        text,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    config = hf.LlavaNextConfig(
        vision_config=hf.CLIPVisionConfig(**vision_sizes()),
        text_config=hf.LlamaConfig(**text_sizes(len(text))),
        image_token_index=image_id,
        image_grid_pinpoints=pinpoints,
    )
    return Family(hf.LlavaNextForConditionalGeneration(config), processor, image_id)


def llava_onevision() -> Family:
    text = tokenizer("<image>", "<video>", bos=False)
    image_id = text.convert_tokens_to_ids("<image>")
    pinpoints = [[SIZE, SIZE], [2 * SIZE, SIZE]]
    images = hf.LlavaOnevisionImageProcessorPil(size=square(), image_grid_pinpoints=pinpoints)
    processor = images_only(hf.LlavaOnevisionProcessor)(
        images,
        text,
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    config = hf.LlavaOnevisionConfig(
        vision_config=hf.SiglipVisionConfig(**vision_sizes(vision_use_head=False)),
        text_config=hf.Qwen2Config(**text_sizes(len(text))),
        image_token_index=image_id,
        video_token_index=image_id + 1,
        image_grid_pinpoints=pinpoints,
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )
    return Family(hf.LlavaOnevisionForConditionalGeneration(config), processor, image_id)


QWEN = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_CHAT = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")


def qwen(kind: str, patch: int = 14, **vision: Any) -> Family:
    text = tokenizer(*QWEN, bos=False)
    start, end, image_id, video_id = (text.convert_tokens_to_ids(t) for t in QWEN)
    images = hf.Qwen2VLImageProcessorPil(
        patch_size=patch, size={"shortest_edge": SIZE * SIZE, "longest_edge": SIZE * SIZE}
    )
    processor = images_only(getattr(hf, f"{kind}Processor"))(images, text, chat_template=QWEN_CHAT)
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3]}
    config = getattr(hf, f"{kind}Config")(
        text_config=text_sizes(len(text), rope_parameters=rope, rope_scaling=None),
        vision_config={"depth": 2, "num_heads": 2, "patch_size": patch, **vision},
        image_token_id=image_id,
        video_token_id=video_id,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    return Family(getattr(hf, f"{kind}ForConditionalGeneration")(config), processor, image_id)


def qwen2_vl() -> Family:
    return qwen("Qwen2VL", embed_dim=32, hidden_size=32, mlp_ratio=2)


def qwen2_5_vl() -> Family:
    return qwen(
        "Qwen2_5_VL",
        hidden_size=32,
        intermediate_size=64,
        out_hidden_size=32,
        fullatt_block_indexes=[1],
    )


def qwen3_vl() -> Family:
    return qwen(
        "Qwen3VL",
        patch=14,
        hidden_size=32,
        intermediate_size=64,
        out_hidden_size=32,
        num_position_embeddings=16,
        deepstack_visual_indexes=[0],
    )


IDEFICS = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>")


def idefics(kind: str, processor_class: Any) -> Family:
    text = tokenizer(*IDEFICS, bos=False)
    image_id = text.convert_tokens_to_ids("<image>")
    edge = {"longest_edge": SIZE}
    images = getattr(hf, f"{kind}ImageProcessorPil")(
        size=edge, max_image_size=edge, do_image_splitting=False
    )
    processor = processor_class(
        images, text, None, image_seq_len=4, chat_template=CHAT.replace("IMAGE", "<image>")
    )
    config = getattr(hf, f"{kind}Config")(
        text_config=hf.LlamaConfig(**text_sizes(len(text))),
        vision_config=vision_sizes(),
        image_token_id=image_id,
        scale_factor=2,
        pad_token_id=1,
    )
    return Family(getattr(hf, f"{kind}ForConditionalGeneration")(config), processor, image_id)


def idefics3() -> Family:
    def without_videos(images: Any, text: Any, _: None, **more: Any) -> Any:
        return hf.Idefics3Processor(images, text, **more)

    return idefics("Idefics3", without_videos)


def smolvlm() -> Family:
    return idefics("SmolVLM", images_only(hf.SmolVLMProcessor))


def internvl() -> Family:
    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    text = tokenizer(*named.values(), bos=False, named=named)
    image_id = text.convert_tokens_to_ids("<IMG_CONTEXT>")
    images = hf.GotOcr2ImageProcessorPil(size=square(), crop_to_patches=False)
    processor = images_only(hf.InternVLProcessor)(
        images, text, image_seq_length=4, chat_template=CHAT.replace("IMAGE", "<IMG_CONTEXT>")
    )
    config = hf.InternVLConfig(
        text_config=hf.Qwen2Config(**text_sizes(len(text))),
        vision_config=hf.InternVLVisionConfig(
            **vision_sizes(image_size=[SIZE, SIZE], patch_size=[14, 14])
        ),
        image_token_id=image_id,
        image_seq_length=4,
    )
    return Family(hf.InternVLForConditionalGeneration(config), processor, image_id)


def gemma3() -> Family:
    named = {
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
    }
    text = tokenizer(*named.values(), named=named)
    image_id = text.convert_tokens_to_ids("<image_soft_token>")
    images = hf.Gemma3ImageProcessorPil(size=square())
    processor = hf.Gemma3Processor(
        images, text, image_seq_length=4, chat_template=CHAT.replace("IMAGE", "<start_of_image>")
    )
    config = hf.Gemma3Config(
        text_config=text_sizes(len(text), head_dim=16, sliding_window=8),
        vision_config=vision_sizes(vision_use_head=False),
        mm_tokens_per_image=4,
        image_token_index=image_id,
        boi_token_index=text.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=text.convert_tokens_to_ids("<end_of_image>"),
    )
    return Family(hf.Gemma3ForConditionalGeneration(config), processor, image_id)


def kosmos2() -> Family:
    text = tokenizer()
    images = hf.CLIPImageProcessorPil(size=square(), crop_size=square())
    processor = hf.Kosmos2Processor(images, text, num_patch_index_tokens=4)
    config = hf.Kosmos2Config(
        text_config={
            **text_sizes(256),
            "embed_dim": 32,
            "layers": 2,
            "ffn_dim": 64,
            "attention_heads": 2,
            "dropout": 0.0,
            "attention_dropout": 0.0,
        },
        vision_config=vision_sizes(),
        latent_query_num=64,
    )
    return Family(hf.Kosmos2ForConditionalGeneration(config), processor)


def kosmos2_5() -> Family:
    named = {"boi_token": "<image>", "eoi_token": "</image>", "image_token": "<patch>"}
    text = tokenizer(*named.values(), named=named)
    images = hf.Kosmos2_5ImageProcessorPil(max_patches=16, patch_size={"height": 14, "width": 14})
    processor = hf.Kosmos2_5Processor(images, text, num_image_tokens=8)
    processor.images_kwargs = {"max_patches": 16, "return_tensors": "pt"}  # 4,096 take long
    config = hf.Kosmos2_5Config(
        text_config={
            **text_sizes(256),
            "embed_dim": 32,
            "layers": 2,
            "ffn_dim": 64,
            "attention_heads": 2,
            "dropout": 0.0,
            "attention_dropout": 0.0,
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "head_dim": 16,
            "patch_size": 14,
            "patch_embed_hidden_size": 588,
            "max_num_patches": 64,
        },
        latent_query_num=8,
    )
    return Family(hf.Kosmos2_5ForConditionalGeneration(config), processor)


FAMILIES: dict[str, Callable[[], Family]] = {
    each.__name__: each
    for each in (
        paligemma,
        llava,
        llava_next,
        llava_onevision,
        qwen2_vl,
        qwen2_5_vl,
        qwen3_vl,
        idefics3,
        smolvlm,
        internvl,
        gemma3,
        kosmos2,
        kosmos2_5,
    )
}


def family(name: str, dtype: torch.dtype = torch.float32) -> Family:
    """Random, with biases and norms that are not their neutral values."""
    torch.manual_seed(0)
    found = FAMILIES[name]()
    with torch.no_grad():
        for parameter in found.model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    found.model.eval().requires_grad_(False).to(dtype)
    return found
