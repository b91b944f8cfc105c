"""Rung 6, measured: does exchanging the instruction change the action as expected?

Pure: from the responses to the facts. Expected actions say what is right; without
any, only whether the policy responds is known. Every figure is a mean over frames of one
value a frame, so that frames, not instructions, are what an interval is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from heedmap.auditing.measures.distance import (
    ActionMetric,
    cosine_similarity,
    largest_change,
    log_likelihood_ratio_bits,
)
from heedmap.auditing.measures.following import (
    confusion,
    counterfactual_accuracy,
    language_grounding_score,
    paraphrase_drop,
    swapped_pairs,
)
from heedmap.auditing.upper.hits import Hits
from heedmap.auditing.upper.responses import Kind, Responses, Scores
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import ActionUnder, Estimate, FollowingFacts, ObeyedFacts
from heedmap.ladder.upper import may_be_rounding

ByTrial = dict[int, float]
"""One value a trial, by its number."""
MOST_DIMENSIONS = 32
"""Dimensions of a continuous action that are reported; chunks of actions have hundreds."""


class Obedience(NamedTuple):
    """The facts, and the values by trial that they are means of."""

    facts: ObeyedFacts
    by_trial: dict[str, ByTrial]


def measure_obedience(
    responses: Responses,
    metric: ActionMetric,
    action_names: tuple[str, ...] | None,
    seed: int,
) -> Obedience:
    """Over all trials; frames on which the instruction does not decide are left out.

    Distances are left out where the change of the actions may be rounding: their
    scale is then that of the rounding, too.

    Raises InstructionError for an expectation that does not fit the policy's actions.
    """
    hits = Hits(responses, action_names, seed)

    def distance(one: Scores, two: Scores) -> float:
        return float(metric.distances(one[None], two[None])[0])

    def from_control(kind: Kind) -> ByTrial:
        return _over_control(hits, kind, distance)

    swap, paraphrase = _over_pairs(hits, distance), from_control("paraphrase")
    beyond = {n: swap[n] - paraphrase[n] for n in swap if n in paraphrase} or swap
    met = {n: hits.met(n) for n in hits.fair}
    followed = {n: _mean(each.values()) for n, each in met.items()}
    flips = _over_pairs(hits, _flips) if action_names else {}
    change = _action_change(hits)

    def estimated(distances: ByTrial) -> Estimate | None:
        return None if may_be_rounding(change) else hits.estimate(distances)

    facts = ObeyedFacts(
        unit=metric.unit,
        trials=len(hits.trials),
        not_needed=sum(trial.is_needed is False for trial in hits.trials),
        without_expectation=sum(trial.is_needed is None for trial in hits.trials),
        not_competent=len(hits.incompetent),
        swap_distance=estimated(swap),
        paraphrase_distance=estimated(paraphrase),
        beyond_paraphrase=estimated(beyond),
        p_value=None if may_be_rounding(change) else hits.p_value(beyond),
        flip_share=hits.estimate(flips),
        swap_cosine=None if action_names else hits.estimate(_cosines(hits)),
        nonsense_distance=estimated(from_control("nonsense")),
        blank_distance=estimated(from_control("blank")),
        contradictory_distance=estimated(from_control("contradictory")),
        following=_following(hits, met, followed),
        competent=hits.competence(),
        own_action_anyway=hits.estimate(_own_action_anyway(hits)),
        actions=_actions(hits),
        language_share=_language_share(hits),
        action_change=change,
    )
    own = {n: float(is_met) for n in hits.decided if (is_met := hits.own_is_met(n)) is not None}
    values = {
        "swap_distance": swap,
        "paraphrase_distance": paraphrase,
        "beyond_paraphrase": beyond,
        "flip_share": flips,
        "following": followed,
        "competent": own,
    }
    return Obedience(facts, {measure: by for measure, by in values.items() if by})


def _actions(hits: Hits) -> tuple[ActionUnder, ...]:
    """Probabilities or values under every instruction, over the trials that have it."""
    found: list[ActionUnder] = []
    for name in dict.fromkeys(chain.from_iterable(hits.asked)):
        scores = {n: asked[name] for n, asked in enumerate(hits.asked) if name in asked}
        if hits.action_names is not None:
            amounts = {n: _softmax(row) for n, row in scores.items()}
            labels = list(hits.action_names)
        else:
            amounts = scores
            labels = [
                f"dim{i}" for i in range(min(len(next(iter(scores.values()))), MOST_DIMENSIONS))
            ]
        for index, label in enumerate(labels):
            amount = hits.estimate({n: float(row[index]) for n, row in amounts.items()})
            assert amount is not None, "every name has a trial"
            found.append(ActionUnder(instruction=name, action=label, amount=amount))
    return tuple(found)


def _following(
    hits: Hits, met: dict[int, dict[str, bool]], followed: ByTrial
) -> FollowingFacts | None:
    """Everything that needs expected actions; None where no frame has them."""
    rate = hits.estimate(followed, len(hits.incompetent))
    if rate is None:
        return None
    by_name = {
        name: hits.estimate({n: float(m[name]) for n, m in met.items() if name in m})
        for name in dict.fromkeys(chain.from_iterable(met.values()))
    }
    whole = counterfactual_accuracy([np.array(list(m.values())) for m in met.values()])
    return FollowingFacts(
        rate=rate,
        chance=_mean(_best_single(hits.trials[n]) for n in met),
        by_instruction={name: found for name, found in by_name.items() if found is not None},
        counterfactual_accuracy=hits.estimate(dict(zip(met, whole.tolist(), strict=True))),
        paraphrase_drop=hits.estimate(_drops(hits, met)),
        grounding_score=hits.estimate(_grounding(hits, met)),
        log_likelihood_ratio_bits=hits.estimate(_ratios(hits)),
        swapped=_swapped(hits),
    )


def _over_pairs(hits: Hits, value: Callable[[Scores, Scores], float]) -> ByTrial:
    """A trial's mean over its pairs of instructions that ask for different actions."""
    found: ByTrial = {}
    for number in hits.counted:
        asked = hits.asked[number]
        if pairs := list(hits.trials[number].pairs()):
            found[number] = _mean(value(asked[one], asked[two]) for one, two in pairs)
    return found


