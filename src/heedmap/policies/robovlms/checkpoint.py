"""From a RoboVLMs checkpoint to a network: prefixes, low-rank adapters, and what does not fit.

A Lightning checkpoint holds the network as `model.`. Where adapters were trained, the same
backbone is in it twice, as `backbone.` and as the adapter library's wrapper; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, Kosmos2Config, Kosmos2ForConditionalGeneration

from heedmap.data.gates.gate import gate
from heedmap.errors import CheckpointError, MissingExtraError, first_line_of
from heedmap.phrase import Phrase
from heedmap.policies.checkpoints.fit import Fit, fit_into, joined
from heedmap.policies.checkpoints.folder import check_place, read_config
from heedmap.policies.checkpoints.read import StateDict
from heedmap.policies.robovlms.config import RoboVlmsConfig, Wiring
from heedmap.policies.robovlms.heads import TRAINING_ONLY
from heedmap.policies.robovlms.network import RoboVlmsKosmos2

WRAPPERS = ("model.base_model.model.", "backbone.base_model.model.")
"""Where the adapter library puts the backbone."""
NOT_ACTING = ("clip_norm_head.", "fwd_head.", "static_image_tokens", "hand_image_tokens")
"""Parts that predict images or text in training, and have no part in acting."""
EMBEDDINGS = "text_model.model.embed_tokens.weight"
BUFFERS = ("position_ids", "embed_positions.weights")
"""Ends of names that older versions of transformers stored and newer ones compute."""


def load_backbone_config(folder: Path) -> Kosmos2Config:
    """The `config.json` of a Kosmos-2. Raises CheckpointError when it is none."""
    check_place(folder)
    read_config(folder / "config.json")
    with gate(
        CheckpointError,
        Phrase("The config of a Kosmos-2 in {folder}", folder=folder),
        Phrase("name it: ?vlm=FOLDER"),
    ):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not isinstance(config, Kosmos2Config):
        raise CheckpointError(
            "{folder} is a {model_type}, expected kosmos-2; give its folder: ?vlm=FOLDER.",
            folder=folder,
            model_type=config.model_type,
        )
    return config


def build_network(
    config: RoboVlmsConfig,
    backbone_config: Kosmos2Config,
    state: StateDict,
    wiring: Wiring,
    dtype: torch.dtype,
) -> tuple[RoboVlmsKosmos2, Fit]:
    """The network with a checkpoint's weights, and what did not fit.

    The head stays float32, as its memory needs. Raises CheckpointError where low-rank
    adapters lack what they need, MissingExtraError without the library for them.
    """
    parts = _parts(state)
    base = {name.replace(".base_layer.", "."): t for name, t in parts.backbone.items()}
    adapters = {name: base.pop(name) for name in list(base) if ".lora_" in name}
    backbone, fit = _backbone(backbone_config, base, dtype)
    fits = [("backbone.", fit)]
    if adapters:
        fits.append(("backbone.", _add_adapters(backbone, adapters, config, parts.backbone)))
    network = RoboVlmsKosmos2(backbone, config, wiring)
    rest = nn.ModuleDict({"act_head": network.act_head})
    rest.register_parameter("action_token", network.action_token)
    fits.append(("", fit_into(rest, parts.rest)))
    return network.eval().requires_grad_(False), joined(fits)


class _Parts:
    """The backbone's weights under its own names, and the others."""

    def __init__(self) -> None:
        self.backbone: StateDict = {}
        self.rest: StateDict = {}


def _parts(state: StateDict) -> _Parts:
    found = _Parts()
    for written, tensor in state.items():
        name = written.removeprefix("module.").removeprefix("model.")
        wrapper = next((w for w in WRAPPERS if name.startswith(w)), None)
        if wrapper is not None:
            _add(found.backbone, name.removeprefix(wrapper), tensor)
        elif name.startswith("backbone."):
            _add(found.backbone, name.removeprefix("backbone."), tensor)
        elif not name.startswith(NOT_ACTING) and not name.endswith(TRAINING_ONLY):
            found.rest[name] = tensor
    return found


def _add(backbone: StateDict, name: str, tensor: torch.Tensor) -> None:
    """Equal duplicates count once; unequal ones make the checkpoint invalid."""
    if name.endswith(BUFFERS):
        return
    known = backbone.setdefault(name, tensor)
    if known is not tensor and not torch.equal(known, tensor):
        raise CheckpointError(
            "The checkpoint holds '{name}' of the backbone twice, with different values; save it "
            "again from the model.",
            name=name,
        )


def _backbone(
    config: Kosmos2Config, state: StateDict, dtype: torch.dtype
) -> tuple[Kosmos2ForConditionalGeneration, Fit]:
    """Transformers' own loading: types, tied weights, computed buffers."""
    if EMBEDDINGS in state:  # tokens that were added in training
        config.get_text_config().vocab_size = len(state[EMBEDDINGS])
    try:
        found: Any = Kosmos2ForConditionalGeneration.from_pretrained(
            None,
            config=config,
            state_dict=state,
            dtype=dtype,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            attn_implementation="sdpa",
        )
    except (RuntimeError, ValueError, MemoryError, OverflowError) as error:
        first_line = first_line_of(error)
        raise CheckpointError(
            "The Kosmos-2 of the checkpoint cannot be built ({why}); check the sizes in "
            "its config.json.",
            why=first_line,
        ) from error
    model, info = found
    return model, Fit(
        tuple(sorted(info["missing_keys"])),
        tuple(sorted(info["unexpected_keys"])),
        tuple(f"{n} {tuple(b)} / {tuple(a)}" for n, a, b in sorted(info["mismatched_keys"])),
    )


def _add_adapters(
    backbone: Kosmos2ForConditionalGeneration,
    adapters: StateDict,
    config: RoboVlmsConfig,
    stored: Mapping[str, torch.Tensor],
) -> Fit:
    """Low-rank adapters over the layers that the checkpoint names, as peft runs them."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError as error:
        raise MissingExtraError("lora", "peft") from error
    alpha = config.train_setup.lora_alpha
    if alpha is None:
        raise CheckpointError(
            "The checkpoint holds low-rank adapters, but its config has no "
            "train_setup.lora_alpha to scale them by; add it."
        )
    ranks = {n.split(".lora_A.")[0]: len(t) for n, t in adapters.items() if ".lora_A." in n}
    if len(set(ranks.values())) != 1:
        raise CheckpointError(
            "The checkpoint's adapters have the ranks {values}, expected one.",
            values=sorted(set(ranks.values())),
        )
    rank = next(iter(ranks.values()))
    lora = LoraConfig(r=rank, lora_alpha=int(alpha), target_modules=sorted(ranks))
    inject_adapter_in_model(lora, backbone)
    own = {name for name in backbone.state_dict() if ".lora_" in name}
    fit = fit_into(backbone, adapters, optional=set(backbone.state_dict()) - own)
    return Fit(fit.missing, fit.unexpected, fit.mismatched)
