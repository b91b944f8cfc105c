"""Faults of clients that we plant are each named, and a client without them gets no warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedmap.errors import TapError
from heedmap.ladder.messages import LANGUAGES
from heedmap.monitor.tap.conversation import Conversation
from heedmap.monitor.tap.messages import Keys
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.story import story_of
from heedmap.monitor.tap.terminal import fix_of, line_of, sentence_of
from heedmap.monitor.tap.watch import FINDINGS, Watch
from tests.monitor.tap.servers import (
    Quiet,
    ask,
    connected,
    found,
    heeds,
    observation,
    packed,
    policy,
    recorded,
    serving,
    tapping,
)

LEFT, RIGHT = "turn left", "turn right"


def steps_of(folder: Path, asked: list[dict[str, Any]], **options: Any) -> list[Step]:
    """The recorded steps of one client of a policy that heeds."""
    with serving(policy(heeds)) as server:
        recording, seen = recorded(folder, server, [asked], **options)
    steps = list(recording.steps())
    assert steps == seen.steps, "what is read is what was seen"
    return steps


def watched(
    asked: list[dict[str, Any]],
    answer: Callable[[dict[str, Any]], dict[str, Any]] = heeds,
    period_s: float = 0.1,
    **options: Any,
) -> list[Step]:
    """The steps of one client with their findings, without a wire."""
    talk, watch = Conversation(1, Keys(), "openpi"), Watch(**options)
    steps: list[Step] = []
    for number, message in enumerate(asked):
        talk.from_client(packed(message), number, number * period_s)
        answers = talk.from_server(packed(answer(message)), number, (number + 0.5) * period_s)
        steps += map(watch.look, answers)
    assert [step.step for step in steps] == list(range(len(asked)))
    return steps


def test_a_healthy_client_gets_no_warning(tmp_path: Path) -> None:
    steps = steps_of(tmp_path / "run", [observation(n) for n in range(30)], trained=(LEFT,))
    assert [step.words for step in steps] == [LEFT] * 30
    assert {step.findings for step in steps} == {()}
    assert {step.cameras for step in steps} == {("observation/image",)}
    assert all(step.thumbnails[0].startswith(b"\xff\xd8") for step in steps)
    assert steps[3].state == pytest.approx(observation(3)["observation/state"])
    assert steps[0].action is not None
    assert steps[0].action[0] == 1.0
    assert {step.chunk_shape for step in steps} == {(2, 2)}
    assert all(step.latency_ms is not None and 0 < step.latency_ms < 5000 for step in steps)


def test_words_that_are_gone_after_the_third_step_are_named_once() -> None:
    steps = watched([observation(n, LEFT if n < 3 else "") for n in range(10)])
    assert found(steps, "empty") == list(range(3, 10))
    assert found(steps, "changed") == [], "that they are gone says it"
    story = story_of(steps)
    assert (story.runs["empty"], story.steps["empty"]) == (1, 7)
    assert story.warnings == 1


def test_observations_without_words_are_named() -> None:
    steps = watched([observation(n, None) for n in range(3)])
    assert found(steps, "missing") == [0, 1, 2]
    assert {step.words for step in steps} == {None}


def said(*words: str) -> list[dict[str, Any]]:
    """An observation for each of the words."""
    return [observation(n, text) for n, text in enumerate(words)]


def test_words_that_go_back_for_ten_steps_are_named() -> None:
    asked = said(*[LEFT] * 12, *[RIGHT] * 3, *[LEFT] * 10, *[RIGHT] * 5)
    steps = watched(asked)
    assert found(steps, "went_back") == list(range(15, 25))
    assert story_of(steps).warnings == 1
    slow = watched(said(*[LEFT] * 4, RIGHT, LEFT, RIGHT), period_s=5.0)
    assert found(slow, "went_back") == [5], "a single step of a slow policy"


@pytest.mark.parametrize(
    ("asked", "period_s"),
    [
        pytest.param(said(*([LEFT] * 12 + [RIGHT] * 12) * 2), 0.1, id="long tasks take turns"),
        pytest.param(said(*([LEFT] * 6 + [RIGHT] * 6) * 3), 1.0, id="chunks: few steps a task"),
        pytest.param(said(*[LEFT] * 40, *[RIGHT] * 8, *[LEFT] * 40), 1.0, id="a quick success"),
        pytest.param(said(*[LEFT, RIGHT] * 20), 0.1, id="two robots in turn"),
        pytest.param(
            [{**observation(0), "prompt": text} for text in [LEFT] * 6 + [RIGHT, LEFT, RIGHT]],
            0.1,
            id="an audit asks about one observation",
        ),
        pytest.param([observation(n // 20) for n in range(60)], 0.1, id="a simulator at rest"),
    ],
)
def test_what_may_be_meant_gets_no_warning(asked: list[dict[str, Any]], period_s: float) -> None:
    steps = watched(asked, period_s=period_s)
    assert story_of(steps).warnings == 0
    assert story_of(steps).runs, "but a note"


def test_equal_classes_under_other_words_are_no_old_answer() -> None:
    asked = said(*[LEFT] * 3, *[RIGHT] * 3)
    classes = watched(asked, lambda _: {"actions": np.array([[0.0, 1.0]])})
    assert found(classes, "same_answer") == []
    constant = watched(asked, lambda _: {"actions": np.array([[0.5, 1.0]])})
    assert found(constant, "same_answer") == [3, 4, 5]


def test_each_words_outside_training_are_told_of() -> None:
    steps = watched(said("go up", "go up", "go down", "go down"), trained=(LEFT,))
    story = story_of(steps)
    assert [(odd.first, odd.words) for _, odds in story.by_code()[:1] for odd in odds] == [
        (0, "go up"),
        (2, "go down"),
    ]


def test_an_observation_that_stays_for_ten_steps_is_told_of() -> None:
    asked = [observation(4 if 4 <= n < 14 else n, LEFT if n < 8 else RIGHT) for n in range(20)]
    steps = watched(asked)
    assert found(steps, "same_observation") == list(range(6, 14))
    assert story_of(steps).runs["same_observation"] == 1


def test_an_answer_from_before_the_change_of_words_is_named(tmp_path: Path) -> None:
    answers = [heeds(observation(n, LEFT if n < 8 else RIGHT)) for n in range(12)]

    def stale(_: dict[str, Any]) -> dict[str, Any]:
        at = given.pop(0)
        return answers[4 if 5 <= at < 8 else at]

    given = list(range(12))
    asked = [observation(n, LEFT if n < 5 else RIGHT) for n in range(12)]
    with serving(policy(stale)) as server:
        steps = list(recorded(tmp_path / "run", server, [asked])[0].steps())
    assert found(steps, "same_answer") == [5, 6, 7]


def test_words_outside_training_come_with_the_nearest() -> None:
    asked = [observation(n, "Turn left now") for n in range(3)]
    asked += [observation(9, "Turn left."), observation(10, "고양이")]
    steps = watched(asked, trained=(RIGHT, LEFT))
    assert found(steps, "outside_training") == [0, 1, 2, 4]
    assert [step.nearest for step in steps] == [LEFT] * 3 + [None] * 2
    assert "nearest in training: “turn left”" in line_of(story_of(steps).odds[0])


def test_numbers_behind_a_training_instruction_are_junk_and_within_one_are_not() -> None:
    trained = (LEFT, "take block 3")
    steps = watched(said(f"{LEFT} table 1", "take block 3", "take block 4"), trained=trained)
    assert found(steps, "appended") == [0]
    assert found(steps, "outside_training") == [0, 2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("turn left seed_3", "appended"),
        ("turn left 3f9a01bc77", "appended"),
        ("t u r n l e f t", "characters"),
        ("turn {direction}", "placeholder"),
        ("Sure! Here is the instruction: turn left", "preamble"),
        ("turn left </s>", "markup"),
        ("turn left and put it on the", "cut_short"),
        ("turn_left_then_stop", "identifier"),
        ("turn\x00 left", "garbled"),
    ],
)
def test_junk_is_named(text: str, code: str) -> None:
    asked = [observation(n, LEFT if n < 2 else text) for n in range(4)]
    steps = watched(asked)
    assert found(steps, code) == [2, 3]
    assert story_of(steps).runs[code] == 1


def test_every_finding_has_its_sentence_and_what_to_do() -> None:
    for language in LANGUAGES:
        texts = [(sentence_of(code, language), fix_of(code, language)) for code in FINDINGS]
        assert len(set(texts)) == len(FINDINGS)


def test_clients_have_their_own_words(tmp_path: Path) -> None:
    """Two clients that talk in turn are not one whose words change."""
    with (
        serving(policy(heeds)) as server,
        tapping(server, tmp_path / "run") as tapped,
        connected(tapped.address) as one,
        connected(tapped.address) as two,
    ):
        for number in range(5):
            ask(one, observation(number, LEFT))
            ask(two, observation(number, RIGHT))
    steps = tapped.seen.steps
    assert {(step.client, step.words) for step in steps} == {(1, LEFT), (2, RIGHT)}
    assert {step.findings for step in steps} == {()}


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    from heedmap.monitor.tap.recording import read_run

    with pytest.raises(TapError, match="holds no recording of a tap"):
        read_run(tmp_path)


def test_an_onlooker_is_told_each_run_of_steps_once(tmp_path: Path) -> None:
    asked = [observation(n, "" if n in (2, 3, 6) else LEFT) for n in range(9)]
    with serving(policy(heeds)) as server:
        seen: Quiet = recorded(tmp_path / "run", server, [asked])[1]
    assert [(odd.first, odd.last) for odd in seen.begun if odd.code == "empty"] == [(2, 3), (6, 6)]
