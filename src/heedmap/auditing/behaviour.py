"""What a policy does, before anything is known of its structure.

Instruction, frame and state are exchanged in turn. Needs nothing but the callable, so every policy
gets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from heedmap.auditing.states import (
    EXCHANGED_FRAMES,
    apart,
    changes_of,
    state_change,
    state_decides,
    states_equal,
)
from heedmap.auditing.upper.responses import Responses, Scores
from heedmap.auditing.upper.runner import Runner, length_key
from heedmap.auditing.variants import (
    MADE_UP_WORDS,
    observation_variants,
    one_word_exchanged,
)
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage

TIED_SHARE = 1e-6


@stage(Phrase("exchanging instruction, frame and state"))
def measure_behaviour(
    runner: Runner, responses: Responses, trials: Sequence[Trial], seed: int
) -> BehaviourFacts:
    """What moves the action, over the trials; the instructions' own responses are taken as given.

    Raises PolicyRunError when the policy fails.
    """
    asked = [responses.asked(number) for number in range(len(trials))]
    everything = np.stack([scores for _, scores in responses.found])
    largest = float(np.abs(everything).max(initial=0.0))
    first = trials[0]
    name, text = next(iter(first.instructions.items()))
    again = runner.again((first.observation, text))
    seen = BehaviourFacts(
        largest_score=largest,
        noise=max(apart(asked[0][name], again), runner.noise),
        instruction_change=max(
            (apart(a, b) for each in asked for a, b in combinations(each.values(), 2)),
            default=0.0,
        ),
        same_length_change=None,
        frame_change=None,
        is_tied=runner.policy.action_names is not None and _is_tied(everything),
    )
    return seen.model_copy(
        update={
            "same_length_change": _same_length_change(runner, responses, trials, seen),
            "frame_change": _frame_change(runner, asked, trials, seen, seed),
            "state_change": state_change(runner, asked, trials, seen),
            "state_decides": state_decides(runner, asked, trials),
            "alike": _alike(asked, trials, seen),
            "unmoved": _unmoved(asked, trials, seen),
        }
    )


def _alike(
    asked: Sequence[dict[str, Scores]], trials: Sequence[Trial], seen: BehaviourFacts
) -> tuple[tuple[str, str], ...]:
    """Pairs with different expected actions that no frame tells apart."""
    changes: dict[tuple[str, str], float] = {}
    for trial, scores in zip(trials, asked, strict=True):
        for one, two in trial.pairs() if trial.is_needed else ():
            change = apart(scores[one], scores[two])
            changes[one, two] = max(changes.get((one, two), 0.0), change)
    return tuple(pair for pair, change in changes.items() if not seen.is_response(change))


def _unmoved(
    asked: Sequence[dict[str, Scores]], trials: Sequence[Trial], seen: BehaviourFacts
) -> int:
    """Frames with different expected actions on which no pair of them moves the action."""
    return sum(
        not any(seen.is_response(apart(scores[a], scores[b])) for a, b in trial.pairs())
        for trial, scores in zip(trials, asked, strict=True)
        if trial.is_needed
    )


def _is_tied(scores: np.ndarray) -> bool:
    spread = scores.max(axis=1) - scores.min(axis=1)
    return bool((spread <= TIED_SHARE * np.abs(scores).max(initial=1.0)).all())


def _same_length_change(
    runner: Runner, responses: Responses, trials: Sequence[Trial], seen: BehaviourFacts
) -> float | None:
    """Under texts of equally many tokens and other words, of all that were given on a frame.

    Texts are reworded only where it is open whether the words or their number move the action. A
    tokeniser may leave out what it does not know, which changes the number: so words that the
    instructions themselves hold decide.
    """
    found: list[float] = []
    of_known: list[float] = []
    for number, trial in enumerate(trials):
        held = [
            (request.text, scores)
            for request, scores in responses.found
            if request.trial == number and request.kind != "contradictory" and request.text
        ]
        known = [each for each in held if set(each[0].split()) <= _known_words(trial)]
        change = _change_at_equal_length(runner, held)
        change_of_known = _change_at_equal_length(runner, known)
        if number < EXCHANGED_FRAMES and seen.is_response(seen.instruction_change):
            change = _under(runner, trial, _reworded(trial), held, change, seen)
            if seen.is_response(change):
                change_of_known = _exchanged(runner, trial, dict(known), change_of_known, seen)
        found += [] if change is None else [change]
        of_known += [] if change_of_known is None else [change_of_known]
    either = [max(each) for each in (found, of_known) if each]
    return min(either, default=None)


def _under(
    runner: Runner,
    trial: Trial,
    texts: Sequence[str],
    held: list[tuple[str, Scores]],
    change: float | None,
    seen: BehaviourFacts,
) -> float | None:
    """The largest change at equal length, with as many of these texts as it takes to see one."""
    for text in texts:
        if seen.is_response(change):
            break
        (scores,) = runner.controls([(trial.observation, text)])
        if scores is not None:
            held.append((text, scores))
            change = _change_at_equal_length(runner, held)
    return change


def _exchanged(
    runner: Runner,
    trial: Trial,
    known: dict[str, Scores],
    change: float | None,
    seen: BehaviourFacts,
) -> float | None:
    """The largest change with one word of an instruction exchanged for one of another's."""
    texts = trial.instructions.values()
    pairs = [pair for one in texts for two in texts for pair in one_word_exchanged(one, two)]
    for text, other in pairs:
        if seen.is_response(change):
            break
        if text not in known or not _same_count(runner, text, other):
            continue
        (scores,) = runner.controls([(trial.observation, other)])
        if scores is not None:
            change = max(change or 0.0, apart(known[text], scores))
    return change


