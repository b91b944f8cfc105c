"""GR00T's inference servers: ZeroMQ, one request and one answer, endpoints by their names.

Two forms are in use. N1.5's take flat keys (`video.front`) without a batch; later ones take groups
of keys with a batch, in a map of arguments, and have a `reset`. Which keys a policy wants is asked;
by that answer, the servers that write arrays as msgpack-numpy does are told from the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from pydantic import Field, ValidationError

from heedmap.data.observation import Observation
from heedmap.errors import MissingExtraError, PolicyError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase
from heedmap.policies.server.connection import (
    MOST_ANSWER_BYTES,
    Connection,
    listed,
    said,
    transport,
)
from heedmap.policies.server.messages import npy_array, numpy_array, packed, unpacked
from heedmap.policies.server.options import ServerOptions, as_chunk

try:
    import zmq
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "pyzmq") from error

MOST_KEYS = 64
NUMPY_MARKER = "__ModalityConfig__"
"""In what later servers say of their policy; earlier ones have another marker there."""
RESET, NO_RESET = "`reset` before every question", "the server knows none"


class Modality(Frozen, extra="ignore"):
    """What a policy takes, or gives, of one kind."""

    modality_keys: list[str] = Field(max_length=MOST_KEYS)
    delta_indices: list[int] = Field(min_length=1, max_length=1024)
    """Moments, counted from now."""


class Modalities(Frozen, extra="ignore"):
    """A server's modality configuration."""

    video: Modality
    state: Modality = Modality(modality_keys=[], delta_indices=[0])
    language: Modality
    action: Modality

    @property
    def is_flat(self) -> bool:
        """N1.5's keys have their kind before them, and its arrays no batch."""
        return all(key.startswith("video.") for key in self.video.modality_keys)


