"""The trail of one policy: where the difference between two instructions is lost.

Two instructions on one frame that lead to the same action; what differs between the two runs is
followed operator by operator (`heedmap.tracing.trail`). Where nothing at all enters, single words
are exchanged to see which of them never do, and why (`words_fate.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from heedmap.auditing.trails import Trails
from heedmap.auditing.variants import one_word_exchanged
from heedmap.auditing.words_fate import Fate, fate_of_ids, words_fate
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.behaviour import BehaviourFacts, How, TrailFacts
from heedmap.ladder.measurements import Measurements
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.trail.attention import reads_of
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.kinds import LOOK_UPS
from heedmap.tracing.trail.losses import Loss, find_loss
from heedmap.tracing.trail.recording import leads_to, makers
from heedmap.tracing.trail.ways import is_at_limit, is_kept_instead, is_lost_there_too

ONE_FOR_ALL: tuple[How, ...] = ("saturated", "rows equal")
"""How other token ids become one and the same: at a limit, or in a table of equal rows."""
TRIED_PAIRS = 12
"""Pairs of instructions that are tried until one runs in the same shapes."""


@stage(Phrase("following the difference between two instructions"))
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
        found = _facts(trails, (one, two), words, texts)
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


def _facts(
    trails: Trails, texts: tuple[str, str], words: Differences, known: Sequence[str]
) -> TrailFacts:
    frame = trails.over_frame(texts[0])
    loss = find_loss(words, frame)
    fate = Fate("arrive")
    on_ids = _is_on_ids(words, loss)
    if loss.how == "not entered" and trails.policy.has_no_text_input:
        fate = Fate("not read")
    elif loss.how == "not entered":
        fate = words_fate(trails, texts, known)
    elif on_ids and loss.how == "no choice" and _is_looked_up(words, loss):
        fate = fate_of_ids(trails, texts, are_one=True)
    elif on_ids and loss.how in ("overwritten", "masked", *ONE_FOR_ALL):
        fate = fate_of_ids(trails, texts, are_one=loss.how in ONE_FOR_ALL)
    operators = len(words.base.operators)
    return TrailFacts(
        texts=texts,
        how=loss.how,
        operator=None if loss.operator is None else loss.operator.name,
        module=None if loss.operator is None else loss.operator.module,
        call=0 if loss.operator is None else loss.operator.call,
        positions=loss.positions,
        kept=loss.kept,
        on_ids=on_ids,
        is_inside_reader=loss.is_inside_reader,
        frame_is_lost_there=is_lost_there_too(words, frame, loss),
        at_limit=loss.how == "saturated" and is_at_limit(words, frame, loss),
        is_kept_instead=is_kept_instead(words, loss),
        was_attended=_was_attended(words, loss),
        words=fate.of_words,
        lost_words=fate.lost,
        encoded_text=None if fate.encoded is None else fate.encoded.text,
        encoded_by=None if fate.encoded is None else fate.encoded.by,
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
        not any(each.tensor.is_floating_point() for each in makers(words.base.operators, one))
        for one, two in words.input_pairs(number)
        if words.between(one, two).is_any
    )  # what is made of a choice between floats (an argmax) is no id of a word


def _is_looked_up(words: Differences, loss: Loss) -> bool:
    """Whether an embedding is looked up by what the operator gives."""
    assert loss.operator is not None
    return leads_to(words.base.operators, loss.operator, lambda later: later.short_name in LOOK_UPS)


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


def with_trail(
    trails: Trails | None, trials: Sequence[Trial], measurements: Measurements
) -> Measurements:
    """With the step at which the instruction was lost, where the action does not follow it."""
    behaviour = measurements.behaviour
    if behaviour is None or trails is None or behaviour.responds:
        return measurements
    trail = measure_trail(trails, trials[0], behaviour)
    return measurements.model_copy(update={"trail": trail})
