"""Adapter for Kosmos-2 policies in the RoboVLMs form: `kosmos2:PATH`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from heedmap.data.gates.files import read_bytes
from heedmap.data.gates.gate import gate
from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.errors import CheckpointError, InstructionError, PolicyError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.checkpoints.read import SUFFIXES, read_weights
from heedmap.policies.family import Target
from heedmap.policies.load_vlm import load as load_writing
from heedmap.policies.robovlms.checkpoint import build_network, load_backbone_config
from heedmap.policies.robovlms.config import RoboVlmsConfig, Wiring, load_config
from heedmap.policies.robovlms.heads import is_discrete
from heedmap.policies.robovlms.network import RoboVlmsKosmos2
from heedmap.record.record import Loaded

PROMPT = "<grounding>An image of a robot {instruction}"
"""What both RoboVLMs and MoNaVLA put the instruction into."""


class Kosmos2Options(Frozen):
    """What may follow `kosmos2:PATH?`, as in `?wiring=insert&dtype=bfloat16`."""

    config: Path | None = None
    """The config JSON; left out, the one next to the checkpoint that has an `act_head`."""
    vlm: Path | None = None
    """The folder of the Kosmos-2 (config and tokenizer); left out, where the config says."""
    wiring: Wiring | None = None
    """Left out, `overwrite` for MoNaVLA's classes, `insert` for upstream's."""
    prompt: str = PROMPT
    pixels: Literal["clip", "unit"] = "clip"
    """`clip`: normalised with the config's mean and deviation; `unit`: 0..1 as they are."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    padding: Literal["max", "longest"] | None = None
    """Left out, to `max_text_len` when overwriting, otherwise to the longest of a batch."""


@final
class Kosmos2Policy(Policy):
    """A window of frames and an instruction through a RoboVLMs network."""

    family = "kosmos2"

    def __init__(
        self,
        name: str,
        network: RoboVlmsKosmos2,
        config: RoboVlmsConfig,
        tokenizer: PreTrainedTokenizerBase,
        options: Kosmos2Options | None = None,
        loaded: Loaded | None = None,
    ) -> None:
        super().__init__(name)
        self._network = network
        self._config = config
        self._tokenizer = tokenizer
        self._options = options or Kosmos2Options()
        self.loaded = loaded
        tokens = network.backbone.config.latent_query_num
        if network.wiring == "overwrite":
            self.default_declared = f"image=0:{tokens},text={tokens}:+len"
        self.special_ids = tuple(tokenizer.all_special_ids)

    @property
    def module(self) -> nn.Module:
        """The whole network."""
        return self._network

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Classes of a discrete head."""
        return self._config.class_names if is_discrete(self._config.act_head) else None

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """Scores of the newest frame of every window."""
        device = self._network.action_token.device
        ids, is_token = self._tokens(instructions)
        pixels = self._windows(observations).to(device, self._network.action_token.dtype)
        return self._network(pixels, ids.to(device), is_token.to(device))

    def token_count(self, instruction: str) -> int:
        """Tokens with the prompt's. Raises InstructionError when they are too many."""
        count = len(self._tokenizer(self._prompted(instruction))["input_ids"])
        most = self._config.tokenizer.max_text_len
        if count > most:
            raise InstructionError(
                "The instruction '{instruction}' has {count} tokens with its prompt, the policy "
                "'{name}' takes {most} at most; shorten it.",
                instruction=instruction,
                count=count,
                name=self.name,
                most=most,
            )
        return count

    def _prompted(self, instruction: str) -> str:
        return self._options.prompt.replace("{instruction}", instruction)

    def _tokens(self, instructions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        for instruction in instructions:
            self.token_count(instruction)
        pads_to_most = self._options.padding == "max" or (
            self._options.padding is None and self._network.wiring == "overwrite"
        )
        encoded = self._tokenizer(
            [self._prompted(text) for text in instructions],
            padding="max_length" if pads_to_most else "longest",
            max_length=self._config.tokenizer.max_text_len,
            padding_side="right",
            return_tensors="pt",
        )
        return encoded["input_ids"], encoded["attention_mask"].bool()

    def _windows(self, observations: Sequence[Observation]) -> torch.Tensor:
        """(batch, window, 3, size, size): the moments before, then the frame itself."""
        before = self._config.window_size - 1
        windows = [[*o.history[-before:], o] if before else [o] for o in observations]
        if len({len(window) for window in windows}) > 1:
            raise PolicyError(
                "Frames of one batch have histories of different length; give all of them the "
                "same, or none."
            )
        return torch.stack(
            [torch.stack([self._pixels(o.frame) for o in window]) for window in windows]
        )

    def _pixels(self, frame: Frame) -> torch.Tensor:
        size = (self._config.image_size, self._config.image_size)
        resized = Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC)
        values = np.asarray(resized, dtype=np.float32) / 255
        if self._options.pixels == "clip":
            values = (values - self._config.image_mean) / self._config.image_std
        return torch.from_numpy(values.astype(np.float32)).permute(2, 0, 1)


