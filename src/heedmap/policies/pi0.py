"""Adapter for transformers' own π0: `pi0:FOLDER`.

The action is what one flow step makes of noise: from the noisy actions and the velocity
there, where the flow would end. The first step starts from pinned noise; a later one starts
where the model's own steps before it lead.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from PIL import Image
from pydantic import Field
from torch import nn
from transformers import AutoTokenizer, PI0ForConditionalGeneration

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.errors import CheckpointError, PolicyError, first_line_of
from heedmap.frozen import Frozen
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.fit import Fit
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.checkpoints.read import check_finite
from heedmap.policies.family import Target
from heedmap.policies.lerobot.locate import refuse_lerobot
from heedmap.policies.pi0_joint import Inputs, JointPi0
from heedmap.policies.unwatched import unwatched
from heedmap.record.record import Loaded

AGREES_TO = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""Of the largest velocity: farther from the model's own pass, the joint one is not used."""


class Pi0Options(Frozen):
    """What may follow `pi0:FOLDER?`."""

    flow_step: int = Field(default=0, ge=0, le=1000)
    """Which of the model's flow steps is looked at, from 0."""
    action_steps: int = Field(default=1, ge=1, le=1000)
    """Steps of the chunk that make up the action."""
    action_dims: int | None = Field(default=None, ge=1, le=1000)
    """Dimensions that the robot has; left out, all that the model writes."""
    cameras: int | None = Field(default=None, ge=1, le=16)
    """Slots for cameras; a frame with fewer leaves the last ones absent."""
    state: Literal["given", "zeros"] = "given"
    noise_seed: int = 0
    dtype: Literal["float32", "bfloat16"] = "float32"


