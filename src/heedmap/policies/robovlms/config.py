"""The JSON configs that RoboVLMs and MoNaVLA write: what acting needs of them.

A config may name a parent, whose values it overrides, table by table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from heedmap.errors import CheckpointError
from heedmap.frozen import Frozen
from heedmap.policies.checkpoints.folder import read_config

Wiring = Literal["insert", "overwrite"]
"""Where the image goes: `insert`, behind BOS, with the action token before the last slot, as
upstream RoboVLMs has it; `overwrite`, over the first positions of the padded instruction,
with the action token behind it, as MoNaVLA's fallback has it."""

MOST_PARENTS = 16
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
MOBILE_CLASSES = {
    6: ("STOP", "FORWARD", "LEFT", "RIGHT", "FWD+L", "FWD+R"),
    8: ("STOP", "FORWARD", "LEFT", "RIGHT", "FWD+L", "FWD+R", "TURN_L", "TURN_R"),
}
"""MoNaVLA's action classes, by their number."""

HEAD_TYPES: dict[str, str] = {
    "LSTMDecoder": "lstm",
    "FCDecoder": "fully connected",
    "MobileVLALSTMDecoder": "mobile lstm",
    "NavPolicyRegression": "mobile lstm",
    "MobileVLAClassificationDecoder": "mobile classes",
    "NavPolicy": "mobile classes",
}
"""Names of action heads in configs, and which of ours each is."""


class TrainSetup(Frozen, extra="ignore"):
    """How the backbone was trained: whether low-rank adapters lie over it."""

    lora_enable: bool = False
    lora_alpha: float | None = None


class ActHead(Frozen, extra="ignore"):
    """The action head."""

    type: str
    action_space: str = "continuous"
    action_dim: int = Field(default=7, ge=1, le=100_000)
    hidden_size: int = Field(default=1024, ge=1, le=65_536)
    num_layers: int = Field(default=4, ge=1, le=64)
    down_sample: Literal["none", "pooling"] = "none"
    latent: int = Field(default=1, ge=1, le=1024)
    num_classes: int | None = Field(default=None, ge=1, le=100_000)
    instr_in_features: int | None = None
    text_in_features: int | None = None
    history_type: str = "post"
    fill_zero: bool = False

    @property
    def is_mobile(self) -> bool:
        """Whether it is one of MoNaVLA's."""
        return HEAD_TYPES.get(self.type, "").startswith("mobile")


class Tokenizer(Frozen, extra="ignore"):
    """How the instruction is tokenised."""

    pretrained_model_name_or_path: str | None = None
    max_text_len: int = Field(default=256, ge=2, le=65_536)


class Vlm(Frozen, extra="ignore"):
    """Where the backbone came from."""

    pretrained_model_name_or_path: str | None = None


class RoboVlmsConfig(Frozen, extra="ignore"):
    """What acting needs of a config."""

    robovlm_name: str = "RoboKosMos"
    model: str = "kosmos"
    window_size: int = Field(default=1, ge=1, le=4096)
    fwd_pred_next_n: int = Field(default=1, ge=1, le=4096)
    image_size: int = Field(default=224, ge=1, le=8192)
    image_mean: tuple[float, float, float] = CLIP_MEAN
    image_std: tuple[float, float, float] = CLIP_STD
    use_hand_rgb: bool = False
    use_state: bool = False
    class_labels: tuple[str, ...] | None = None
    act_head: ActHead
    train_setup: TrainSetup = TrainSetup()
    tokenizer: Tokenizer = Tokenizer()
    vlm: Vlm = Vlm()

    @property
    def usual_wiring(self) -> Wiring:
        """MoNaVLA's own classes overwrite, upstream's insert."""
        name = self.robovlm_name.lower()
        return "overwrite" if "nav" in name or self.act_head.is_mobile else "insert"

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the head's classes, as the config or MoNaVLA's code has them."""
        count = self.act_head.num_classes or self.act_head.action_dim
        if self.class_labels is not None and len(self.class_labels) == count:
            return self.class_labels
        return MOBILE_CLASSES.get(count, tuple(f"class_{number}" for number in range(count)))


def load_config(path: Path) -> RoboVlmsConfig:
    """Read a config and its parents.

    Raises CheckpointError for what is missing, no JSON, or lacks what acting needs, and for
    models and heads that are not known.
    """
    try:
        config = RoboVlmsConfig.model_validate(_with_parents(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(
            "The config {path} is not of the RoboVLMs form: {place}: {misfit}.",
            path=path,
            place=place,
            misfit=first["msg"],
        ) from error
    head = config.act_head
    if "kosmos" not in config.model.lower():
        raise CheckpointError(
            "The config {path} is for the model '{model}'; 'kosmos2:' reads Kosmos-2. Give "
            "another model as vlm:PATH, or with a factory of yours.",
            path=path,
            model=config.model,
        )
    if head.type not in HEAD_TYPES or head.action_space != "continuous":
        raise CheckpointError(
            "The config {path} has the action head '{type}' in the action space '{action_space}'; "
            "known are {known} in 'continuous' (an action token). Give a factory that "
            "returns your model and a callable.",
            path=path,
            type=head.type,
            action_space=head.action_space,
            known=", ".join(HEAD_TYPES),
        )
    if config.use_state or head.history_type != "post":
        setting = "use_state" if config.use_state else f"history_type '{head.history_type}'"
        raise CheckpointError(
            "The config {path} has {setting}, which 'kosmos2:' does not run; give a factory that "
            "returns your model and a callable.",
            path=path,
            setting=setting,
        )
    return config


def _with_parents(path: Path) -> dict[str, Any]:
    """The config over its parents; a parent is at its path, or next to its child."""
    chain: list[dict[str, Any]] = []
    place: Path | None = path
    while place is not None:
        if len(chain) == MOST_PARENTS:
            raise CheckpointError(
                "The config {path} has more than {most} parents.",
                path=path,
                most=MOST_PARENTS,
            )
        own = read_config(place)
        chain.append(own)
        place = _parent(own.get("parent"), place)
    merged: dict[str, Any] = {}
    for own in reversed(chain):
        merged = _over(merged, own)
    return merged


def _parent(named: Any, child: Path) -> Path | None:
    if not named:
        return None
    written = Path(str(named))
    beside = child.parent / written.name
    found = next((p for p in (beside, written, child.parent / written) if p.is_file()), None)
    if found is None:
        raise CheckpointError(
            "The config {child} names the parent '{named}', which is not there; put {written} "
            "beside it.",
            child=child,
            named=named,
            written=written.name,
        )
    return found


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = (
            _over(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
        )
    return merged
