"""The trail of one policy: where the difference between two instructions is lost.

Two instructions on one frame that lead to the same action; what differs between the two runs is
followed operator by operator (`heedmap.tracing.trail`). Where nothing at all enters, single words
are exchanged to see which of them never do, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise

import torch

from heedmap.auditing.lower.tokens import MADE_UP_WORDS
from heedmap.auditing.variants import observation_variants, one_word_exchanged, with_word
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.ladder.evidence import BehaviourFacts, TrailFacts, WordsFate
from heedmap.ladder.ids import lone_ids
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.trail.attention import reads_of
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.losses import Loss, entered, find_loss
from heedmap.tracing.trail.recording import Recording, record
from heedmap.tracing.trail.ways import is_at_limit, is_kept_instead, is_lost_there_too

FRESH_LETTERS = ("qxjzkvw", "zvqwjxk", "wkzqvxj", "jqvkzwx", "vjxqwkz")
"""Of words that no instruction holds, and that no other test gives to the policy."""
HELD_BYTES = 2**30
"""Recorded activations beyond which earlier runs are let go."""
LOOK_UPS = frozenset(
    {"aten::embedding", "aten::_embedding_bag", "aten::_embedding_bag_forward_only"}
)
TRIED_PAIRS = 12
"""Pairs of instructions that are tried until one runs in the same shapes."""


def recorded(policy: Policy, observation: Observation, text: str) -> Recording:
    """A run that the policy may refuse.

    Raises InstructionError where it does, or fails twice in a row; PolicyRunError of a failure that
    does not come again.
    """
    found = attempt(lambda: record(policy, observation, text))
    if isinstance(found, PolicyRunError):
        raise InstructionError(str(found)) from found
    return found


@dataclass
class Trails:
    """Runs of one policy on one frame, each recorded once."""

    policy: Policy
    observation: Observation
    seed: int
    _known: dict[str, Recording] = field(default_factory=dict)
    _on_other_frame: tuple[str, Recording] | None = None

    @cached_property
    def other_frame(self) -> Observation | None:
        """The frame with one camera's pixels exchanged; None where there is no camera."""
        cameras = observation_variants(self.observation, self.seed).values()
        variants = [variant for camera in cameras for variant in camera]
        return variants[0] if variants else None

    def of(self, text: str) -> Recording:
        """The run under this text. Raises as `recorded` does."""
        if text not in self._known:
            held = sum(recording.held_bytes for recording in self._known.values())
            if held > HELD_BYTES:
                self.let_go()
            self._known[text] = self.anew(text)
        return self._known[text]

    def anew(self, text: str, at: Observation | None = None) -> Recording:
        """As `of`, but run again, or on another frame."""
        return recorded(self.policy, at or self.observation, text)

    def on_other_frame(self, text: str) -> Recording:
        """The run on `other_frame`, which is there. Raises as `recorded` does."""
        assert self.other_frame is not None
        if self._on_other_frame is None or self._on_other_frame[0] != text:
            self._on_other_frame = text, self.anew(text, self.other_frame)
        return self._on_other_frame[1]

    def let_go(self) -> None:
        """Forget all runs, which hold their activations."""
        self._known.clear()
        self._on_other_frame = None

    def between(self, one: str, two: str) -> Differences:
        """Where the runs under two texts differ."""
        return Differences(self.of(one), self.of(two))

    def over_frame(self, text: str) -> Differences | None:
        """Where the run on another frame differs."""
        if self.other_frame is None:
            return None
        try:
            return Differences(self.of(text), self.on_other_frame(text))
        except InstructionError:
            return None

    def enters(self, one: str, two: str) -> bool | None:
        """Whether anything that the network receives differs; None where one is refused."""
        try:
            found = self.between(one, two)
        except InstructionError:
            return None
        return found.unmatched > 0 or bool(entered(found))