def load(target: Target, permissions: Permissions) -> Policy:
    """The family `kosmos2`.

    A folder of transformers' own Kosmos-2, without an action head, is a model that writes its
    actions.
    """
    if (target.path / "model.safetensors").is_file():
        return load_writing(target, permissions)
    options = target.options(Kosmos2Options)
    return load_kosmos2(target.name, target.place, options, permissions)


def load_kosmos2(
    name: str, written: str, options: Kosmos2Options, permissions: Permissions = SAFE
) -> Kosmos2Policy:
    """A checkpoint with its config and the Kosmos-2 it is made of.

    `written` is the checkpoint's path, or that of a folder that holds one. Raises
    CheckpointError, in one sentence, for what is missing, broken, unsafe or does not fit.
    """
    path = Path(written).expanduser()
    if not path.exists():
        raise CheckpointError("The checkpoint {path} does not exist.", path=path)
    checkpoint = _only(path, SUFFIXES) if path.is_dir() else path
    config_path = options.config or _config_beside(checkpoint)
    config = load_config(config_path)
    folder = options.vlm or _backbone_folder(config, config_path)
    backbone_config = load_backbone_config(folder)
    tokenizer = _tokenizer(folder)
    state = read_weights(checkpoint, permissions)
    wiring = options.wiring or config.usual_wiring
    dtype = getattr(torch, options.dtype)
    network, fit = build_network(config, backbone_config, state, wiring, dtype)
    fit.check(checkpoint, permissions)
    loaded = Loaded(
        checkpoint=str(checkpoint),
        choices={"wiring": wiring, "prompt": options.prompt, "pixels": options.pixels},
        random_weights=fit.missing,
        ignored_weights=(*fit.unexpected, *fit.mismatched),
    )
    return Kosmos2Policy(name, network, config, tokenizer, options, loaded)


def _only(folder: Path, suffixes: tuple[str, ...]) -> Path:
    found = sorted(p for p in folder.iterdir() if p.suffix in suffixes and p.is_file())
    if len(found) != 1:
        names = ", ".join(p.name for p in found[:4]) or Phrase("none")
        raise CheckpointError(
            "The folder {folder} should hold one checkpoint ({suffixes}); it holds {names}. Give "
            "the file: kosmos2:{folder}/NAME.",
            folder=folder,
            suffixes=", ".join(suffixes),
            names=names,
        )
    return found[0]


def _config_beside(checkpoint: Path) -> Path:
    """The config in the checkpoint's folder: the one that no other has as its parent."""
    folder = checkpoint.parent
    files = sorted(folder.glob("*.json"))
    texts = {
        p: read_bytes(p, Phrase("config"), CheckpointError).decode("utf-8", "replace")
        for p in files
    }
    found = [p for p, text in texts.items() if '"act_head"' in text or '"parent"' in text]
    named = [p for p in found if not any(p.name in t for q, t in texts.items() if q != p)]
    if len(named) != 1:
        names = ", ".join(p.name for p in named[:4]) or Phrase("none")
        raise CheckpointError(
            "The folder {folder} should hold one config of RoboVLMs (a JSON with 'act_head'); it "
            "holds {names}. Name it: ?config=FILE.",
            folder=folder,
            names=names,
        )
    return named[0]


def _backbone_folder(config: RoboVlmsConfig, config_path: Path) -> Path:
    """Where the config says; on another machine, a folder of that name next to it."""
    written = config.vlm.pretrained_model_name_or_path
    written = written or config.tokenizer.pretrained_model_name_or_path or "vlm"
    beside = config_path.parent
    places = (Path(written), beside / written, beside / Path(written).name, beside / "vlm")
    for place in places:
        if (place / "config.json").is_file():
            return place
    raise CheckpointError(
        "The Kosmos-2 '{written}' of the config {config_path} is not there; put its folder "
        "(config and tokenizer) beside the config, or name it: ?vlm=FOLDER.",
        written=written,
        config_path=config_path,
    )


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    advice = Phrase("copy the files of Kosmos-2's tokenizer there, or name its folder: ?vlm=FOLDER")
    with gate(CheckpointError, Phrase("The tokenizer in {folder}", folder=folder), advice):
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