@final
class Pi0Policy(Policy):
    """One flow step of π0, prefix and suffix as one sequence."""

    family = "pi0"

    def __init__(
        self,
        name: str,
        model: PI0ForConditionalGeneration,
        tokenizer: Any,
        options: Pi0Options | None = None,
        state_scale: tuple[Sequence[float], Sequence[float]] | None = None,
        loaded: Loaded | None = None,
    ) -> None:
        """`state_scale` are mean and deviation of the states of its data set."""
        super().__init__(name)
        self._options = options or Pi0Options()
        self._joint = JointPi0(model).eval()
        tensors = [*model.parameters(), *model.buffers()]
        self._sampler = copy.deepcopy(model, {id(t): t for t in tensors})
        self._vlm: Any = model.config.vlm_config
        self._tokenizer = tokenizer
        self._state_scale = state_scale
        self.loaded = loaded
        self._is_checked = False
        self.special_ids = tuple(tokenizer.all_special_ids)
        if self._options.flow_step >= model.config.num_inference_steps:
            raise PolicyError(
                "The flow of '{name}' has {steps} steps, numbered from 0; there is no step {step}.",
                name=name,
                steps=model.config.num_inference_steps,
                step=self._options.flow_step,
            )

    @property
    def module(self) -> nn.Module:
        """The model, and its layers joined."""
        return self._joint

    @property
    def action_names(self) -> None:
        """Its actions are numbers."""
        return None

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """Where the flow would end, seen from this step."""
        inputs = self.inputs(observations, instructions)
        state = self._states(observations)
        noisy, time = self._noisy(inputs, state)
        self._check(inputs, state, noisy, time)
        clean = noisy - time[:, None, None] * self._joint(inputs, state, noisy, time)
        dims = self._options.action_dims or clean.shape[2]
        return clean[:, : self._options.action_steps, :dims].flatten(1).float()

    def inputs(self, observations: Sequence[Observation], instructions: Sequence[str]) -> Inputs:
        """Image tokens of every camera, BOS, the instruction and a line's end, padded right."""
        model = self._joint.model
        device, dtype = model.device, model.dtype
        slots = self._options.cameras or max(len(o.images) for o in observations)
        pixels = torch.stack([self._cameras(o, slots) for o in observations])
        present = torch.tensor([[n < len(o.images) for n in range(slots)] for o in observations])
        ids = [self._ids(o, text) for o, text in zip(observations, instructions, strict=True)]
        longest = max(len(each) for each in ids)
        padding = self._tokenizer.pad_token_id or 0
        padded = [each + [padding] * (longest - len(each)) for each in ids]
        is_token = [[n < len(each) for n in range(longest)] for each in ids]
        return {
            "input_ids": torch.tensor(padded, device=device),
            "attention_mask": torch.tensor(is_token, device=device).long(),
            "pixel_values": pixels.to(device, dtype),
            "pixel_attention_mask": present.to(device),
        }

    def token_count(self, instruction: str) -> int:
        """Tokens of the words, with BOS and the line's end."""
        return len(self._words(instruction))

    def _words(self, instruction: str) -> list[int]:
        text = f"{self._tokenizer.bos_token}{instruction}\n"
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _ids(self, observation: Observation, instruction: str) -> list[int]:
        vlm = self._vlm
        side = vlm.vision_config.image_size // vlm.vision_config.patch_size
        image = [vlm.image_token_id] * (side * side * len(observation.images))
        return image + self._words(instruction)

    def _cameras(self, observation: Observation, slots: int) -> torch.Tensor:
        """-1..1; absent cameras are zeros, and masked."""
        side = self._vlm.vision_config.image_size
        images = [_square(image, side) for image in observation.images.values()]
        if len(images) > slots:
            raise PolicyError(
                "A frame has {count} cameras, the policy '{name}' {slots} slots.",
                count=len(images),
                name=self.name,
                slots=slots,
            )
        absent = [torch.zeros(3, side, side)] * (slots - len(images))
        return torch.stack([*images, *absent])

    def _states(self, observations: Sequence[Observation]) -> torch.Tensor:
        width = self._joint.model.config.max_state_dim
        rows = [torch.zeros(width) for _ in observations]
        if self._options.state == "given":
            for row, observation in zip(rows, observations, strict=True):
                if observation.state is None or len(observation.state) > width:
                    raise PolicyError(
                        "The policy '{name}' takes a state of up to {width} numbers; give frames "
                        "that have one (HDF5, LeRobot, Observation(images, state)), or say "
                        "?state=zeros.",
                        name=self.name,
                        width=width,
                    )
                row[: len(observation.state)] = self._scaled(observation.state)
        return torch.stack(rows).to(self._joint.model.device, self._joint.model.dtype)

    def _scaled(self, state: np.ndarray) -> torch.Tensor:
        values = torch.as_tensor(state, dtype=torch.float32)
        if self._state_scale is None:
            return values
        mean, deviation = (torch.tensor(side[: len(values)]) for side in self._state_scale)
        return (values - mean) / (deviation + 1e-8)

    def _noisy(self, inputs: Inputs, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The noisy actions that the step begins with, and its time from 1 (noise) to 0."""
        config = self._joint.model.config
        shape = (config.chunk_size, config.max_action_dim)
        generator = torch.Generator().manual_seed(self._options.noise_seed)
        noise = torch.randn(shape, generator=generator).to(state)
        noisy = noise.expand(len(state), *shape).clone()
        length = -1.0 / config.num_inference_steps
        time = torch.ones(len(state), device=state.device)
        with unwatched(), torch.no_grad():
            for _ in range(self._options.flow_step):
                velocity = self._sampler(state=state, noise=noisy, timestep=time, **inputs).logits
                noisy, time = noisy + length * velocity, time + length
        return noisy, time

    def _check(
        self, inputs: Inputs, state: torch.Tensor, noisy: torch.Tensor, time: torch.Tensor
    ) -> None:
        """Once: the joint pass gives what the model's own gives. Raises PolicyError if not."""
        if self._is_checked:
            return
        self._is_checked = True
        twin = JointPi0(self._sampler)
        with unwatched():
            apart = twin.differs(inputs, state, noisy, time)
        if not apart <= AGREES_TO[self._joint.model.dtype]:
            raise PolicyError(
                "π0's layers joined differ from the model's own pass by {apart:.2g} of the "
                "largest velocity; this version of transformers runs π0 otherwise than heedmap "
                "knows. Give the policy with a factory instead.",
                apart=apart,
            )


def load(target: Target, permissions: Permissions) -> Pi0Policy:
    """The family `pi0`."""
    return load_pi0(target.name, target.place, target.options(Pi0Options), permissions)


def load_pi0(
    name: str, folder: str, options: Pi0Options, permissions: Permissions = SAFE
) -> Pi0Policy:
    """A π0 in transformers' form. Raises CheckpointError, in one sentence, where it is none."""
    path = Path(folder)
    if not path.is_dir() and not permissions.hub:
        raise CheckpointError(
            "The model '{folder}' is no folder on this machine; give one, or add --hub.",
            folder=folder,
        )
    refuse_lerobot(path)
    local = not permissions.hub
    try:
        found: Any = PI0ForConditionalGeneration.from_pretrained(
            folder,
            dtype=getattr(torch, options.dtype),
            local_files_only=local,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=local)
    except Exception as error:  # transformers raises what it likes for broken checkpoints
        first_line = first_line_of(error)
        raise CheckpointError(
            "The π0 in {folder} cannot be loaded ({why}); give a folder with the model in "
            "transformers' form (config.json, model.safetensors) and its tokenizer.",
            folder=folder,
            why=first_line,
        ) from error
    model, info = found
    fit = Fit(tuple(sorted(info["missing_keys"])), tuple(sorted(info["unexpected_keys"])))
    fit.check(path, permissions)
    for weight, tensor in model.state_dict().items():
        check_finite(weight, tensor, folder)
    loaded = Loaded(
        checkpoint=folder,
        choices={"flow_step": str(options.flow_step), "noise_seed": str(options.noise_seed)},
        random_weights=fit.missing,
        ignored_weights=fit.unexpected,
    )
    model = model.eval().requires_grad_(False)
    return Pi0Policy(name, model, tokenizer, options, _state_scale(path), loaded)


def _state_scale(folder: Path) -> tuple[Sequence[float], Sequence[float]] | None:
    """Mean and deviation of states, where the processor's config has them."""
    try:
        config = json.loads((folder / "processor_config.json").read_text())
        mean, deviation = (tuple(map(float, config[key])) for key in ("state_mean", "state_std"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return mean, deviation


def _square(frame: Frame, side: int) -> torch.Tensor:
    """The longer side scaled to `side`, black below or to the right, -1..1."""
    scale = side / max(frame.shape[:2])
    height, width = (max(1, round(length * scale)) for length in frame.shape[:2])
    image = Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (side, side))
    square.paste(image)
    values = np.asarray(square, dtype=np.float32) / 127.5 - 1
    return torch.from_numpy(values).permute(2, 0, 1)
