"""A policy behind a server: `server:ADDRESS`, in one of four protocols.

Nothing can be seen of it but what it does, so an audit measures by exchange alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final
from weakref import finalize

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.family import Target
from heedmap.policies.server.connection import Connection
from heedmap.policies.server.options import ProtocolName, ServerOptions
from heedmap.record.record import Loaded

SCHEMES: dict[str, tuple[ProtocolName, ...]] = {
    "ws": ("openpi", "vla-eval"),
    "wss": ("openpi", "vla-eval"),
    "tcp": ("gr00t",),
    "zmq": ("gr00t",),
    "grpc": ("lerobot",),
}
"""Which protocols are spoken at an address; the first one without a scheme is a websocket."""


@final
class ServerPolicy(Policy):
    """A black box: observations and instructions in, actions out."""

    family = "server"
    is_black_box = True

    def __init__(self, address: str, options: ServerOptions | None = None) -> None:
        """Raises PolicyError for an address of no known kind, MissingExtraError."""
        super().__init__(f"server:{address}")
        self._address = address
        self._options = options or ServerOptions()
        self._connect = _opener(address, self._options)
        self._module = nn.Module()
        self._connection: Connection | None = None
        self._goodbye: Callable[[], object] = lambda: None
        self.loaded = Loaded(checkpoint=address, choices={"repeats": str(self._options.repeats)})

    @property
    def module(self) -> nn.Module:
        """Empty: the policy runs elsewhere."""
        return self._module

    @property
    def action_names(self) -> None:
        """Its actions are numbers."""
        return None

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One request after the other, each answered with a chunk of actions."""
        examples = zip(observations, instructions, strict=True)
        rows = [self._answer(observation, text) for observation, text in examples]
        if len({len(row) for row in rows}) > 1:
            lengths = sorted({len(row) for row in rows})
            raise PolicyError(
                "The server {address} gave actions of {first} and of {last} numbers; expected as "
                "many in every answer.",
                address=self._address,
                first=lengths[0],
                last=lengths[-1],
            )
        return torch.from_numpy(np.stack(rows))

    def close(self) -> None:
        """Say goodbye to the server; also done when the policy is no longer held."""
        self._connection = None
        self._goodbye()

    def _answer(self, observation: Observation, instruction: str) -> np.ndarray:
        chunks = [self._ask(observation, instruction) for _ in range(self._options.repeats)]
        if len({chunk.shape for chunk in chunks}) > 1:
            raise PolicyError(
                "The server {address} answers the same with chunks of unequal shapes, of which no "
                "mean can be taken.",
                address=self._address,
            )
        return np.mean(chunks, axis=0).reshape(-1)

    def _ask(self, observation: Observation, instruction: str) -> np.ndarray:
        """The first steps of one chunk, of shape (steps, dimension)."""
        try:
            connection = self._connection or self._connected()
            chunk = connection.ask(observation, instruction)
        except PolicyError:
            self.close()
            raise
        steps = self._options.steps
        if len(chunk) < steps:
            raise PolicyError(
                "The server {address} answered with {count} step(s), expected at least {steps}; "
                "ask for fewer: ?steps={count}.",
                address=self._address,
                count=len(chunk),
                steps=steps,
            )
        return chunk[:steps]

    def _connected(self) -> Connection:
        self._connection = self._connect()
        self._goodbye = finalize(self, self._connection.close)
        choices = {
            "repeats": str(self._options.repeats),
            "protocol": self._connection.protocol,
            "reset": self._connection.reset,
        }
        self.loaded = Loaded(checkpoint=self._address, choices=choices)
        return self._connection


def _opener(address: str, options: ServerOptions) -> Callable[[], Connection]:
    """What opens a conversation; a library that it needs and that is missing is named now."""
    scheme, _, place = address.partition("://")
    known = SCHEMES.get(scheme, ())
    if not place or not known or (options.protocol or known[0]) not in known:
        asked = (
            Phrase(" in the protocol {protocol}", protocol=options.protocol)
            if options.protocol
            else ""
        )
        raise PolicyError(
            "The server '{address}' cannot be asked{asked}; expected ws://HOST:PORT for openpi "
            "and vla-eval, tcp://HOST:PORT for gr00t, grpc://HOST:PORT for lerobot.",
            address=address,
            asked=asked,
        )
    if known[0] == "lerobot" and not (options.policy and options.checkpoint):
        raise PolicyError(
            "The server '{address}' loads what its client names; say which checkpoint, as it "
            "finds it, and its kind: ?policy=smolvla&checkpoint=PATH.",
            address=address,
        )
    if known[0] != "lerobot" and (options.policy or options.checkpoint):
        raise PolicyError(
            "The server '{address}' has loaded its policy itself; leave out policy= and "
            "checkpoint=, which LeRobot's servers want.",
            address=address,
        )
    if known[0] == "gr00t":
        from heedmap.policies.server import gr00t as family
    elif known[0] == "lerobot":
        from heedmap.policies.server import lerobot as family
    else:
        from heedmap.policies.server import websocket_protocols as family
    return lambda: family.open_connection(address, options)


def load(target: Target, permissions: Permissions) -> ServerPolicy:
    """The family `server`; it needs no permissions, since the policy runs elsewhere."""
    options = target.options(ServerOptions)
    schemes = (scheme for scheme, known in SCHEMES.items() if options.protocol in known)
    address = target.place
    if "://" not in address:
        address = f"{next(schemes, 'ws')}://{address}"
    return ServerPolicy(address, options)
