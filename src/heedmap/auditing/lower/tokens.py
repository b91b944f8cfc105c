"""Rung 1, measured: which token ids reach the model, and which words never do.

Ids are read where the module looks up embeddings, after whatever prompt, tokenizer and
cache the policy has; so an empty prompt key, a stale cache, a word that the tokenizer
does not know and a cut at a maximum length all show. Words are tested by exchange: a
word whose exchange by a made-up one leaves every id as it was does not arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass
from types import MappingProxyType

import torch

from heedmap.auditing.variants import MADE_UP_WORDS, longer, with_word
from heedmap.data.observation import Observation
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.ladder.measurements import TokenFacts
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.capture.inputs import stopping_before
from heedmap.tracing.capture.trace import EmbeddingCall, trace
from heedmap.tracing.observe import Pass

_Ids = Mapping[str, torch.Tensor]
"""All ids looked up in one pass, by the embedding's module."""


@stage(Phrase("following the instruction's words to token ids"))
def measure_tokens(
    policy: Policy,
    observation: Observation,
    instructions: Mapping[str, str],
    base: Pass | None = None,
    words_in_ids: Mapping[str, Set[int]] = MappingProxyType({}),
    known: Mapping[str, _Ids] = MappingProxyType({}),
) -> TokenFacts:
    """Follow the ids of every instruction, of its words and of longer variants.

    With `base`, a pass in which no id was looked up behind the transformer, policies are
    stopped where that begins; otherwise they run to their end. `words_in_ids` are places of words
    in an instruction whose exchange for a made-up one was seen to change its ids; `known` are ids
    of instructions that ran before.
    """
    layer = None if base is None or base.looks_up_later else base.stack.first_block
    read = _Reader(policy, observation, layer, None if base is None else set(token_ids(base)))
    return _measure(read, dict(instructions), words_in_ids, known)


def token_ids(seen: Pass) -> dict[str, torch.Tensor]:
    """All ids that a pass looked up, by the embedding's module."""
    return _by_module(seen.embeddings)


def _by_module(calls: Sequence[EmbeddingCall]) -> dict[str, torch.Tensor]:
    found: dict[str, list[torch.Tensor]] = {}
    for call in calls:
        found.setdefault(call.module_name, []).append(call.ids.flatten().cpu())
    return {name: torch.cat(ids) for name, ids in found.items()}


@dataclass(frozen=True)
class _Reader:
    """Reads the ids that a text becomes."""

    policy: Policy
    observation: Observation
    stop_before: str | None
    modules: Set[str] | None
    """Those whose look-ups count; None: all."""

    def ids(self, text: str) -> _Ids:
        """All ids looked up, by the embedding's module."""
        return _by_module(self._calls(text))

    def ids_of_control(self, text: str) -> _Ids:
        """As `ids`, of a text that nobody gave.

        Raises InstructionError where the policy refuses it, or fails on it twice in a row.
        """
        found = attempt(lambda: self.ids(text))
        if isinstance(found, PolicyRunError):
            raise InstructionError(found.phrase) from found
        return found

    def _calls(self, text: str) -> list[EmbeddingCall]:
        module = self.policy.module
        stopped = (
            nullcontext() if self.stop_before is None else stopping_before(module, self.stop_before)
        )
        with trace(module) as seen, stopped:
            self.policy([self.observation], [text])
        counted = self.modules
        return [c for c in seen.embeddings if counted is None or c.module_name in counted]


def _measure(
    read: _Reader,
    texts: dict[str, str],
    words_in_ids: Mapping[str, Set[int]],
    seen: Mapping[str, _Ids],
) -> TokenFacts:
    ids = {name: seen[text] if text in seen else read.ids(text) for name, text in texts.items()}
    if not any(ids.values()):
        return TokenFacts(module=None)
    first = next(iter(texts.values()))
    all_ids = [*ids.values(), *_made_up_ids(read, first)]
    modules = [m for m in all_ids[0] if _differs(m, all_ids)]
    known = {text: ids[name] for name, text in texts.items()}
    lost = {
        name: _lost_words(read, text, known, words_in_ids.get(text, frozenset()))
        for name, text in texts.items()
    }
    module = modules[0] if modules else _looks_like_text(ids[next(iter(ids))])
    return TokenFacts(
        module=module,
        ids={name: tuple(found[module].flatten().tolist()) for name, found in ids.items()},
        follows_instruction=bool(modules),
        identical_pairs=tuple(
            (a, b)
            for index, a in enumerate(texts)
            for b in list(texts)[index + 1 :]
            if texts[a] != texts[b] and _same(ids[a], ids[b])
        ),
        lost_words={name: words for name, words in lost.items() if words},
        grows_with_instruction=not all(
            _is_unchanged(read, ids[name], longer(text)) for name, text in texts.items()
        ),
        words=len(first.split()),
    )


def _lost_words(
    read: _Reader, text: str, known: Mapping[str, _Ids], words_in_ids: Set[int]
) -> tuple[str, ...]:
    """Words that may be exchanged for made-up ones without any id changing.

    `known` are the ids of whole instructions; one that differs from another in a single word tells
    of that word without a run.
    """
    words = text.split()
    arrive = set(words_in_ids) | {
        index
        for other, ids in known.items()
        if (index := _only_difference(words, other.split())) is not None
        and not _same(known[text], ids)
    }
    return tuple(
        word
        for index, word in enumerate(words)
        if index not in arrive
        and all(
            _is_unchanged(read, known[text], with_word(words, index, made_up))
            for made_up in MADE_UP_WORDS
        )
    )


def _only_difference(words: Sequence[str], others: Sequence[str]) -> int | None:
    """The one place at which two texts of equally many words differ."""
    if len(words) != len(others):
        return None
    places = [at for at, (a, b) in enumerate(zip(words, others, strict=True)) if a != b]
    return places[0] if len(places) == 1 else None


def _is_unchanged(read: _Reader, base: _Ids, text: str) -> bool:
    """Whether another text gives the same ids; one that is too long certainly does not."""
    try:
        return _same(base, read.ids_of_control(text))
    except InstructionError:
        return False


def _same(first: _Ids, second: _Ids) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def _differs(module: str, all_ids: Sequence[_Ids]) -> bool:
    """Whether a module's ids are not the same in all of these passes."""
    first = all_ids[0][module]
    return any(module not in ids or not torch.equal(first, ids[module]) for ids in all_ids[1:])


def _looks_like_text(ids: _Ids) -> str:
    """Where nothing follows the instruction: the embedding with the most different ids."""
    return max(ids, key=lambda name: len(ids[name].unique()))


def _made_up_ids(read: _Reader, text: str) -> list[_Ids]:
    """The ids of as many made-up words; none where they are too long for the policy."""
    try:
        return [read.ids_of_control(" ".join([MADE_UP_WORDS[0]] * len(text.split())))]
    except InstructionError:
        return []
