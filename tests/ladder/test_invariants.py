"""What holds of every verdict, whatever was measured."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.ladder.behaviour import BehaviourFacts, How, TrailFacts, WordsFate
from heedmap.ladder.causes import CAUSES, NO_FAULT
from heedmap.ladder.evidence import Bypass, Competence, Estimate, ObeyedFacts
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.messages import LANGUAGES
from heedmap.ladder.verdict import Verdict
from heedmap.ladder.wording import verdict_text
from tests.ladder.facts import (
    ATTENDED,
    PRESENCE,
    TOKENS,
    VISIBILITY,
    behaviour,
    following,
    obeyed,
    trail,
    used,
)

SHARES = st.sampled_from([0.0, 0.001, 0.1, 0.4, 0.6, 1.0])
CHANGES = st.sampled_from([0.0, 1e-8, 0.5])
ESTIMATES = st.builds(
    lambda value, spread: Estimate(
        value=value, low=value - spread, high=value + spread, n=9, clusters=9
    ),
    SHARES,
    st.sampled_from([0.0, 0.05, 0.3]),
)

STILL = Estimate(value=0.0, low=0.0, high=0.0, n=9, clusters=9)


def one_of(**choices: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these values, each with or without."""
    return st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in choices.items()})


@st.composite
def obediences(draw: st.DrawFn) -> ObeyedFacts | None:
    if draw(st.booleans()) and draw(st.booleans()):
        return None
    swap = draw(st.none() | ESTIMATES)
    followed = draw(
        st.none()
        | st.builds(
            lambda each, left, right: following(each, left=left, right=right), *[SHARES] * 3
        )
    )
    if followed is not None and draw(st.booleans()):
        followed = followed.model_copy(update={"swapped": (("left", "right"),)})
    competence = st.builds(lambda rate: Competence(rate=rate, chance=0.4), ESTIMATES)
    return obeyed(
        unit=draw(st.sampled_from(["bits", "scale units", "raw units"])),
        swap_distance=swap,
        beyond_paraphrase=draw(st.sampled_from([swap, swap and STILL])),
        following=followed,
        competent=draw(st.none() | competence),
        own_action_anyway=draw(st.none() | ESTIMATES),
        not_needed=draw(st.sampled_from([0, 0, 12, 24])),
        language_share=draw(st.none() | SHARES),
        action_change=draw(st.sampled_from([None, 0.0, 1e-6, 0.5])),
    )


BEHAVIOURS: st.SearchStrategy[BehaviourFacts | None] = st.none() | st.builds(
    behaviour,
    instruction_change=CHANGES,
    same_length_change=st.none() | CHANGES,
    frame_change=st.none() | CHANGES,
    state_change=st.none() | CHANGES,
    is_tied=st.booleans(),
    state_decides=st.booleans(),
)
TRAILS: st.SearchStrategy[TrailFacts | None] = st.none() | st.builds(
    lambda how, **changes: trail(how, **changes),
    st.none() | st.sampled_from(get_args(How)),
    words=st.sampled_from(get_args(WordsFate)),
    on_ids=st.booleans(),
    is_inside_reader=st.booleans(),
    frame_is_lost_there=st.booleans(),
    was_attended=st.booleans(),
    lost_words=st.just(("left", "right")),
)


@st.composite
def measurements(draw: st.DrawFn) -> Measurements:
    acts, ended = draw(BEHAVIOURS), draw(TRAILS)
    facts = draw(obediences())
    if facts and acts and not acts.is_response(acts.instruction_change):
        still = {"swap_distance": STILL, "beyond_paraphrase": STILL}
        facts = facts.model_copy(update=still)  # as both are of the same actions
    if draw(st.booleans()) and draw(st.booleans()):
        return Measurements.of_black_box(facts, acts, ended, draw(st.sampled_from([None, "why"])))
    tokens = one_of(
        follows_instruction=[False],
        words=[2, 8],
        module=[None],
        identical_pairs=[(("left", "right"),)],
        lost_words=[{"left": ("left",)}],
        grows_with_instruction=[False],
    )
    presence = one_of(
        positions=[()],
        mixed_positions=[(3,)],
        overwritten_positions=[(3,)],
        length_changes_attention=[True],
        shifts_with_length=[True],
    )
    visibility = one_of(
        instruction_total=[0, 2],
        instruction_reachable=[0, 2],
        instruction_after_action=[True],
        instruction_hops=[2],
        image_reachable=[0],
    )
    attended = one_of(values_are_zero=[True], rollout_share=[0.0], share=[0.0])
    mediated = draw(st.none() | ESTIMATES)
    bypass = st.sampled_from(
        [
            Bypass(status="none"),
            Bypass(status="not measured"),
            Bypass(status="found", kind="after", module="film"),
        ]
    )
    return Measurements(
        stacks=(),
        tokens=TOKENS.model_copy(update=draw(tokens)),
        presence=PRESENCE.model_copy(update=draw(presence)),
        visibility=VISIBILITY.model_copy(update=draw(visibility)),
        attended=draw(st.just(ATTENDED.model_copy(update=draw(attended))) | st.none()),
        bypass=draw(bypass),
        used=None if mediated is None else used(mediated),
        obeyed=facts,
        behaviour=acts,
        trail=ended,
    )


def check_cause_and_rung(verdict: Verdict) -> None:
    """A bypass may be why `used` fails in older records, whose cause is then elsewhere."""
    rungs, failing = CAUSES[verdict.cause].rungs, verdict.first_failing
    if rungs and verdict.cause not in NO_FAULT:
        assert failing in rungs, verdict.cause
    if verdict.cause in ("none", "not_measured", "not_needed"):
        assert failing is None, verdict.cause


@settings(max_examples=400, deadline=None)
@given(measurements())
def test_every_verdict(facts: Measurements) -> None:
    verdict = judge(facts)
    if facts.behaviour is not None or facts.bypass.status != "found":
        check_cause_and_rung(verdict)
    if facts.behaviour is not None and verdict.rungs["obeyed"].status == "holds":
        assert verdict.first_failing is None
        assert verdict.cause in NO_FAULT
    if facts.behaviour is not None and facts.behaviour.responds:
        assert verdict.cause not in ("constant_action", "not_identified", "length_leak")
    for rung in verdict.rungs.values():
        assert rung.status != "not measured" or rung.value is None
    for language in LANGUAGES:
        sentence, fix = verdict_text(verdict, language)
        assert sentence.strip()
        assert fix.strip()
        assert "{" not in sentence + fix