def _known_words(trial: Trial) -> set[str]:
    """Words of the instructions and their paraphrases."""
    rewritten = [text for texts in trial.paraphrases.values() for text in texts]
    return {word for text in (*trial.instructions.values(), *rewritten) for word in text.split()}


def _change_at_equal_length(runner: Runner, held: Sequence[tuple[str, Scores]]) -> float | None:
    changes = [
        apart(one, two)
        for (text, one), (other, two) in combinations(held, 2)
        if text != other and _same_length(runner, text, other)
    ]
    return max(changes, default=None)


def _reworded(trial: Trial) -> list[str]:
    """As many words and letters: spelt backwards, in another order, one of them made up."""
    texts: list[str] = []
    for text in trial.instructions.values():
        words = text.split()
        texts.append(" ".join(word[::-1] for word in words))
        texts.append(" ".join(reversed(words)))
        texts.append(" ".join([MADE_UP_WORDS[0], *words[1:]]))
    return [t for t in dict.fromkeys(texts) if t.strip() and t not in trial.instructions.values()]


def _same_length(runner: Runner, one: str, two: str) -> bool:
    """Equal token counts; where the policy cannot count them, equal words and characters."""
    is_counted = runner.policy.token_count(one) is not None
    return _same_count(runner, one, two) and (is_counted or len(one) == len(two))


def _same_count(runner: Runner, one: str, two: str) -> bool:
    """Equally many words, and tokens where the policy can count them."""
    if len(one.split()) != len(two.split()):
        return False
    try:
        if runner.policy.token_count(one) is None:
            return True
        return length_key(runner.policy, one) == length_key(runner.policy, two)
    except InstructionError:
        return False


def _frame_change(
    runner: Runner,
    asked: Sequence[dict[str, Scores]],
    trials: Sequence[Trial],
    seen: BehaviourFacts,
    seed: int,
) -> float | None:
    """Between the frames of the audit; frames are changed only where these do not tell."""
    changes: list[float] = []
    for (a, one), (b, two) in combinations(zip(trials, asked, strict=True), 2):
        for name, text in a.instructions.items():
            if b.instructions.get(name) == text and states_equal(a, b):
                changes.append(apart(one[name], two[name]))
    for trial, scores in list(zip(trials, asked, strict=True))[:EXCHANGED_FRAMES]:
        name, text = next(iter(trial.instructions.items()))
        for variants in observation_variants(trial.observation, seed).values():
            for variant in variants:
                if seen.is_response(max(changes, default=None)):
                    return max(changes)
                changes += changes_of(runner, scores[name], [(variant, text)])
    return max(changes, default=None)
