"""Rungs 5 and the causal map on small trained policies: what was trained is found by cutting."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.lower.discovery import find_transformer
from heedmap.auditing.lower.examine import examine
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.maps import measure_map
from heedmap.auditing.upper.predicts import HeadReading, predicts
from heedmap.auditing.upper.runner import BATCH, Runner
from heedmap.auditing.upper.structure import Structures
from heedmap.auditing.upper.used import DIRECT, WHOLE, cut_edges_of, measure_use
from heedmap.auditing.upper.words import word_effects
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import HeadEffect, LayerEffect
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.testbed.specimens.planted import load_base
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.batches import BatchSize
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import Knockout, KnockoutRun, act_under
from heedmap.tracing.interventions.patching import patch_layers
from tests.plain_policies import PlainPolicy

METRIC = ActionMetric.discrete()


@dataclass(frozen=True)
class Subject:
    """A policy ready to be measured."""

    policy: CallablePolicy
    runner: Runner
    structures: Structures
    trials: list[Trial]


def subject(name: str, count: int = 4, sides: tuple[str, ...] = ("left", "right")) -> Subject:
    """A member of the population with trials of instructions of equal length."""
    policy = bare_policy(name, load_base(name))
    trials = [
        replace(
            trial,
            instructions={side: trial.instructions[side] for side in sides},
            expected={side: side for side in sides},
        )
        for trial in case_trials(count)
    ]
    first = trials[0]
    text, *others = first.instructions.values()
    transformer = find_transformer(policy, first.observation, text, 0)
    structures = Structures(policy, transformer, 0)
    structures.learn(examine(policy, transformer, first.observation, text, others, 0))
    return Subject(policy, Runner(policy, BatchSize(BATCH)), structures, trials)


@pytest.fixture(scope="module")
def heeding() -> Subject:
    return subject("heeding-0")


def test_all_that_tells_left_from_right_goes_with_the_cut(heeding: Subject) -> None:
    """Both have as many tokens, so nothing is left once no position sees the words."""
    use = measure_use(Knockouts(heeding.policy, 32), heeding.structures, heeding.trials, METRIC, 0)
    assert use is not None
    found = use.facts
    assert np.mean(list(use.by_trial["mediated"].values())) == pytest.approx(found.mediated.value)
    assert list(use.by_trial["mediated"]) == [trial.name for trial in heeding.trials]
    assert found.dependence.value > 0.9
    assert found.after_cut.value < 1e-6
    assert found.after_random_cut.value > 0.9
    assert found.mediated.value == pytest.approx(
        found.after_random_cut.value - found.after_cut.value
    )
    assert found.mediated.n == 4
    # Four clusters: the smallest p of a sign-flip test is 1 / 16.
    assert found.p_value == pytest.approx(1 / 16)
    cuts = {cut.name: cut for cut in found.cuts}
    assert cuts[DIRECT].edges == 8  # one action row, eight words
    # EOS and the action row stand behind the words: two rows see them from outside.
    assert cuts[WHOLE].edges == 16
    assert cuts["action -/-> image"].edges == 64
    assert cuts["instruction -/-> image"].edges == 8 * 64
    assert "template -/-> instruction" not in cuts  # it stands before them: nothing to cut


def test_where_nothing_was_learned_from_the_words_nothing_is_mediated() -> None:
    unused = subject("unused-0")
    found = measure_use(Knockouts(unused.policy, 32), unused.structures, unused.trials, METRIC, 0)
    assert found is not None
    assert abs(found.facts.mediated.value) < 1e-3


def test_frames_built_differently_are_left_out_and_counted(heeding: Subject) -> None:
    """Plant: the structure that was learned misses a word that an exchange moves."""
    wrong = Structures(heeding.policy, heeding.structures.transformer, 0)
    wrong._known = {
        key: None if known is None else replace(known, instruction=known.instruction[:2])
        for key, known in heeding.structures._known.items()
    }
    first = heeding.trials[0]
    assert heeding.structures.check(first, ["left", "right"])
    assert not wrong.check(first, ["left", "right"])
    assert measure_use(Knockouts(heeding.policy, 32), wrong, heeding.trials, METRIC, 0) is None


def test_frames_without_a_choice_do_not_count(heeding: Subject) -> None:
    first, *others = heeding.trials
    same = replace(first, expected={"left": "left", "right": "left"})
    found = measure_use(
        Knockouts(heeding.policy, 32), heeding.structures, [same, *others], METRIC, 0
    )
    assert found is not None
    assert found.facts.dependence.n == 3
    assert measure_use(Knockouts(heeding.policy, 32), heeding.structures, [same], METRIC, 0) is None


def test_patching_every_word_at_layer_0_is_the_other_run(heeding: Subject) -> None:
    trial = heeding.trials[0]
    left, right = trial.instructions["left"], trial.instructions["right"]
    structure = heeding.structures.of(trial, "left")
    assert structure is not None
    patched = patch_layers(
        heeding.policy,
        structure.stack,
        trial.observation,
        left,
        right,
        structure.instruction,
        batch=2,
    )
    own, other = (heeding.policy([trial.observation], [text])[0] for text in (left, right))
    assert torch.allclose(patched[0], other, atol=1e-5)
    assert not torch.allclose(own, other, atol=0.1)
    assert len(patched) == len(structure.stack.calls)
    alone = patch_layers(
        heeding.policy,
        structure.stack,
        trial.observation,
        left,
        left,
        structure.instruction,
        batch=2,
    )
    assert torch.allclose(alone, own.expand_as(alone), atol=1e-5)


def test_the_map_holds_what_single_cuts_give(heeding: Subject) -> None:
    trials = heeding.trials[:2]
    found = measure_map(
        heeding.runner, Knockouts(heeding.policy, 32), heeding.structures, trials, METRIC, 0
    )
    assert found is not None
    assert found.examples == 2
    effects = {(e.layer, e.head): e for e in found.by_head if e.region == "instruction"}
    layers, heads = 3, 4
    assert set(effects) == {(n, h) for n in range(layers) for h in range(heads)}
    single = []
    for trial, name in zip(trials, ("left", "right"), strict=True):  # in turn
        structure = heeding.structures.of(trial, name)
        assert structure is not None
        cut = Knockout(cut_edges_of(structure, DIRECT)).within([0], [1])
        text = trial.instructions[name]
        runs = [KnockoutRun(trial.observation, text, each) for each in (None, cut)]
        scores = act_under(heeding.policy, structure.stack, runs).double().numpy()
        single.append(METRIC.distances(scores[:1], scores[1:])[0])
    assert effects[0, 1].distance == pytest.approx(np.mean(single), abs=1e-6)
    assert all(e.p_adjusted is None or e.p_adjusted >= (e.p_value or 0) for e in found.by_head)
    assert [e.first_layer for e in found.by_layer] == [0, 1, 2]
    assert [(e.first_layer, e.last_layer) for e in found.by_window] == [(0, 1), (1, 2)]
    assert found.patched[0].recovered_share == pytest.approx(1, abs=1e-3)
    assert found.predicts.heads == layers * heads


def effect(layer: int, head: int, distance: float) -> HeadEffect:
    return HeadEffect(
        layer=layer,
        head=head,
        region="instruction",
        distance=distance,
        random_distance=0.0,
        p_value=None,
        p_adjusted=None,
        share=0.0,
    )


def test_attention_that_ranks_like_the_effect_correlates_fully() -> None:
    """Four heads with effects 1 2 3 4: share in that order, lift against it."""
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    reading = HeadReading(
        share={
            "instruction": dict(zip(places, (0.1, 0.2, 0.6, 0.7), strict=True)),
            "image": dict(zip(places, (0.0, 0.2, 0.2, 0.0), strict=True)),
        },
        lift=dict(zip(places, (4.0, 3.0, 2.0, 1.0), strict=True)),
        value_norm=None,
        rollout=(0.5, 0.1),
    )
    by_head = [
        effect(*place, distance) for place, distance in zip(places, (1, 2, 3, 4), strict=True)
    ]
    by_layer = [
        LayerEffect(first_layer=n, last_layer=n, distance=1.0 - n, random_distance=0.0)
        for n in range(2)
    ]
    found = predicts([reading], by_head, by_layer)
    assert found.share == pytest.approx(1)
    assert found.lift == pytest.approx(-1)
    # IVAR 1, 0.5, 0.75, 1: ranks 3.5 1 2 3.5 against 1 2 3 4; correlation 0.5 / sqrt(4.5 * 5).
    assert found.ivar == pytest.approx(0.5 / (4.5 * 5) ** 0.5)
    assert found.value_norm is None
    assert found.rollout is None  # two layers cannot be ranked
    assert (found.heads, found.layers) == (4, 2)


def test_what_rounding_leaves_of_no_effect_is_not_ranked() -> None:
    """Effects of 1e-9 and less are rounding: there is nothing to rank attention against."""
    places = [(0, head) for head in range(4)]
    rising = dict(zip(places, (0.1, 0.2, 0.3, 0.4), strict=True))
    reading = HeadReading(
        share={"instruction": rising, "image": rising},
        lift=dict(rising),
        value_norm=None,
        rollout=(0.1,),
    )
    noise = [effect(*place, 1e-9 * rank) for place, rank in zip(places, range(1, 5), strict=True)]
    real = [effect(*place, 0.1 * rank) for place, rank in zip(places, range(1, 5), strict=True)]
    layer = [LayerEffect(first_layer=0, last_layer=0, distance=0.5, random_distance=0.0)]
    assert predicts([reading], noise, layer).share is None
    assert predicts([reading], real, layer).share == pytest.approx(1)


def test_a_continuous_policy_without_adapter_goes_through_both_rungs(case: FrameCase) -> None:
    module = PlainPolicy("sdpa")
    policy = CallablePolicy("continuous", module, module)
    texts = {name: case.instructions[name] for name in ("left", "right")}
    frames = {"one": case.frame, "two": 255 - case.frame}
    expected = {"left": "dim1:+", "right": "dim1:-"}
    result = audit(policy, frames, texts, expected_actions=expected).record.policies[0]
    used, obeyed = result.measurements.used, result.measurements.obeyed
    assert used is not None
    assert obeyed is not None
    assert used.unit == obeyed.unit == "scale units"
    assert used.after_cut.value < 1e-4 < used.dependence.value
    assert obeyed.following is not None
    assert obeyed.following.chance == 0.5
    assert obeyed.following.rate.n == 2


def test_hiding_the_deciding_word_moves_the_action_and_hiding_another_does_not() -> None:
    """`heeding-0` does what is named; the side that it takes without any word needs none."""
    heeds = subject("heeding-0")
    trial = heeds.trials[0]
    knockouts = Knockouts(heeds.policy, 32)
    effects = word_effects(knockouts, heeds.structures, heeds.trials, METRIC, 0)
    assert len(effects) == 16  # eight words, two instructions
    assert {effect.trial for effect in effects} == {trial.name}
    most = max(effects, key=lambda effect: effect.distance)
    words = trial.instructions[most.instruction].split()
    assert words[(most.position - effects[0].position) % len(words)] == most.instruction
    assert most.distance > 0.5
    assert most.random_distance < 0.1 * most.distance
    unused = subject("unused-0")
    knockouts = Knockouts(unused.policy, 32)
    nothing = word_effects(knockouts, unused.structures, unused.trials, METRIC, 0)
    assert max(effect.distance for effect in nothing) < 0.05
