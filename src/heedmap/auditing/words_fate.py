"""What became of words that never enter the network: single words are exchanged to see.

Which of them do enter, which of them share an id, and whether there is a text at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import torch
from torch import nn

from heedmap.auditing.trails import Trails
from heedmap.auditing.variants import MADE_UP_WORDS, with_word
from heedmap.errors import InstructionError
from heedmap.ladder.behaviour import WordsFate
from heedmap.ladder.ids import lone_ids
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.kinds import LOOK_UPS
from heedmap.tracing.trail.recording import Recording
from heedmap.tracing.trail.texts import EncodedText, watching_texts, words_of

_TABLES = (nn.Embedding, nn.EmbeddingBag)
FRESH_LETTERS = ("qxjzkvw", "zvqwjxk", "wkzqvxj", "jqvkzwx", "vjxqwkz")
"""Of words that no instruction holds, and that no other test gives to the policy."""


@dataclass(frozen=True)
class Fate:
    """What became of the words in which two texts differ."""

    of_words: WordsFate
    lost: tuple[str, ...] = ()
    encoded: EncodedText | None = None
    """What is encoded in their place, where it was seen."""


def words_fate(trails: Trails, texts: tuple[str, str], known: Sequence[str]) -> Fate:
    """Why nothing of the words in which two texts differ enters the network.

    `known` are all instructions of the trial: those that a cache may hold.
    """
    telling, lost = _telling(*texts)
    effective = _effective_word(trails, texts[0].split(), telling)
    if effective is not None:
        return Fate(_partly_entering(trails, texts, telling, effective), lost)
    if (shared := _shared_id(trails, lost)) is not None:
        return Fate(shared, lost)
    made_up = made_up_like(texts[0])
    if trails.enters(texts[0], made_up):
        return Fate("same", lost)
    if _is_kept(trails, texts[0]):
        return Fate("stale", lost)
    if _enter_elsewhere(trails, texts[0].split(), telling):
        return Fate("cut off", lost)
    encoded = _encoded(trails, made_up)
    if encoded is None or words_of(made_up) & words_of(encoded.text):
        return Fate(_within_tokenizer(trails, texts[0], made_up, encoded), lost)
    is_of_another = bool(_telling_words(known) & words_of(encoded.text))
    return Fate("stale" if is_of_another else "empty", lost, encoded)


def made_up_like(text: str) -> str:
    """A text that no instruction holds a word of; as long, word by word, as caches go by length."""
    words = enumerate(text.split())
    return " ".join(
        _fresh_word(FRESH_LETTERS[i % len(FRESH_LETTERS)], len(word)) for i, word in words
    )


def _encoded(trails: Trails, made_up: str) -> EncodedText | None:
    """The longest text that is encoded when a made-up one is given, one with its words first."""
    if " " not in made_up:  # one word alone may be any name
        made_up = f"{made_up} {_fresh_word(FRESH_LETTERS[1], 4)}"
    try:
        with watching_texts() as seen:
            trails.anew(made_up)
    except InstructionError:
        return None
    words = words_of(made_up)
    return max(
        seen, key=lambda each: (bool(words & words_of(each.text)), len(each.text)), default=None
    )


def _telling_words(texts: Sequence[str]) -> set[str]:
    """Words that some of the texts have and others have not."""
    words = [words_of(text) for text in texts]
    return set[str]().union(*words) - set[str].intersection(*words)


def _partly_entering(
    trails: Trails, texts: tuple[str, str], telling: Sequence[int], effective: int
) -> WordsFate:
    """Why the telling words do not enter, though another word of the text does."""
    one, mine = texts[0], texts[0].split()
    if _is_cached_by(trails, texts, effective):
        return "stale"
    if not any(trails.enters(one, word) in (True, None) for word in mine):
        return "empty"  # one word alone gives what the whole text gives
    at_telling = [
        trails.enters(one, with_word(mine, i, mine[effective]))
        for i in telling
        if mine[i] != mine[effective]
    ]
    if any(trails.enters(one, with_word(mine, i, MADE_UP_WORDS[0])) for i in telling):
        return "same"
    return "unknown" if any(at_telling) else "cut off"


def fate_of_ids(trails: Trails, texts: tuple[str, str], *, are_one: bool) -> Fate:
    """What other ids were written over those of the words: one for all of them, or nothing.

    `are_one` where they are known to have become one, by a limit.
    """
    _, lost = _telling(*texts)
    if are_one:
        return Fate("same", lost)
    shared = _shared_id(trails, lost, have_entered=True)
    return Fate("arrive") if shared is None else Fate("same", lost)


def _telling(one: str, two: str) -> tuple[list[int], tuple[str, ...]]:
    """Where the first text differs from the second, and the words in which they do."""
    mine, theirs = one.split(), two.split()
    telling = [i for i, word in enumerate(mine) if i >= len(theirs) or theirs[i] != word]
    new = [*(word for word in theirs if word not in mine), *theirs[len(mine) :]]
    return telling, tuple(dict.fromkeys([*(mine[i] for i in telling), *new]))


def _is_cached_by(trails: Trails, texts: tuple[str, str], effective: int) -> bool:
    """Whether the telling words enter beside a word that no text had before.

    Then they were not lost by themselves: what is kept under that other word was given again.
    """
    one, two = (text.split() for text in texts)
    if len(one) != len(two):
        return False
    length = len(one[effective])
    # As long, so that nothing after it moves; then of other lengths, for a cache may go by letters.
    return any(
        _enters_beside(trails, one, two, effective, [length + step * i for i in range(5)])
        for step in (0, 1)
    )


def _enters_beside(
    trails: Trails, one: list[str], two: list[str], effective: int, lengths: Sequence[int]
) -> bool:
    """Whether more differs with the telling words than without, beside words of these lengths."""
    fresh = [_fresh_word(*each) for each in zip(FRESH_LETTERS, lengths, strict=True)]
    mine = [with_word(one, effective, word) for word in fresh[:3]]
    theirs = [with_word(two, effective, word) for word in fresh[3:]]
    try:
        alone = [_entries(trails.between(a, b)) for a, b in combinations(mine, 2)]
        together = [_entries(trails.between(a, b)) for a in mine for b in theirs]
    except InstructionError:
        return False
    return min(together) > max(alone)


def _fresh_word(letters: str, length: int) -> str:
    return (letters * (length // len(letters) + 1))[:length]


def _entries(words: Differences) -> int:
    """How many numbers differ where the difference enters; 0 where the runs have other shapes."""
    if words.unmatched:
        return 0
    for number in range(len(words.base.operators)):
        for one, two in words.input_pairs(number):
            if words.between(one, two).is_any:
                return int(words.entries(one, two).sum())
    return 0


def _enter_elsewhere(trails: Trails, mine: list[str], telling: Sequence[int]) -> bool:
    """Whether the telling words enter from the text's beginning or end, in front of its others.

    No single word of the text does where it stands. Where its number of a task is made outside of
    torch, this shows that words are cut off before that, and not that they are unknown.
    """
    moved, rest = [mine[i] for i in telling], [w for i, w in enumerate(mine) if i not in telling]
    text = " ".join(mine)
    return any(trails.enters(text, " ".join(e)) for e in ([*moved, *rest], [*rest, *moved]))


def _effective_word(trails: Trails, mine: Sequence[str], telling: Sequence[int]) -> int | None:
    """A word of the text whose exchange for a made-up one enters; None where none does."""
    text = " ".join(mine)
    for index in range(len(mine)):
        if index not in telling and trails.enters(text, with_word(mine, index, MADE_UP_WORDS[0])):
            return index
    return None


def _within_tokenizer(
    trails: Trails, text: str, made_up: str, encoded: EncodedText | None
) -> WordsFate:
    """No word of the text enters, though it is encoded or nobody saw what is: is there a text?"""
    ids = _looked_up(trails.of(text))
    if not ids:
        return "kept" if _takes_what_was_kept(trails, text) else "no input"
    held = max(len(lone_ids(each.tolist())) for each in ids)
    words = set[str]() if encoded is None else words_of(encoded.text)
    is_in_template = not words <= words_of(made_up)
    if is_in_template and held < len(words):
        return "cut off"  # from a prompt that holds it, and has more words than ids are left
    if encoded is not None and all(each.numel() == 1 for each in ids):
        return "same"  # the number of a task
    return "stale" if held >= len(text.split()) else "empty"


def _takes_what_was_kept(trails: Trails, text: str) -> bool:
    """Whether a table of embeddings is not used, and a value from before the run is.

    A value that no operator of the run made, that is no weight, and that another frame leaves as it
    is.
    """
    base = trails.of(text)
    inputs = [value for operator in base.operators for value in operator.inputs]
    used = {value.tensor.data_ptr() for value in inputs if value.is_weight}
    tables = (m for m in trails.policy.module.modules() if isinstance(m, _TABLES))
    if all(table.weight.data_ptr() in used for table in tables):
        return False
    frame = trails.over_frame(text)
    return frame is not None and any(
        not frame.between(one, two).is_any
        for number in range(len(base.operators))
        for one, two in frame.input_pairs(number)
        if one.may_be_kept
    )


def _shared_id(
    trails: Trails, words: Sequence[str], *, have_entered: bool = False
) -> WordsFate | None:
    """Where these words and made-up ones all become one id: "unknown"; None where they do not.

    "same" where the prompt has no other id: whatever it holds is that one, so it tells nothing of
    what the tokeniser knows. Nor does one other id in all rows of a batch, branches without words,
    unless they `have_entered`. They are put one behind the other into a short text, so that nothing
    is cut off, and each text is longer than the last, for caches go by length.
    """
    texts = [_fresh_word(FRESH_LETTERS[0], 4)]
    for word in (*words, _fresh_word(FRESH_LETTERS[1], 5)):
        texts.append(f"{texts[-1]} {word}")
    try:
        runs = [[Counter(ids.tolist()) for ids in _looked_up(trails.of(each))] for each in texts]
        alike = [_has_equal_rows(ids) for ids in _id_tensors(trails.of(texts[-1]))]
    except InstructionError:
        return None
    shared: list[WordsFate] = []
    for is_alike, *look_up in zip(alike, *runs, strict=False):
        added = [set(more - ids) for ids, more in pairwise(look_up)]
        if not all(added):
            continue  # no words, or no longer than before
        if len(found := set[int]().union(*added)) == 1:
            kept = set(look_up[0]) & set(look_up[-1]) - set(look_up[0] - look_up[-1])
            if have_entered or not (kept - found and is_alike):
                shared.append("unknown" if kept - found else "same")
        elif not _are_places(added):
            return None
    return None if not shared else "unknown" if "unknown" in shared else "same"


def _are_places(added: Sequence[set[int]]) -> bool:
    """Whether each longer text adds the numbers that come next: positions are looked up."""
    return all(later == {number + 1 for number in ids} for ids, later in pairwise(added))


def _is_kept(trails: Trails, one: str) -> bool:
    """Whether a text that is given for the second time takes fewer operators: a cache."""
    text = " ".join([one, *(_fresh_word(letters, 4) for letters in FRESH_LETTERS[:3])])
    try:
        first, second = (trails.anew(text) for _ in range(2))
    except InstructionError:
        return False
    return len(second.operators) < len(first.operators)


def _looked_up(recording: Recording) -> list[torch.Tensor]:
    """Ids of every look-up in a table."""
    return [ids.flatten() for ids in _id_tensors(recording)]


def _has_equal_rows(ids: torch.Tensor) -> bool:
    return ids.ndim > 1 and len(ids) > 1 and bool((ids == ids[:1]).all())


def _id_tensors(recording: Recording) -> list[torch.Tensor]:
    looking = (operator for operator in recording.operators if operator.short_name in LOOK_UPS)
    found = (operator.inputs[1] for operator in looking if len(operator.inputs) > 1)
    return [value.tensor for value in found if not value.is_weight]
