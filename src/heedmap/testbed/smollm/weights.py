"""What of the specimens was trained, and is therefore shipped: half precision, a few megabytes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.smollm.lowrank import adapters_of, merge, resume
from heedmap.testbed.smollm.network import SmolPolicy

Regime = Literal["counterfactual", "confounded"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
VISION: dict[Regime, str] = {"counterfactual": "vision", "confounded": "vision-nearest"}
"""Whose image tokens."""
HEAD, ACTION = "head.", "action_token"
SHIPPED = Path(__file__).parent / "weights"


def weights_file(name: str, folder: Path = SHIPPED) -> Path:
    """Of a regime, or of image tokens (`VISION`)."""
    return folder / f"{name}.safetensors"


def save_trained(policy: SmolPolicy, path: Path) -> None:
    """Adapters, head and action token of a policy whose adapters are still attached."""
    tensors = adapters_of(policy.decoder)
    tensors |= {HEAD + name: value for name, value in policy.head.state_dict().items()}
    _write({**tensors, ACTION: policy.action_token}, path)


def save_vision(policy: SmolPolicy, path: Path) -> None:
    """The image tokens' network."""
    _write(policy.patches.state_dict(), path)


def load_trained(policy: SmolPolicy, vision: Path, trained: Path) -> None:
    """Put both into a policy of plain weights, in place. Raises PolicyError for damaged ones."""
    path = vision
    try:
        policy.patches.load_state_dict(_read(vision))
        path = trained
        merge(policy.decoder, _put_head(policy, _read(trained)))
    except (OSError, SafetensorError, RuntimeError, KeyError, AttributeError) as error:
        raise PolicyError(
            "The weights {path} cannot be read ({why}); install heedmap again, or train them "
            "again: python -m heedmap.testbed.smollm.train FOLDER",
            path=path,
            why=error,
        ) from error


def resume_from(policy: SmolPolicy, trained: Path) -> None:
    """Go on from these in a policy whose adapters are attached, in place."""
    resume(policy.decoder, _put_head(policy, _read(trained)))


def _put_head(policy: SmolPolicy, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Put head and action token into the policy; gives the adapters that are left."""
    policy.action_token.copy_(tensors.pop(ACTION))
    names = [name for name in tensors if name.startswith(HEAD)]
    policy.head.load_state_dict({n.removeprefix(HEAD): tensors.pop(n) for n in names})
    return tensors


def _read(path: Path) -> dict[str, torch.Tensor]:
    return {name: value.float() for name, value in load_file(path).items()}


def _write(tensors: dict[str, torch.Tensor], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    whole = save({name: value.detach().half().contiguous() for name, value in tensors.items()})
    write_whole(path, whole, Phrase("weights"))
