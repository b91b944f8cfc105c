"""Action heads of RoboVLMs and MoNaVLA, with the names that their checkpoints use.

Every head takes the action tokens' final states of a window of frames and gives the action
of the last frame: of a chunk of predicted steps, the first, which is the one that is done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import nn

from heedmap.policies.robovlms.config import HEAD_TYPES, ActHead

WindowStates = Float[torch.Tensor, "batch window latent dim"]
Words = Float[torch.Tensor, "batch token dim"]
Scores = Float[torch.Tensor, "batch action"]


class Mlp(nn.Module):
    """Three hidden layers of 1,024, 512 and 256, as all of these heads have."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        sizes = (dim, 1024, 512, 256, out)
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Of any leading axes."""
        return self.mlp(states)


class Head(nn.Module, ABC):
    """What all heads share: the tokens of a frame become one vector."""

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__()
        self.latent = config.latent
        self.pools = config.down_sample == "pooling"
        self.chunk = chunk

    @abstractmethod
    def forward(self, states: WindowStates, words: Words) -> Scores:
        """Scores of the last frame's first step."""

    def flat(self, states: WindowStates) -> Float[torch.Tensor, "batch window feature"]:
        """The tokens of a frame side by side; with pooling, the greatest of them."""
        if self.pools:
            pooled = F.adaptive_max_pool1d(states.flatten(0, 1).mT, self.latent)
            return pooled.flatten(1).unflatten(0, states.shape[:2])
        return states.flatten(2)

    def first_step(self, values: Float[torch.Tensor, "batch feature"]) -> Scores:
        """The first of the chunk's steps."""
        return values.unflatten(-1, (self.chunk, -1))[:, 0]


class LstmHead(Head):
    """A long short-term memory over the window, from a state of zeros."""

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__(config, dim, chunk)
        self.out_dim = config.hidden_size * config.latent
        self.rnn = nn.LSTM(dim * config.latent, self.out_dim, config.num_layers, batch_first=True)

    def read_window(self, features: torch.Tensor) -> Float[torch.Tensor, "batch feature"]:
        """The memory's output at the last frame."""
        return self.rnn(features)[0][:, -1]


class ArmLstm(LstmHead):
    """RoboVLMs' `LSTMDecoder`: arm pose through tanh, and the gripper's logit."""

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__(config, dim, chunk)
        self.actions = Mlp(self.out_dim, chunk * (config.action_dim - 1))
        self.gripper = Mlp(self.out_dim, chunk)

    def forward(self, states: WindowStates, words: Words) -> Scores:
        """Pose, then gripper."""
        read = self.read_window(self.flat(states))
        pose, gripper = torch.tanh(self.actions(read)), self.gripper(read)
        return torch.cat([self.first_step(pose), self.first_step(gripper)], dim=-1)


class ArmFullyConnected(Head):
    """RoboVLMs' `FCDecoder`: no memory; arm pose through tanh, and the gripper's logit."""

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__(config, dim, chunk)
        width, out = dim * config.latent, config.hidden_size * config.latent
        self.mlp = nn.Sequential(
            nn.Linear(width, width // 2), nn.ReLU(), nn.Linear(width // 2, out)
        )
        self.actions = Mlp(out, chunk * (config.action_dim - 1))
        self.gripper = Mlp(out, chunk)

    def forward(self, states: WindowStates, words: Words) -> Scores:
        """Pose, then gripper."""
        read = self.mlp(self.flat(states)[:, -1])
        pose, gripper = torch.tanh(self.actions(read)), self.gripper(read)
        return torch.cat([self.first_step(pose), self.first_step(gripper)], dim=-1)


class MobileLstm(LstmHead):
    """MoNaVLA's `MobileVLALSTMDecoder`: velocities through tanh."""

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__(config, dim, chunk)
        self.velocities = Mlp(self.out_dim, chunk * config.action_dim)

    def forward(self, states: WindowStates, words: Words) -> Scores:
        """Velocities."""
        return self.first_step(torch.tanh(self.velocities(self.read_window(self.flat(states)))))


class MobileClasses(LstmHead):
    """MoNaVLA's `MobileVLAClassificationDecoder`: logits of action classes.

    The instruction may bypass the backbone: the mean of its word embeddings is added
    before the memory (`instr_in_features`), or the memory's output attends to them, padding
    included, through a gate (`text_in_features`; exp43).
    """

    def __init__(self, config: ActHead, dim: int, chunk: int) -> None:
        super().__init__(config, dim, chunk)
        classes = config.num_classes or config.action_dim
        self.logits = nn.Linear(self.out_dim, chunk * classes)
        self.instr_proj = self.text_proj = self.text_cross_attn = None
        if config.instr_in_features is not None:
            self.instr_proj = nn.Linear(config.instr_in_features, dim * config.latent)
        if config.text_in_features is not None:
            self.text_proj = nn.Linear(config.text_in_features, self.out_dim)
            self.text_cross_attn = nn.MultiheadAttention(self.out_dim, 4, batch_first=True)
            self.text_gate = nn.Parameter(torch.tensor(0.1))

    def forward(self, states: WindowStates, words: Words) -> Scores:
        """Logits."""
        features = self.flat(states)
        if self.instr_proj is not None:
            features = features + self.instr_proj(words.mean(dim=1))[:, None]
        read = self.read_window(features)[:, None]
        if self.text_proj is not None and self.text_cross_attn is not None:
            keys = self.text_proj(words)
            attended, _ = self.text_cross_attn(read, keys, keys, need_weights=False)
            read = read + self.text_gate * attended
        return self.first_step(self.logits(read[:, 0]))


HEADS: dict[str, type[Head]] = {
    "lstm": ArmLstm,
    "fully connected": ArmFullyConnected,
    "mobile lstm": MobileLstm,
    "mobile classes": MobileClasses,
}

TRAINING_ONLY = ("class_weights_tensor", "target_class_prior_tensor")
"""Buffers of a head's loss: they have no part in acting."""


def build_head(config: ActHead, dim: int, chunk: int) -> Head:
    """The head that a config names, with random weights."""
    return HEADS[HEAD_TYPES[config.type]](config, dim, chunk)


def is_discrete(config: ActHead) -> bool:
    """Whether the head gives logits of classes."""
    return HEAD_TYPES[config.type] == "mobile classes"
