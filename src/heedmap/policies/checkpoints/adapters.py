"""Low-rank adapters (peft) over a model: merged into its weights when it is loaded."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from heedmap.data.gates.gate import gate
from heedmap.errors import CheckpointError, MissingExtraError
from heedmap.phrase import Phrase
from heedmap.policies.checkpoints.adapter_config import check_adapter_config
from heedmap.policies.checkpoints.folder import check_place
from heedmap.policies.checkpoints.read import check_finite


def peft_package() -> Any:
    """The package `peft`. Raises MissingExtraError where it is not installed."""
    try:
        return importlib.import_module("peft")
    except ModuleNotFoundError as error:
        raise MissingExtraError("lora", "peft") from error


def merge_adapter(model: Any, folder: Path) -> Any:
    """The model with the adapters of a folder in its weights, as `merge_and_unload` does.

    Only safetensors are read, never a pickle. Raises CheckpointError, in one sentence, for a folder
    without any, adapters of another model, and a config that asks for more than plain adapters.
    """
    peft = peft_package()
    check_place(folder)
    if not (folder / "adapter_model.safetensors").is_file():
        raise CheckpointError(
            "The adapters in {folder} cannot be read: there is no adapter_model.safetensors; give "
            "the folder that holds it beside adapter_config.json.",
            folder=folder,
        )
    check_adapter_config(folder)
    with gate(
        CheckpointError,
        Phrase("The adapters in {folder}", folder=folder),
        Phrase("give a folder that peft wrote"),
    ):
        merged = peft.PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
    for name, tensor in merged.state_dict().items():
        check_finite(name, tensor, folder)
    return merged
