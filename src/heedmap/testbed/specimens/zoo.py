"""The specimens by name: what each was trained on, its weights, and how well it acts.

A specimen is `REGIME@WIRING`. The four regimes bear the names of the published page's models:

exp41b_resume_exp40_pta  resumed from a policy trained on recorded goal instructions only
exp41c_scratch_pta       recorded data from scratch
exp42_counterfactual_pta same frame, other instruction, other action
exp43_cross_attn_text    as exp42, with a gated cross-attention to the words in the head

*Recorded* data has one instruction a frame, as a log of an operator would: it names the
nearest object, so the frame alone predicts the action. *Counterfactual* data asks for
an object on every side of the same frame. (The page's other three models add a mean word
embedding in their heads; these specimens do not, so that the cross-attention of exp43 is
the only bypass of the decoder.)
"""

from __future__ import annotations

import difflib
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file

from heedmap.errors import PolicyError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.world import Action, Style

Data = Literal["recorded", "counterfactual"]


class Stage(Frozen):
    """A stretch of training on one kind of data; learning rate one-cycle to `peak_lr`."""

    data: Data
    styles: tuple[Style, ...]
    steps: int
    peak_lr: float = 1e-3


class Accuracy(Frozen):
    """How a specimen acts on held-out frame cases; chance is 1/3 and 1/27."""

    style: Style
    frame_cases: int
    per_instruction: dict[Action, float]
    all_three: float


class Recipe(Frozen):
    """All that it takes to train a specimen again, and what came out."""

    name: str
    network: dict[str, Any]
    stages: tuple[Stage, ...]
    seed: int = 0
    batch_pairs: int = 128
    accuracy: tuple[Accuracy, ...] = ()
    weights_sha256: str | None = None
    trained_with: dict[str, str] = Field(default_factory=dict)

    @property
    def config(self) -> NetworkConfig:
        """The network that this recipe trains."""
        return NetworkConfig(**self.network)

    def with_steps_scaled(self, factor: float) -> Recipe:
        """The same recipe with every stage's steps scaled (at least 10)."""
        stages = tuple(
            stage.model_copy(update={"steps": max(10, round(stage.steps * factor))})
            for stage in self.stages
        )
        return self.model_copy(update={"stages": stages})


BOTH: tuple[Style, ...] = ("goal", "path")
REGIMES: dict[str, tuple[Stage, ...]] = {
    "exp41b_resume_exp40_pta": (
        Stage(data="recorded", styles=("goal",), steps=500),
        Stage(data="recorded", styles=BOTH, steps=300),
    ),
    "exp41c_scratch_pta": (Stage(data="recorded", styles=BOTH, steps=800),),
    "exp42_counterfactual_pta": (
        Stage(data="counterfactual", styles=BOTH, steps=6000),
        Stage(data="counterfactual", styles=BOTH, steps=4000),  # one-cycle again: see docs/log.md
    ),
    "exp43_cross_attn_text": (Stage(data="counterfactual", styles=BOTH, steps=2000),),
}
SPECIMENS: tuple[str, ...] = tuple(
    f"{regime}@{wiring}" for wiring in get_args(Wiring) for regime in REGIMES
)


def recipe_for(name: str) -> Recipe:
    """The untrained recipe of a specimen. Raises PolicyError for an unknown name."""
    check_name(name)
    regime, _, wiring = name.partition("@")
    network = NetworkConfig(
        wiring=wiring,  # pyright: ignore[reportArgumentType] - checked by name above
        cross_attends_to_words=regime == "exp43_cross_attn_text",
    )
    return Recipe(name=name, network=network.to_dict(), stages=REGIMES[regime])


def check_name(name: str) -> None:
    """Raise PolicyError with the nearest known name unless `name` is a specimen."""
    if name in SPECIMENS:
        return
    near = difflib.get_close_matches(name, SPECIMENS, n=1, cutoff=0.4)
    hint = Phrase("did you mean '{near}'? ", near=near[0]) if near else ""
    raise PolicyError(
        "Unknown specimen '{name}'; {hint}'heedmap specimens list' shows all {count}.",
        name=name,
        hint=hint,
        count=len(SPECIMENS),
    )


def weights_folder() -> Path:
    """Where the shipped weights and recipes lie."""
    return Path(str(files("heedmap.testbed.specimens"))) / "weights"


def load_recipe(name: str, folder: Path | None = None) -> Recipe:
    """The recipe shipped with a specimen's weights, accuracies included."""
    check_name(name)
    path = (folder or weights_folder()) / f"{name}.json"
    if not path.is_file():
        raise PolicyError(
            "The specimen '{name}' has no trained weights at {path}; train it with: heedmap "
            "specimens train {name}",
            name=name,
            path=path,
        )
    return Recipe.model_validate_json(path.read_text())


def load_specimen(name: str, folder: Path | None = None) -> TinyKosmos2Policy:
    """A trained specimen in evaluation mode on the CPU.

    Raises PolicyError when the name is unknown, or the weights are missing or not those
    that the recipe was written with.
    """
    recipe = load_recipe(name, folder)
    path = (folder or weights_folder()) / f"{name}.safetensors"
    policy = TinyKosmos2Policy(recipe.config)
    try:
        if sha256_of(path) != recipe.weights_sha256:
            raise PolicyError(
                "{path} is not the file that its recipe names (SHA-256 differs); restore it, or "
                "train it again with: heedmap specimens train {name}",
                path=path,
                name=name,
            )
        policy.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PolicyError(
            "The weights of '{name}' at {path} cannot be read: {why}",
            name=name,
            path=path,
            why=error,
        ) from error
    return policy.eval().requires_grad_(False)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pixels_of(frame: Any) -> torch.Tensor:
    """A uint8 RGB frame (height, width, 3) as floats in 0..1, channels first."""
    return torch.from_numpy(frame.copy()).permute(2, 0, 1).float() / 255
