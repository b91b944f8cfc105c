"""vla-eval's model servers: a greeting, then episodes of observations and actions.

A message has a type, a payload, a number that its answer repeats, and a time. A server may keep a
queue of actions, which a new episode empties: every question is an episode of its own.
"""

from __future__ import annotations

import time
from typing import Any, final

import numpy as np

from heedmap.data.observation import Observation
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.server.connection import Connection, listed, said
from heedmap.policies.server.messages import packed, unpacked, vla_eval_array
from heedmap.policies.server.options import ServerOptions, as_chunk
from heedmap.policies.server.websocket import Websocket

VERSION = 1
STATE, PROMPT, ACTIONS = "state", "task_description", "actions"


@final
class VlaEvalConnection(Connection):
    """Begins with the greeting."""

    protocol = "vla-eval"
    reset = "a new episode before every question"

    def __init__(self, websocket: Websocket, options: ServerOptions) -> None:
        self._websocket = websocket
        self._options = options
        self._number = 0
        greeting = {"harness_version": "heedmap", "protocol_version": VERSION}
        self._server = self._answer("hello", self._send("hello", greeting))
        found = self._server.get("protocol_version")
        if found != VERSION:
            raise PolicyError(
                "The server {address} speaks version {found:.20} of vla-eval's protocol, expected "
                "{version}; take a version of vla-eval that speaks it.",
                address=websocket.address,
                found=repr(found),
                version=VERSION,
            )

    def ask(self, observation: Observation, instruction: str) -> np.ndarray:
        """As `Connection.ask`."""
        own = self._options
        images = own.pictures(observation)
        seen: dict[str, Any] = {"images": images, own.prompt or PROMPT: instruction}
        state_key = STATE if own.state is None else own.state
        if state_key and observation.state is not None:
            seen[state_key] = observation.state
        self._check_all_there(len(images), state_key in seen)
        self._send("episode_start", {"task": {"name": instruction}})
        answer = self._answer("action", self._send("observation", seen))
        self._send("episode_end", {})
        key = own.actions or ACTIONS
        what = Phrase(
            "The server's answer at '{key}' (it holds {answer})", key=key, answer=listed(answer)
        )
        return as_chunk(answer.get(key), what, Phrase("name it: ?actions=KEY"), ndim=1)

    def close(self) -> None:
        """As `Connection.close`."""
        self._websocket.close()

    def _check_all_there(self, cameras: int, has_state: bool) -> None:
        """Its servers take zeros for what is not sent, and say nothing."""
        wanted = self._server.get("observation_params")
        wanted = wanted if isinstance(wanted, dict) else {}
        if wanted.get("send_state") and not has_state and self._options.state != "":
            raise PolicyError(
                "The server {address} wants a state and would take zeros; give frames that have "
                "one, or say that none is sent: ?state=.",
                address=self._websocket.address,
            )
        if wanted.get("send_wrist_image") and cameras < 2:
            raise PolicyError(
                "The server {address} wants the wrist's camera and would take a black image; give "
                "frames of two cameras, the wrist's second.",
                address=self._websocket.address,
            )

    def _send(self, kind: str, payload: dict[str, Any]) -> int:
        """Gives the message's number."""
        self._number += 1
        message = {"type": kind, "payload": payload, "seq": self._number, "timestamp": time.time()}
        self._websocket.send(packed(message, vla_eval_array))
        return self._number

    def _answer(self, kind: str, number: int) -> dict[Any, Any]:
        """The payload of the answer to a message. Raises PolicyError for an error's."""
        end = time.monotonic() + self._options.timeout_s
        while time.monotonic() < end:  # answers to earlier questions may come before it
            message = unpacked(
                self._websocket.receive(), self._websocket.address, Phrase("vla-eval's")
            )
            payload = message.get("payload") if isinstance(message, dict) else None
            if not isinstance(payload, dict):
                break
            if message.get("type") == "error":
                raise said(self._websocket.address, payload.get("error", Phrase("no reason")))
            if message.get("type") == kind and message.get("seq") == number:
                return payload
        raise PolicyError(
            "The server {address} gave no '{kind}' to a message of vla-eval's protocol; if it "
            "speaks another one, name it: ?protocol=openpi.",
            address=self._websocket.address,
            kind=kind,
        )