def _language_share(hits: Hits) -> float | None:
    """Eta squared: sum of squares between instructions over the whole one, over all dimensions."""
    names = list(hits.asked[0]) if hits.asked else []
    rows = [asked for asked in hits.asked if list(asked) == names]
    if len(rows) < 2 or len(names) < 2:
        return None
    values = np.array([[each[name] for name in names] for each in rows], dtype=np.float64)
    if hits.action_names is not None:
        values = np.apply_along_axis(_softmax, -1, values)
    centred = values - values.mean(axis=(0, 1))
    whole = float((centred**2).sum())
    between = float(len(rows) * (centred.mean(axis=0) ** 2).sum())
    return between / whole if whole else None


def _action_change(hits: Hits) -> float | None:
    """Of continuous actions, over the pairs that `_over_pairs` takes; None without any."""
    pairs = [
        (hits.asked[number][one], hits.asked[number][two])
        for number in hits.counted
        for one, two in hits.trials[number].pairs()
    ]
    if hits.action_names is not None or not pairs:
        return None
    first, second = (np.stack(side) for side in zip(*pairs, strict=True))
    return largest_change(first, second, np.stack([s for a in hits.asked for s in a.values()]))


def _cosines(hits: Hits) -> ByTrial:
    """As `_over_pairs`, of the cosine; pairs with an action of nothing but zeros are left out."""
    found: ByTrial = {}
    for number in hits.counted:
        asked = hits.asked[number]
        pairs = [
            cosine_similarity(asked[one][None], asked[two][None])[0]
            for one, two in hits.trials[number].pairs()
        ]
        if known := [value for value in pairs if value is not None]:
            found[number] = _mean(known)
    return found


def _over_control(hits: Hits, kind: Kind, value: Callable[[Scores, Scores], float]) -> ByTrial:
    """A trial's mean over the instructions, each against its controls."""
    found: ByTrial = {}
    for number in hits.counted:
        values = [
            value(scores, other)
            for name, scores in hits.asked[number].items()
            for other in hits.control(number, kind, name)
        ]
        if values:
            found[number] = _mean(values)
    return found


def _drops(hits: Hits, met: dict[int, dict[str, bool]]) -> ByTrial:
    """What following loses under paraphrases."""
    found: ByTrial = {}
    for number, each in met.items():
        others = {
            name: [hits.is_met(number, name, s) for s in hits.control(number, "paraphrase", name)]
            for name in each
        }
        paraphrased = [name for name in each if others[name]]
        if paraphrased:
            as_given = np.array([each[name] for name in paraphrased])
            drops = paraphrase_drop(as_given, [np.array(others[name]) for name in paraphrased])
            found[number] = float(drops.mean())
    return found


def _grounding(hits: Hits, met: dict[int, dict[str, bool]]) -> ByTrial:
    """Output when expected, minus output under the other instruction of a pair."""
    found: ByTrial = {}
    for number, each in met.items():
        both = [
            (each[one], hits.is_met(number, one, hits.asked[number][two]))
            for pair in hits.trials[number].pairs()
            for one, two in (pair, pair[::-1])
        ]
        asked, contradicted = (np.array(side) for side in zip(*both, strict=True))
        found[number] = float(language_grounding_score(asked, contradicted).mean())
    return found


def _own_action_anyway(hits: Hits) -> ByTrial:
    """Whether the action of the frame's own instruction is output under another one."""
    found: ByTrial = {}
    for number in hits.decided:
        own = hits.trials[number].recorded
        others = [a if b == own else b for a, b in hits.trials[number].pairs() if own in (a, b)]
        if own is not None and others:
            asked = hits.asked[number]
            found[number] = _mean(float(hits.is_met(number, own, asked[o])) for o in others)
    return found


def _ratios(hits: Hits) -> ByTrial:
    """Log-likelihood ratios of the expected classes; none for continuous heads."""
    found: ByTrial = {}
    for number in hits.fair if hits.action_names is not None else ():
        wanted, asked = hits.wanted[number], hits.asked[number]
        names = [name for name in asked if name in wanted]
        probabilities = np.stack([_softmax(asked[name]) for name in names])
        expected = np.array([wanted[name].index for name in names])
        found[number] = float(log_likelihood_ratio_bits(probabilities, expected).mean())
    return found


def _swapped(hits: Hits) -> tuple[tuple[str, str], ...]:
    """Actions done in each other's place, on all frames: a swap is no lack of competence."""
    names = hits.action_names
    if names is None:
        return ()
    cases = [(n, name, e) for n in hits.decided for name, e in hits.wanted[n].items()]
    chosen = [names[int(hits.asked[n][name].argmax())] for n, name, _ in cases]
    return swapped_pairs(confusion(chosen, [names[e.index] for *_, e in cases], names), names)


def _best_single(trial: Trial) -> float:
    """Rate of the best fixed action on this trial."""
    known = [text.strip().lower() for text in trial.expected.values()]
    return max(known.count(each) for each in known) / len(known)


def _softmax(logits: Scores) -> Scores:
    amounts = np.exp(logits - logits.max())
    return amounts / amounts.sum()


def _flips(one: Scores, two: Scores) -> float:
    return float(one.argmax() != two.argmax())


def _mean(values: Iterable[float | bool]) -> float:
    return float(np.mean(list(values)))
