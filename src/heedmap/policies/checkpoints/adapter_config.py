"""What the config of low-rank adapters (peft) may ask for, looked at before peft acts on it.

peft takes names of modules as regular expressions, builds matrices of the rank that is written,
copies layers, and imports a package by its name: a config from outside could make it wait, or take
memory, without end.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator, model_validator

from heedmap.data.gates.documents import read_json
from heedmap.errors import CheckpointError
from heedmap.frozen import Frozen

CONFIG = "adapter_config.json"
MOST_BYTES = 2**20
MOST_RANK = 8_192
MOST_REPEATS = 4
"""In a pattern, of any length each: trying them takes about a name's length to that power."""
_REPEAT = re.compile(r"(?<!\\)[*+{]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")


_START = re.compile(r"[a-z_]{1,30}?(_niter_\d{1,2})?")
_Names = str | list[str] | None
_Rank = Annotated[int, Field(ge=1, le=MOST_RANK)]


class _Config(Frozen, extra="allow", strict=True):
    """Plain adapters; what else is written must be off, or one value."""

    peft_type: Literal["LORA"]
    r: _Rank
    lora_alpha: float
    target_modules: _Names = None
    exclude_modules: _Names = None
    modules_to_save: _Names = None
    layers_pattern: _Names = None
    target_parameters: _Names = None
    layers_to_transform: int | list[int] | None = None
    rank_pattern: dict[str, _Rank] | None = None
    alpha_pattern: dict[str, float] | None = None
    trainable_token_indices: Any = None
    auto_mapping: Any = None
    init_lora_weights: bool | str = True
    """How the weights began, before those that are read take their place."""

    @field_validator(
        *("target_modules", "exclude_modules", "modules_to_save", "layers_pattern"),
        *("target_parameters", "rank_pattern", "alpha_pattern"),
    )
    @classmethod
    def _are_quick(cls, found: _Names | dict[str, Any]) -> _Names | dict[str, Any]:
        for pattern in [found] if isinstance(found, str) else found or ():
            if _REPEATED_GROUP.search(pattern) or len(_REPEAT.findall(pattern)) > MOST_REPEATS:
                raise ValueError("such a pattern can take for ever; list the modules instead")
        return found

    @field_validator("init_lora_weights")
    @classmethod
    def _is_known(cls, found: bool | str) -> bool | str:
        if isinstance(found, str) and not _START.fullmatch(found):
            raise ValueError("no such way to begin is known")
        return found

    @model_validator(mode="after")
    def _is_plain(self) -> _Config:
        for name, value in (self.model_extra or {}).items():
            if value and isinstance(value, dict | list):
                raise ValueError(f"'{name}' is set, which is not known here")
        return self


_SCHEMA = TypeAdapter(_Config)


def check_adapter_config(folder: Path) -> None:
    """Raise CheckpointError, in one sentence, for a config that is not one of plain adapters."""
    expected = "that of plain low-rank adapters (LoRA) as peft writes them"
    read_json(folder / CONFIG, _SCHEMA, "adapters' config", expected, CheckpointError, MOST_BYTES)
