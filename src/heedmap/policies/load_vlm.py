"""From a folder (or, if allowed, a name on the hub) to a vision-language policy: `vlm:PATH`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from transformers import AutoConfig, AutoModelForImageTextToText

from heedmap.data.gates.gate import gate
from heedmap.errors import CheckpointError, PolicyError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase
from heedmap.policies.action_tokens import (
    OPENVLA_BINS,
    OPENVLA_PROMPT,
    OPENVLA_SPACE_ID,
    OPENVLA_STEPS,
    ActionTokens,
    bin_tokens,
    id_tokens,
    load_statistics,
    word_tokens,
)
from heedmap.policies.checkpoints.adapters import merge_adapter
from heedmap.policies.checkpoints.fit import Fit
from heedmap.policies.checkpoints.folder import INDEX, read_config, shard_names
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.checkpoints.read import check_finite
from heedmap.policies.family import Target
from heedmap.policies.lerobot.locate import refuse_lerobot
from heedmap.policies.processors import load_processor
from heedmap.policies.vlm import INSTRUCTION, VlmPolicy
from heedmap.record.record import Loaded

MOST_CLAIMED, SMALL = 8, 100_000_000
"""Weights for each stored byte (four bits each are two), and what is allowed beside."""
STATISTICS = "dataset_statistics.json"


class VlmOptions(Frozen):
    """What may follow `vlm:PATH?`.

    One of `actions`, `ids` and `bins` says how actions are written; OpenVLA's are known.
    """

    actions: str | None = None
    """Words, each one token: `left,right,forward`."""
    ids: str | None = None
    """Token ids: `20:23`, or `5,9,11`."""
    bins: int | None = Field(default=None, ge=3, le=65_536)
    """The vocabulary's last tokens are so many bins of -1..1 (RT-2, OpenVLA: 256)."""
    steps: int = Field(default=1, ge=1, le=1024)
    """Tokens of an action, with `bins`: one a dimension."""
    prompt: str | None = None
    """With `{instruction}`; left out, the instruction alone (OpenVLA: its own)."""
    chat: bool | None = None
    """Whether the processor's chat template is used; left out, where there is one."""
    statistics: Path | None = None
    """A `dataset_statistics.json` by which bins become units."""
    data_set: str | None = None
    """Whose statistics, where there are several."""
    adapter: Path | None = None
    """A folder of low-rank adapters (peft) over the model."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"


def load(target: Target, permissions: Permissions) -> VlmPolicy:
    """The family `vlm`."""
    return load_vlm(target.name, target.place, target.options(VlmOptions), permissions)


def load_vlm(
    name: str, path: str, options: VlmOptions, permissions: Permissions = SAFE
) -> VlmPolicy:
    """A model with its processor. Raises PolicyError, in one sentence, for what cannot be used.

    Nothing is fetched unless that is allowed, and no Python file of the checkpoint runs.
    """
    refuse_lerobot(Path(path))
    config = _config(path, permissions)
    _check_code(path, config, permissions)
    processor = load_processor(
        path, local=not permissions.hub, trust_code=permissions.trust_remote_code
    )
    model, fit = _model(path, options, permissions)
    fit.check(Path(path), permissions)
    if options.adapter is not None:
        model = merge_adapter(model, options.adapter)
    for weight, tensor in model.state_dict().items():
        check_finite(weight, tensor, path)
    is_openvla = config.get("model_type") == "openvla"
    prompt = options.prompt or (OPENVLA_PROMPT if is_openvla else INSTRUCTION)
    if INSTRUCTION not in prompt:
        raise PolicyError(
            "The prompt '{prompt}' has no place for the instruction: {instruction}.",
            prompt=prompt,
            instruction=INSTRUCTION,
        )
    tokens = _actions(options, path, config, processor, is_openvla=is_openvla)
    loaded = Loaded(
        checkpoint=path,
        choices={"prompt": prompt, "actions": _described(options, is_openvla=is_openvla)},
        random_weights=fit.missing,
        ignored_weights=(*fit.unexpected, *fit.mismatched),
    )
    return VlmPolicy(
        name,
        model.eval().requires_grad_(False),
        processor,
        tokens,
        prompt=prompt,
        suffix_ids=(OPENVLA_SPACE_ID,) if is_openvla else (),
        lower_case=is_openvla,
        chat=False if is_openvla else options.chat,
        loaded=loaded,
    )


def _config(path: str, permissions: Permissions) -> dict[str, Any]:
    """The config as it was written; empty where only the hub has it."""
    file = Path(path) / "config.json"
    if not Path(path).is_dir():
        if permissions.hub:
            return {}
        raise CheckpointError(
            "The model '{path}' is no folder on this machine; give one, or add --hub to fetch it.",
            path=path,
        )
    if not file.is_file():
        raise CheckpointError(
            "The folder {path} holds no config.json; give one as transformers' save_pretrained "
            "leaves it, with the model and its processor.",
            path=path,
        )
    if (Path(path) / INDEX).is_file():
        shard_names(Path(path) / INDEX)
    return read_config(file)


def _check_code(path: str, config: dict[str, Any], permissions: Permissions) -> None:
    if config.get("auto_map") and not permissions.trust_remote_code:
        named = config["auto_map"]
        named = named.values() if isinstance(named, dict) else [named]
        files = sorted({str(value).split(".")[0] for value in named})
        raise CheckpointError(
            "The checkpoint {path} brings Python code of its own ({files}.py); nothing was run. "
            "Read it, and if you trust it, add --trust-remote-code.",
            path=path,
            files=", ".join(files[:4]),
        )


def _model(path: str, options: VlmOptions, permissions: Permissions) -> tuple[Any, Fit]:
    advice = Phrase(
        "'vlm:' takes transformers' image-text-to-text models with safetensors weights. "
        "Give others with a factory"
    )
    with gate(CheckpointError, Phrase("The model {path}", path=path), advice):
        _check_claimed(path, permissions)
        found: Any = AutoModelForImageTextToText.from_pretrained(
            path,
            dtype=getattr(torch, options.dtype),
            local_files_only=not permissions.hub,
            trust_remote_code=permissions.trust_remote_code,
            attn_implementation="sdpa",
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    model, info = found
    return model, Fit(
        tuple(sorted(info["missing_keys"])),
        tuple(sorted(info["unexpected_keys"])),
        tuple(str(each[0]) for each in sorted(info["mismatched_keys"])),
    )


def _check_claimed(path: str, permissions: Permissions) -> None:
    """Raise CheckpointError for a config of a network many times as large as the weights.

    What the weights lack is drawn at random, however large the config says that it is.
    """
    if not Path(path).is_dir() or permissions.trust_remote_code:
        return
    config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    claimed = sum(tensor.numel() for tensor in model.parameters())
    stored = sum(file.stat().st_size for file in Path(path).glob("*.safetensors"))
    if claimed > MOST_CLAIMED * stored + SMALL:
        raise CheckpointError(
            "The config of {path} describes {claimed:,} weights, but its files hold {stored:,} "
            "bytes; give the config that the weights were trained with.",
            path=path,
            claimed=claimed,
            stored=stored,
        )


def _actions(
    options: VlmOptions, path: str, config: dict[str, Any], processor: Any, *, is_openvla: bool
) -> ActionTokens:
    tokenizer = getattr(processor, "tokenizer", processor)
    given = [options.actions, options.ids, options.bins]
    if sum(each is not None for each in given) + is_openvla != 1:
        raise PolicyError(
            "Say how '{path}' writes its actions, in one way: ?actions=left,right,forward (words "
            "of one token), ?ids=20:23 (token ids) or ?bins=256&steps=7 (bins of -1..1).",
            path=path,
        )
    if options.actions is not None:
        return word_tokens(options.actions, tokenizer)
    if options.ids is not None:
        return id_tokens(options.ids)
    beside = Path(path) / STATISTICS
    place = options.statistics or (beside if beside.is_file() else None)
    statistics = load_statistics(place, options.data_set) if place is not None else None
    if is_openvla and statistics is None and config.get("norm_stats"):
        statistics = load_statistics(Path(path) / "config.json", options.data_set, "norm_stats")
    padded = int(config.get("pad_to_multiple_of", 0)) if is_openvla else 0
    last_id = _vocabulary(config, tokenizer) - padded - 1
    steps = OPENVLA_STEPS if is_openvla and options.steps == 1 else options.steps
    return bin_tokens(options.bins or OPENVLA_BINS, steps, last_id, statistics)


def _vocabulary(config: dict[str, Any], tokenizer: Any) -> int:
    text = config.get("text_config")
    size = text.get("vocab_size") if isinstance(text, dict) else config.get("vocab_size")
    return int(size) if isinstance(size, int) else len(tokenizer)


def _described(options: VlmOptions, *, is_openvla: bool) -> str:
    for name in ("actions", "ids", "bins"):
        if (value := getattr(options, name)) is not None:
            return f"{name}={value}, steps={options.steps}"
    return f"OpenVLA's {OPENVLA_BINS} bins" if is_openvla else ""