@stage("following the difference between two instructions")
def measure_trail(trails: Trails, trial: Trial, behaviour: BehaviourFacts) -> TrailFacts | None:
    """Where the instruction is lost on one frame; None where nothing could be compared.

    `trails` are of this trial's frame. Raises PolicyRunError when the policy fails.
    """
    texts = list(dict.fromkeys(trial.instructions.values()))
    found: TrailFacts | None = None
    for one, two in _pairs(texts)[:TRIED_PAIRS]:
        try:
            words = trails.between(one, two)
        except InstructionError:
            continue
        if behaviour.is_response(_change(words)):
            continue  # this pair is told apart
        is_aligned = words.unmatched == 0 and not _has_other_shapes(words)
        if found is not None and not is_aligned:
            continue
        found = _facts(trails, (one, two), words)
        if is_aligned:
            return found
    return found


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The instructions, equal numbers of words first; then with one telling word exchanged."""
    pairs = [(a, b) for i, a in enumerate(texts) for b in texts[i + 1 :]]
    pairs.sort(key=lambda pair: len(pair[0].split()) != len(pair[1].split()))
    alike = [pair for pair in pairs if len(pair[0].split()) == len(pair[1].split())]
    others = [pair for pair in pairs if pair not in alike]
    return [*alike, *(p for a, b in others for p in one_word_exchanged(a, b)), *others]


def _change(words: Differences) -> float:
    one, two = words.base.scores, words.other.scores
    assert one is not None
    assert two is not None
    if one.shape != two.shape:
        return float("inf")
    return float((one.double() - two.double()).abs().max())


def _has_other_shapes(words: Differences) -> bool:
    return any(
        not each.is_comparable
        for number in range(len(words.base.operators))
        for each in words.of_outputs(number)
    )


def _facts(trails: Trails, texts: tuple[str, str], words: Differences) -> TrailFacts:
    frame = trails.over_frame(texts[0])
    loss = find_loss(words, frame)
    fate, lost = ("arrive", ())
    if loss.how == "not entered":
        fate, lost = words_fate(trails, texts)
    operators = len(words.base.operators)
    return TrailFacts(
        texts=texts,
        how=loss.how,
        operator=None if loss.operator is None else loss.operator.name,
        module=None if loss.operator is None else loss.operator.module,
        call=0 if loss.operator is None else loss.operator.call,
        positions=loss.positions,
        kept=loss.kept,
        on_ids=_is_on_ids(words, loss),
        is_inside_reader=loss.is_inside_reader,
        frame_is_lost_there=is_lost_there_too(words, frame, loss),
        at_limit=loss.how == "saturated" and is_at_limit(words, frame, loss),
        is_kept_instead=is_kept_instead(words, loss),
        was_attended=_was_attended(words, loss),
        words=fate,
        lost_words=lost,
        matched_share=1 - words.unmatched / operators if operators else 0.0,
        is_whole=words.base.is_whole,
    )


def _is_on_ids(words: Differences, loss: Loss) -> bool:
    if loss.operator is None:
        return False
    number = loss.operator.number
    if any(d.is_any for d in words.of_outputs(number)):
        return False  # it was taken by nothing after that: left out, and not cut
    return all(
        not one.tensor.is_floating_point()
        for one, two in words.input_pairs(number)
        if words.between(one, two).is_any
    )


def _was_attended(words: Differences, loss: Loss) -> bool:
    """Whether attention over the words gave something on before it was lost."""
    if loss.operator is None:
        return False
    for number in range(loss.operator.number):
        if any(d.is_any for d in words.of_outputs(number)):
            read = reads_of(words, number)
            if read is not None and read.differing_keys:
                return True
    return False


def words_fate(trails: Trails, texts: tuple[str, str]) -> tuple[WordsFate, tuple[str, ...]]:
    """Why nothing of the words in which two texts differ enters the network."""
    one, two = texts
    mine, theirs = one.split(), two.split()
    telling = [i for i, word in enumerate(mine) if i >= len(theirs) or theirs[i] != word]
    new = [*(word for word in theirs if word not in mine), *theirs[len(mine) :]]
    lost = tuple(dict.fromkeys([*(mine[i] for i in telling), *new]))
    effective = _effective_word(trails, mine, telling)
    if effective is None:
        if (shared := _shared_id(trails, lost)) is not None:
            return shared, lost
        made_up = " ".join(  # as long, word by word, for caches go by length
            _fresh_word(FRESH_LETTERS[i % len(FRESH_LETTERS)], len(word))
            for i, word in enumerate(mine)
        )
        if trails.enters(one, made_up):
            return "same", lost
        return _without_words(trails, texts), lost
    if _is_cached_by(trails, texts, effective):
        return "stale", lost
    if not any(trails.enters(one, word) in (True, None) for word in mine):
        return "empty", lost  # one word alone gives what the whole text gives
    at_telling = [
        trails.enters(one, with_word(mine, i, mine[effective]))
        for i in telling
        if mine[i] != mine[effective]
    ]
    if any(trails.enters(one, with_word(mine, i, MADE_UP_WORDS[0])) for i in telling):
        return "same", lost
    return ("unknown" if any(at_telling) else "cut off"), lost


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


def _effective_word(trails: Trails, mine: Sequence[str], telling: Sequence[int]) -> int | None:
    """A word of the text whose exchange for a made-up one enters; None where none does."""
    text = " ".join(mine)
    for index in range(len(mine)):
        if index not in telling and trails.enters(text, with_word(mine, index, MADE_UP_WORDS[0])):
            return index
    return None


def _without_words(trails: Trails, texts: tuple[str, str]) -> WordsFate:
    """No word of the text enters: is there a text at all, and whose?"""
    one = texts[0]
    fresh = " ".join(_fresh_word(letters, 4) for letters in FRESH_LETTERS[:3])
    if _is_kept(trails, f"{one} {fresh}"):
        return "stale"
    ids = _looked_up(trails.of(one))
    if not ids:
        return "no input"
    held = max(len(lone_ids(each.tolist())) for each in ids)
    return "stale" if held >= len(one.split()) else "empty"


def _shared_id(trails: Trails, words: Sequence[str]) -> WordsFate | None:
    """Where these words and made-up ones all become one id: "unknown"; None where they do not.

    "same" where the prompt has no other id: whatever it holds is that one, so it tells nothing of
    what the tokeniser knows. They are put one behind the other into a short text, so that nothing
    is cut off, and each text is longer than the last, for caches go by length.
    """
    texts = [_fresh_word(FRESH_LETTERS[0], 4)]
    for word in (*words, _fresh_word(FRESH_LETTERS[1], 5)):
        texts.append(f"{texts[-1]} {word}")
    try:
        runs = [[Counter(ids.tolist()) for ids in _looked_up(trails.of(each))] for each in texts]
    except InstructionError:
        return None
    shared: list[WordsFate] = []
    for look_up in zip(*runs, strict=False):
        added = [set(more - ids) for ids, more in pairwise(look_up)]
        if not all(added):
            continue  # no words, or no longer than before
        if len(found := set[int]().union(*added)) == 1:
            kept = set(look_up[0]) & set(look_up[-1]) - set(look_up[0] - look_up[-1])
            shared.append("unknown" if kept - found else "same")
        elif not _are_places(added):
            return None
    return None if not shared else "unknown" if "unknown" in shared else "same"


def _are_places(added: Sequence[set[int]]) -> bool:
    """Whether each longer text adds the number that comes next: positions are looked up."""
    each = [min(ids) for ids in added]
    return all(len(ids) == 1 for ids in added) and all(b == a + 1 for a, b in pairwise(each))


def _is_kept(trails: Trails, text: str) -> bool:
    """Whether a text that is given for the second time takes fewer operators: a cache."""
    try:
        first, second = (trails.anew(text) for _ in range(2))
    except InstructionError:
        return False
    return len(second.operators) < len(first.operators)


def _looked_up(recording: Recording) -> list[torch.Tensor]:
    """Ids of every look-up in an embedding or a bag of them."""
    return [
        operator.inputs[1].tensor.flatten()
        for operator in recording.operators
        if operator.name in LOOK_UPS
        and len(operator.inputs) > 1
        and not operator.inputs[1].is_weight
    ]