@final
class Gr00tConnection(Connection):
    """Begins with the question of what the policy takes."""

    protocol = "gr00t"

    def __init__(self, address: str, options: ServerOptions) -> None:
        self._address = address
        self._options = options
        self._write = npy_array
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        milliseconds = max(1, round(options.timeout_s * 1000))
        for option in (zmq.RCVTIMEO, zmq.SNDTIMEO):
            self._socket.setsockopt(option, milliseconds)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MOST_ANSWER_BYTES)
        try:
            with transport(address, zmq.ZMQError):
                self._socket.connect(address.replace("zmq://", "tcp://", 1))
            said_of_itself = self._call("get_modality_config")
            self._own = _modalities(said_of_itself, address)
            if any(NUMPY_MARKER in each for each in said_of_itself.values()):
                self._write = numpy_array
            has_reset = "error" not in self._exchange("reset", {"options": None})
        except PolicyError:
            self.close()
            raise
        self.reset = RESET if has_reset else NO_RESET

    def ask(self, observation: Observation, instruction: str) -> np.ndarray:
        """As `Connection.ask`."""
        if self.reset == RESET:
            self._call("reset", {"options": None})
        seen = self._seen(observation, instruction)
        data = seen if self._own.is_flat else {"observation": seen, "options": None}
        answer = self._call("get_action", data)
        if isinstance(answer, list) and answer:  # with what else the policy says of it
            answer = answer[0]
        return self._chunk(answer if isinstance(answer, dict) else {})

    def close(self) -> None:
        """As `Connection.close`."""
        self._context.destroy(linger=0)

    def _call(self, endpoint: str, data: dict[str, Any] | None = None) -> Any:
        message = self._exchange(endpoint, data)
        if isinstance(message, dict) and "error" in message:
            raise said(self._address, message["error"])
        return message

    def _exchange(self, endpoint: str, data: dict[str, Any] | None) -> Any:
        request: dict[str, Any] = {"endpoint": endpoint}
        if data is not None:
            request["data"] = data
        with transport(self._address, zmq.ZMQError):
            self._socket.send(packed(request, self._write))
            answer = self._socket.recv()
        return unpacked(answer, self._address, Phrase("GR00T's"))

    def _seen(self, observation: Observation, instruction: str) -> dict[str, Any]:
        """The observation in the form that the server takes; arrays of shape (batch, time, ...)."""
        own = self._own
        video = self._over_time(
            observation,
            own.video,
            lambda moment: self._options.pictures(moment, ",".join(own.video.modality_keys)),
        )
        state = self._over_time(observation, own.state, self._parts)
        texts = own.language.modality_keys if not self._options.prompt else [self._options.prompt]
        told = {key: [instruction] for key in texts}
        if own.is_flat:
            return {**video, **state, **told}
        batches = {
            "video": {key: array[None] for key, array in video.items()},
            "state": {key: array[None] for key, array in state.items()},
        }
        if not self._options.flat:
            return {**batches, "language": {key: [[instruction]] for key in texts}}
        flat = {f"{kind}.{key}": a for kind, group in batches.items() for key, a in group.items()}
        return {**flat, **told}

    def _over_time(
        self,
        observation: Observation,
        modality: Modality,
        at: Callable[[Observation], Mapping[str, np.ndarray]],
    ) -> dict[str, np.ndarray]:
        """Arrays of the moments that the policy sees; before the first one, the first again."""
        moments = (*observation.history, observation)
        last = len(moments) - 1
        seen = [at(moments[min(last, max(0, last + by))]) for by in modality.delta_indices]
        return {key: np.stack([each[key] for each in seen]) for key in seen[0]}

    def _parts(self, observation: Observation) -> dict[str, np.ndarray]:
        """The state in the parts that the policy takes, as the user says how long each is."""
        keys, written = self._own.state.modality_keys, self._options.state
        if not keys or written == "":
            return {}
        if observation.state is None:
            raise PolicyError(
                "The server {address} wants a state ({keys}), and the frame has none; give frames "
                "that have one, or send none: ?state=.",
                address=self._address,
                keys=listed(keys),
            )
        state = observation.state.astype(np.float32)
        if written is None and len(keys) == 1:
            return {keys[0]: state}
        lengths = dict(re.findall(r"([^,]+):(\d{1,4})(?:,|$)", written or ""))
        if not lengths or sum(map(int, lengths.values())) != len(state):
            raise PolicyError(
                "The server {address} wants the state in the parts {keys}; say how many of its "
                "{count} numbers each has: ?state={parts}.",
                address=self._address,
                keys=listed(keys),
                count=len(state),
                parts=listed(f"{key}:LENGTH" for key in keys).replace(", ", ","),
            )
        ends = np.cumsum([int(length) for length in lengths.values()])
        return dict(zip(lengths, np.split(state, ends[:-1]), strict=True))

    def _chunk(self, answer: dict[Any, Any]) -> np.ndarray:
        """The answered parts of the action beside each other."""
        written = self._options.actions
        keys = written.split(",") if written else self._own.action.modality_keys
        hint = Phrase("name the keys: ?actions=KEY,KEY")
        parts: list[np.ndarray] = []
        for key in keys:
            part = answer.get(key, answer.get(f"action.{key}"))
            if isinstance(part, np.ndarray):
                part = part[0] if part.ndim == 3 and len(part) == 1 else part
                part = part[:, None] if part.ndim == 1 else part
            what = Phrase(
                "The server's answer at '{key}' (it holds {answer})", key=key, answer=listed(answer)
            )
            parts.append(as_chunk(part, what, hint))
        if len({len(part) for part in parts}) != 1:
            raise PolicyError(
                "The server {address} answered with {count} parts of an action{parts}; {hint}.",
                address=self._address,
                count=len(parts),
                parts=Phrase(" of unequal steps") if parts else "",
                hint=hint,
            )
        return np.concatenate(parts, axis=1)


def _modalities(message: Any, server: str) -> Modalities:
    """What the policy takes and gives. Raises PolicyError for what says nothing of it."""
    try:
        found = {
            kind: json.loads(written) if isinstance(written, str) else written
            for kind, written in ((kind, each["as_json"]) for kind, each in message.items())
        }
        return Modalities.model_validate(found)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PolicyError(
            "The server {server} does not say what its policy takes (get_modality_config); give "
            "the address of GR00T's inference server.",
            server=server,
        ) from None


def open_connection(address: str, options: ServerOptions) -> Gr00tConnection:
    """A conversation with a server."""
    return Gr00tConnection(address, options)
