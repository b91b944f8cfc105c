"""The tokenizer corrected: a longer limit, and padding behind the words.

Every call of a transformers tokenizer is watched while the policy runs, wherever the policy holds
it. A limit that a policy keeps in code of its own (`ids[:8]`) cannot be raised from outside.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, final

from heedmap.data.observation import Observation
from heedmap.errors import RemedyError
from heedmap.policies.base import ActionScores, Policy
from heedmap.remedies.remedied import Remedied

_CALLS = ("__call__", "encode")
"""All that a tokenizer of transformers encodes goes through one of them."""


class Retokenized(Remedied):
    """The same policy, whose tokenizers are called with other options."""

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """As the policy inside, with the options changed."""
        with _called_with(self.changed):
            return self.inner.act_unchecked(observations, instructions)

    def try_on(self, observation: Observation, texts: Sequence[str]) -> None:
        """Run every text once, so that what depends on all of them is known.

        Raises RemedyError where no call of a tokenizer is changed.
        """
        for text in texts:
            self([observation], [text])
        self.check()

    @abstractmethod
    def changed(self, tokenizer: Any, text: Any, options: dict[str, Any]) -> dict[str, Any]:
        """The options of one call."""

    @abstractmethod
    def check(self) -> None:
        """Raise RemedyError where nothing was changed in any call so far."""


@final
class Lengthened(Retokenized):
    """Texts that a limit cuts are encoded whole; all calls get the length of the longest."""

    def __init__(self, inner: Policy) -> None:
        super().__init__(inner, "longer limit")
        self._longest = 0
        self._cut = False

    def changed(self, tokenizer: Any, text: Any, options: dict[str, Any]) -> dict[str, Any]:
        """A limit no smaller than any text so far."""
        if options.get("truncation") in (None, False, "do_not_truncate"):
            return options
        limit = options.get("max_length") or tokenizer.model_max_length
        whole = {"truncation": False, "padding": False, "max_length": None, "return_tensors": None}
        ids = tokenizer(text, **{**options, **whole})["input_ids"]
        length = max(map(len, ids)) if ids and isinstance(ids[0], list) else len(ids)
        self._longest = max(self._longest, length)
        self._cut |= length > limit
        return {**options, "max_length": max(limit, self._longest)}

    def check(self) -> None:
        """Something was cut."""
        if not self._cut:
            raise RemedyError(
                "No tokenizer of transformers cuts these texts while the policy runs; if a limit "
                "in the policy's own code does, raise it there."
            )


@final
class PaddedBehind(Retokenized):
    """Padding comes after the words, so that they stand where they stand without any."""

    def __init__(self, inner: Policy) -> None:
        super().__init__(inner, "padding behind")
        self._turned = False

    def changed(self, tokenizer: Any, text: Any, options: dict[str, Any]) -> dict[str, Any]:
        """The side of the padding, where there is some."""
        side = options.get("padding_side") or tokenizer.padding_side
        if options.get("padding") in (None, False, "do_not_pad") or side == "right":
            return options
        self._turned = True
        return {**options, "padding_side": "right"}

    def check(self) -> None:
        """Something was padded on the left."""
        if not self._turned:
            raise RemedyError(
                "No tokenizer of transformers pads on the left while the policy runs; if the "
                "policy's own code does, change it there."
            )


@contextmanager
def _called_with(changed: Callable[[Any, Any, dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Inside, tokenizers take the options that `changed` makes of theirs."""
    from transformers import PreTrainedTokenizerBase

    inside = False

    def around(plain: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(plain)
        def call(self: Any, text: Any = None, *args: Any, **options: Any) -> Any:
            nonlocal inside
            if inside or text is None:
                return plain(self, text, *args, **options)
            inside = True  # `changed` may encode, too
            try:
                return plain(self, text, *args, **changed(self, text, options))
            finally:
                inside = False

        return call

    classes = [PreTrainedTokenizerBase, *_subclasses(PreTrainedTokenizerBase)]
    owners = [(c, name, vars(c)[name]) for c in classes for name in _CALLS if name in vars(c)]
    for owner, name, plain in owners:
        setattr(owner, name, around(plain))
    try:
        yield
    finally:
        for owner, name, plain in owners:
            setattr(owner, name, plain)


def _subclasses(of: type) -> Iterator[type]:
    """All classes below one, that have been imported."""
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)
