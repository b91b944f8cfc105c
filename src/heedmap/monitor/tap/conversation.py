"""One client's conversation with the server: which answer belongs to which observation."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heedmap.data.images import thumbnail
from heedmap.monitor.tap import gr00t
from heedmap.monitor.tap.messages import (
    Answer,
    Envelope,
    Keys,
    Observation,
    Protocol,
    answer_of,
    any_unpacked,
    envelope_of,
    gr00t_answer_of,
    observation_of,
    unpacked,
)
from heedmap.monitor.tap.step import Step

"""Longer side, at most: images are made smaller by a whole factor, which is fast."""
MOST_WAITING = 1000
"""Observations without an answer, of one client."""
MOST_WORDS_CHARACTERS = 20_000
"""Of a longer text the rest is not kept."""
MOST_ERROR_CHARACTERS = 500


@dataclass(frozen=True)
class Seen:
    """A step as it passed, with what only an observer at the time can know."""

    step: Step
    observation: Observation
    answer: Answer
    message: Mapping[Any, Any]
    """The observation as it came, its arrays still packed."""
    protocol: Protocol
    has_greeting: bool = False
    """Whether the server spoke first."""
    opening: Mapping[Any, Any] | None = None
    """With what the client began its episode, where the protocol marks it."""


@dataclass(frozen=True)
class _Asked:
    """An observation that waits for its answer."""

    number: int
    seq: int | None
    episode: int
    time_s: float
    observation: Observation
    message: Mapping[Any, Any]


class Conversation:
    """Pairs what one client asks with what the server answers.

    Answers come in order; the evaluation harness numbers them. Each raises ValueError for a
    message that cannot be read; what follows it is paired all the same.
    """

    def __init__(self, client: int, keys: Keys, protocol: Protocol | None = None) -> None:
        self.client = client
        self.protocol: Protocol | None = protocol
        self._keys = keys
        self._waiting: deque[_Asked] = deque(maxlen=MOST_WAITING)
        self._has_asked = False
        self._greetings = 0
        self._episode = 0
        self._opening: Mapping[Any, Any] | None = None
        self._steps = 0

    def from_client(self, data: bytes | str, number: int, time_s: float) -> None:
        """A message to the server: an observation, or the harness's other kinds."""
        self._has_asked = True
        if self.protocol == "gr00t":
            self._from_gr00t(data, number, time_s)
            return
        message, envelope = self._opened(data)
        if envelope is not None and envelope.kind == "episode_start":
            self._episode += 1
            self._opening = envelope.payload
        if envelope is not None and envelope.kind != "observation":
            return
        payload = message if envelope is None else envelope.payload
        if envelope is not None and payload.get("episode_restart") is True:
            self._episode += 1  # the next of several tasks in a row, as in CALVIN
        self._ask(message, payload, number, None if envelope is None else envelope.seq, time_s)

    def _from_gr00t(self, data: bytes | str, number: int, time_s: float) -> None:
        """A question to one of the endpoints; the client resets the policy between episodes."""
        message, _ = self._opened(data)
        endpoint = gr00t.endpoint_of(message)
        if endpoint == gr00t.RESET:
            self._episode += 1
        elif endpoint == gr00t.ASK:
            self._ask(message, gr00t.payload_of(message), number, None, time_s)

    def _ask(
        self,
        message: Mapping[Any, Any],
        payload: Mapping[Any, Any],
        number: int,
        seq: int | None,
        time_s: float,
    ) -> None:
        """An observation; it waits for its answer."""
        observation = observation_of(payload, self._spoken, self._keys)
        asked = _Asked(number, seq, self._episode, time_s, observation, message)
        self._waiting.append(asked)

    def from_server(self, data: bytes | str, number: int, time_s: float) -> list[Seen]:
        """A message to the client: the step that it completes, and those left behind."""
        if self.protocol == "gr00t":
            return self._gr00t_answered(data, number, time_s)
        if number == 0 and not self._has_asked:
            self._greetings = 1
            self.protocol = self.protocol or "openpi"
            return []
        if isinstance(data, str):  # openpi's servers tell their errors as text
            return self._answered(number, None, time_s, Answer(None, error=_last_line(data)))
        message, envelope = self._opened(data)
        if envelope is None:
            return self._answered(number, None, time_s, answer_of(message, self._keys))
        if envelope.kind not in ("action", "error"):
            return []
        answer = answer_of(envelope.payload, self._keys)
        if envelope.kind == "error":
            answer = Answer(None, error=_last_line(str(envelope.payload.get("error", "no reason"))))
        return self._answered(number, envelope.seq, time_s, answer)

    def _gr00t_answered(self, data: bytes | str, number: int, time_s: float) -> list[Seen]:
        """Answers of the other endpoints are not looked at; they have any form."""
        if isinstance(data, str) or all(asked.number != number for asked in self._waiting):
            return []
        answer = gr00t_answer_of(any_unpacked(data), self._keys)
        if answer.error is not None:
            answer = Answer(None, error=_last_line(answer.error))
        return self._answered(number, None, time_s, answer)

    def unanswered(self) -> list[Seen]:
        """The observations that no answer came to: the connection has ended."""
        left = [self._seen(asked, None, Answer(None)) for asked in self._waiting]
        self._waiting.clear()
        return left

    @property
    def _spoken(self) -> Protocol:
        return self.protocol or "openpi"

    def _opened(self, data: bytes | str) -> tuple[dict[Any, Any], Envelope | None]:
        if isinstance(data, str):
            raise ValueError("text, no msgpack")
        message = unpacked(data)
        envelope = envelope_of(message) if self.protocol in (None, "vla-eval") else None
        if self.protocol is None:
            self.protocol = "openpi" if envelope is None else "vla-eval"
        return message, envelope

    def _answered(self, number: int, seq: int | None, time_s: float, answer: Answer) -> list[Seen]:
        """The step of the observation that this answer is to; those before it got none."""
        for place, asked in enumerate(self._waiting):
            is_its = asked.number == number - self._greetings if seq is None else asked.seq == seq
            if is_its:
                before = [self._waiting.popleft() for _ in range(place + 1)][:-1]
                left = [self._seen(each, None, Answer(None)) for each in before]
                return [*left, self._seen(asked, time_s, answer)]
        return []

    def _seen(self, asked: _Asked, answered_s: float | None, answer: Answer) -> Seen:
        observation = asked.observation
        step = Step(
            client=self.client,
            episode=asked.episode,
            step=self._steps,
            time_s=asked.time_s,
            words=None if observation.words is None else observation.words[:MOST_WORDS_CHARACTERS],
            cameras=tuple(observation.images),
            thumbnails=tuple(map(thumbnail, observation.images.values())),
            state=observation.state,
            action=answer.action,
            chunk_shape=answer.shape,
            latency_ms=None if answered_s is None else 1000 * (answered_s - asked.time_s),
            error=answer.error,
        )
        self._steps += 1
        opening = (bool(self._greetings), self._opening)
        return Seen(step, observation, answer, asked.message, self._spoken, *opening)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines() or ["no reason"]
    return lines[-1][:MOST_ERROR_CHARACTERS]
