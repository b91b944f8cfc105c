"""Trained and untrained pairings, by what frames look like."""

from __future__ import annotations

import numpy as np

from heedmap.auditing.exam.pairings import looks_of, pair, stands_with
from heedmap.auditing.exam.sheet import make_sheet
from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial
from tests.auditing.exam.world import trials


def shown(name: str, grey: int, text: str, episode: str | None = None) -> Trial:
    rng = np.random.default_rng(len(name) + grey)
    frame = rng.integers(grey, grey + 30, (16, 16, 3), dtype=np.uint8)
    return Trial(
        name,
        of_frame(frame),
        {"recorded": text, "other": "elsewhere"},
        recorded="recorded",
        episode=episode,
    )


def test_instructions_of_frames_that_look_alike_are_trained_pairings() -> None:
    given = [
        shown("a", 10, "open it"),
        shown("bb", 10, "close it"),
        shown("ccc", 10, "open it"),
        shown("dddd", 200, "push it"),
        shown("eeeee", 200, "push it"),
    ]
    found = pair(given, looks_of(given))
    assert found.reach is not None
    assert found.trained[0] == ("close it",)
    assert found.untrained[0] == ("push it",)
    assert set(found.untrained[3]) == {"open it", "close it"}
    assert found.trained[3] == ()


def test_only_what_was_recorded_or_has_an_action_stands_with_a_frame() -> None:
    trial = shown("a", 10, "open it")
    assert stands_with(trial) == ("open it",)
    both = Trial("b", trial.observation, {"one": "x", "two": "y"}, {"two": "LEFT"}, recorded="one")
    assert stands_with(both) == ("x", "y")
    assert stands_with(Trial("c", trial.observation, {"one": "x", "two": "y"})) == ("x", "y")


def test_frames_of_one_episode_do_not_say_how_far_apart_frames_are() -> None:
    given = [shown("a", 10, "open it", "one"), shown("b", 200, "open it", "one")]
    assert pair(given, looks_of(given)).reach is None
    assert make_sheet(given).missing["untrained"] == "looks_unknown"


def test_where_all_frames_look_alike_no_pairing_is_untrained() -> None:
    given = [shown("a" * n, 10, f"open {n % 2}") for n in range(1, 7)]
    found = pair(given, looks_of(given))
    assert all(not each for each in found.untrained)
    assert make_sheet(given).missing["untrained"] == "all_alike"


def test_variants_that_ask_for_the_same_action_are_left_out() -> None:
    sheet = make_sheet(trials(12), ("left", "forward", "right"))
    asked = [q for q in sheet.variants if q.kind in ("trained", "colour", "noun", "direction")]
    own = {q.frame: q.expected for q in sheet.own}
    assert asked
    assert all(q.expected is None or q.expected != own[q.frame] for q in asked)
    kept = [q for q in sheet.variants if q.kind == "punctuation"]
    assert all(q.expected == own[q.frame] for q in kept)
    assert not any(q.expected for q in sheet.variants if q.kind in ("blank", "nonsense"))


def test_the_same_seed_draws_the_same_questions() -> None:
    one, two, other = (make_sheet(trials(12), seed=seed).variants for seed in (0, 0, 1))
    assert one == two
    assert one != other
