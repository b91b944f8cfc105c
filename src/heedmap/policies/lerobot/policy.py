"""One of LeRobot's policies, run as LeRobot runs it: processors, reset, a chunk of actions."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import ONLY_CAMERA, Observation
from heedmap.errors import CheckpointError, FrameError, PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.lerobot.processors import TASK, Processors, tokenizers_of
from heedmap.policies.lerobot.quiet import quiet
from heedmap.record.record import Loaded

ACTION, STATE = "action", "observation.state"
IMAGE, IMAGES = "observation.image", "observation.images"
EMPTY = "empty_camera"
"""In the names of cameras that LeRobot fills itself."""
BLANK_PX = 64
"""Side of a blank frame where the configuration gives no size."""

Batch = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """What LeRobot made of a folder."""

    config: Any
    model: Any
    processors: Processors


@final
class LeRobotPolicy(Policy):
    """A policy with its own preprocessor, `predict_action_chunk` and postprocessor.

    The action is the chunk's executed steps, in the robot's units, one behind the other. One
    example runs at a time, as on a robot, so that each draws the same noise.
    """

    family = "lerobot"

    def __init__(
        self,
        name: str,
        parts: Parts,
        *,
        rename: dict[str, str] | None = None,
        action_steps: int | None = None,
        noise_seed: int = 0,
        loaded: Loaded | None = None,
    ) -> None:
        """`rename` are the data's cameras as the policy's; `action_steps` counts from the first.

        Raises PolicyError for a policy that needs what frames do not have.
        """
        super().__init__(name)
        self._parts = parts
        self._features: dict[str, Any] = parts.config.image_features
        self._cameras = self._known_cameras(rename or {})
        self._steps = action_steps or getattr(parts.config, "n_action_steps", None)
        self.noise_seed = noise_seed
        self.loaded = loaded
        self._check_inputs()
        self._prepare_steps()
        tokenizers = parts.processors.tokenizers or list(tokenizers_of(*parts.model.modules()))
        self._tokenizer = tokenizers[0] if tokenizers else None
        self.special_ids = tuple(sorted({i for t in tokenizers for i in t.all_special_ids}))
        self.has_no_text_input = self._reads_no_text()

    @property
    def module(self) -> nn.Module:
        """LeRobot's module."""
        return self._parts.model

    @property
    def action_names(self) -> None:
        """Its actions are numbers."""
        return None

    def token_count(self, instruction: str) -> int | None:
        """Tokens of the words as its tokenizer counts them, without the prompt around them."""
        if self._tokenizer is None:
            return None
        return len(self._tokenizer(instruction)["input_ids"])

    def check_observation(self, observation: Observation) -> None:
        """Raises FrameError for a camera that is missing, and a state of another width."""
        self._keys(observation)
        feature = self._parts.config.robot_state_feature
        if feature is None:
            return
        width = int(feature.shape[0])
        if observation.state is None:
            raise FrameError(
                "The policy '{name}' takes a state of {width} numbers, and a frame has none; give "
                "frames that have one (HDF5, LeRobot, Observation(images, state)).",
                name=self.name,
                width=width,
            )
        if len(observation.state) != width:
            raise FrameError(
                "The policy '{name}' takes a state of {width} numbers, a frame has {count}; give "
                "frames of the robot that it was trained on.",
                name=self.name,
                width=width,
                count=len(observation.state),
            )

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One example at a time. Raises PolicyError for several."""
        if len(observations) != 1:
            raise PolicyError(
                "The policy '{name}' is run on one example at a time.", name=self.name
            )
        with quiet():
            return self._run(observations[0], instructions[0])

    def _run(self, observation: Observation, instruction: str | None) -> torch.Tensor:
        """Scores of shape (1, steps * dims)."""
        config, model, processors = (
            self._parts.config,
            self._parts.model,
            self._parts.processors,
        )
        for each in (model, processors.before, processors.after):
            each.reset()
        device = torch.device(config.device)
        amp = torch.autocast(device.type) if config.use_amp else nullcontext()
        with amp:
            batch: Batch = {}
            for moment in (*observation.history, observation):
                batch = processors.before(self._inputs(moment, instruction))
                self._remember(batch)
            chunk = processors.after(model.predict_action_chunk(batch))
        return chunk.reshape(1, -1, chunk.shape[-1])[:, : self._steps].flatten(1).float()

    def _inputs(self, observation: Observation, instruction: str | None) -> Batch:
        """As LeRobot's robots give them; without an instruction, none is given at all."""
        given = {key: np.array(observation.images[c]) for c, key in self._keys(observation).items()}
        if observation.state is not None:
            given[STATE] = np.asarray(observation.state, dtype=np.float32).copy()
        prepare = importlib.import_module("lerobot.policies.utils")
        device = torch.device(self._parts.config.device)
        batch: Batch = prepare.prepare_observation_for_inference(given, device, instruction)
        if instruction is None:
            del batch[TASK]  # which LeRobot has filled with an empty text
        return batch

    def _remember(self, batch: Batch) -> None:
        """Into the queues of policies that look at several moments, as `select_action` does."""
        queues: dict[str, Any] = getattr(self._parts.model, "_queues", None) or {}
        if not set(queues) - {ACTION}:
            return
        seen = dict(batch)
        images = [batch[key] for key in self._features]
        if images and IMAGES in queues:
            seen[IMAGES] = torch.stack(images, dim=-4)
        elif images and IMAGE in queues:
            seen[IMAGE] = images[0]
        seen.pop(ACTION, None)
        batch.update({key: seen[key] for key in (IMAGES, IMAGE) if key in seen})
        batch.pop(ACTION, None)
        importlib.import_module("lerobot.policies.utils").populate_queues(queues, seen)

    def _known_cameras(self, rename: dict[str, str]) -> dict[str, str]:
        """Keys of LeRobot's by the names that a frame's cameras may have."""
        own = {_short(key): key for key in self._features}
        known = own | {_short(key): key for key in self._parts.processors.rename_map}
        for theirs, ours in rename.items():
            if ours not in own:
                raise PolicyError(
                    "The policy '{name}' has no camera '{ours}' to rename '{theirs}' to; it has "
                    "{own}.",
                    name=self.name,
                    ours=ours,
                    theirs=theirs,
                    own=", ".join(own) or Phrase("none"),
                )
            known[theirs] = own[ours]
        return known

    def _keys(self, observation: Observation) -> dict[str, str]:
        """LeRobot's key of each camera that the policy takes; others are left out, as there."""
        needed = [key for key in self._features if EMPTY not in key]
        cameras = list(observation.images)
        if len(needed) == 1 and cameras == [ONLY_CAMERA]:
            return {ONLY_CAMERA: needed[0]}
        keys = {c: self._cameras[_short(c)] for c in cameras if _short(c) in self._cameras}
        renamed = self._parts.processors.rename_map
        given = {renamed.get(key, key) for key in keys.values()}
        missing = [key for key in needed if key not in given]
        if len(missing) > getattr(self._parts.config, "empty_cameras", 0) or (needed and not given):
            raise FrameError(
                "The policy '{name}' takes the cameras {needed}, a frame has {cameras}; give one "
                "for each, or say which is which: ?rename={camera}:{missing}.",
                name=self.name,
                needed=", ".join(map(_short, needed)),
                cameras=", ".join(cameras),
                camera=cameras[0],
                missing=_short(missing[0]),
            )
        return keys

    def _check_inputs(self) -> None:
        """What it needs beside cameras, state and instruction cannot be given."""
        features: dict[str, Any] = self._parts.config.input_features or {}
        others = [key for key in features if key not in self._features and key != STATE]
        if others or not self._features:
            raise CheckpointError(
                "The policy '{name}' takes {others}, which frames do not have; cameras and "
                "{state} can be given.",
                name=self.name,
                others=", ".join(others) or Phrase("no camera"),
                state=STATE,
            )
        if wrong := self._parts.processors.task_keys - {TASK}:
            raise CheckpointError(
                "The preprocessor of '{name}' looks for the instruction under '{wrong}', but "
                "LeRobot gives it under '{task}': in deployment it gets none. Set task_key to "
                "'{task}' in its file.",
                name=self.name,
                wrong=min(wrong),
                task=TASK,
            )

    def _prepare_steps(self) -> None:
        """Once through the preprocessor: some steps load their tokenizer when they first run.

        Raises OSError for files that are not on this machine.
        """
        try:
            with quiet():
                self._parts.processors.before(self._inputs(self._blank(), TASK))
        except OSError:
            raise
        except Exception:  # it cannot take a blank frame
            return

    def _reads_no_text(self) -> bool:
        """No step reads words, and without a task the policy runs and does the same."""
        processors = self._parts.processors
        if processors.tokenizers or processors.task_keys:
            return False
        blank = self._blank()
        try:
            with torch.no_grad(), quiet():
                with self.pinned_noise():
                    without = self._run(blank, None)
                with self.pinned_noise():
                    return torch.equal(without, self._run(blank, TASK))
        except Exception:  # it does miss the task, or cannot take a blank frame
            return False

    def _blank(self) -> Observation:
        """Grey images and a state of zeros, as the configuration shapes them."""
        images = {}
        for key, feature in self._features.items():
            _, height, width = feature.shape if len(feature.shape) == 3 else (3, BLANK_PX, BLANK_PX)
            images[_short(key)] = np.full((height, width, 3), 127, np.uint8)
        state = self._parts.config.robot_state_feature
        return Observation(images, None if state is None else np.zeros(state.shape, np.float32))


def _short(key: str) -> str:
    """A camera's name without LeRobot's prefix."""
    for prefix in (f"{IMAGES}.", "observation."):
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return key
