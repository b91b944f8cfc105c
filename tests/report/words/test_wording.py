"""Checks of single texts, each with healthy twins that it must leave alone."""

from __future__ import annotations

import time

import pytest

from heedmap.report.words.sets import single_findings
from heedmap.report.words.wording import before_numbers, codes_of, main_script, scripts_of
from tests.report.words.tasks import source

BROKEN = {
    "characters": ["p i c k u p", "['p', 'i', 'c', 'k']", "p", "o p e n the d o o r"],
    "empty": ["", "   ", "...", "\u200b"],
    "placeholder": [
        *("pick up the {object}", "open <task>", "TODO", "none", "N/A", "move {} to {}", "%s"),
        *("put the [object] down", "TBD: ask", "${task}", "language_instruction", "dummy task"),
    ],
    "preamble": [
        *("Sure, here is a rewritten instruction: lift it", "Here's a paraphrase: lift it"),
        *("Certainly! Lift the cup", "Instruction: lift the cup", "I’m sorry, I cannot do that"),
        *("As an AI language model, I lift", "**Rephrased instruction** lift", "Output: lift it"),
        *("Okay, here is the new task: lift it", "Here are three paraphrases: lift it"),
    ],
    "appended": [
        *("put it down view 0 0 100 0 0 initstate 0", "put it down noise_45", "open it ###"),
        *("open it seed=3", "put it down view 0 0 100", "open it initstate 4"),
        *("put it down 3f2a9c01b7", "lift the cup ||"),
    ],
    "cut_short": ["the task involves organizing a", "pick up the cup and"],
    "markup": [
        *("<|im_start|>pick", "pick <b>up</b>", "**pick** it up", "- pick it up", "1. pick it up"),
        *('"pick it up"', "pick it up\\n", "pick &amp; place", '{"task": "pick"}', "# Pick it up"),
        "In: What action should the robot take to pick it up?",
    ],
    "garbled": ["lift the \u200bcup", "cabinetâ€™s door", "caf\ufffd", "lift \x1b[31m", "\u202epu"],
    "identifier": ["stack_blocks", "PickCube-v1", "KITCHEN_SCENE3_put", "libero/libero_goal/open"],
    "whitespace": [" pick it up", "pick  it up", "pick it up\n", "pick\tit up"],
    "one_word": ["pick", "Stop."],
}
HEALTHY = [
    *("stand by", "Halte an", "schalte das Licht an"),
    *("pick up the cup", "Pick up the cup.", "put 2 blocks in bin 1", "go to room 2"),
    *("open the cabinet’s top drawer", "turn it on", "is the task done?", "place a and b together"),
    *("put the test tube in the rack", "move to 3 2", "place it here", "ok the order, then stop"),
    *(
        "컵을 집어서 접시에 놓으세요",
        "把杯子放在盘子上",
        "stop the car",
        "sure thing",
        "move 10 cm",
    ),
    *("set the dial to 45", "put the e-stop cover on", "pick up the user manual", "press A B C"),
    *("don't touch the 'red' cup", "put the cup on the bottom of the shelf", "turn the lamp off"),
    *("press the buttons 1 2 3", "pick up the part 12345678", "pick up seed 2", "show view 3"),
    *("Okay, pick up the cup", "Here is the cup, wash it", "New task: sort the blocks"),
    *("here is a new box, open it", "Here is the cup: wash it", "move the block to square A"),
    *("put the object in the box", "take the unknown object", "drop the cup to the left"),
]


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, texts in BROKEN.items() for t in texts])
def test_what_is_broken_is_found(code: str, text: str) -> None:
    assert code in codes_of(text)


@pytest.mark.parametrize("text", HEALTHY)
def test_a_healthy_text_is_left_alone(text: str) -> None:
    assert codes_of(text) == []


def test_one_fault_is_not_named_twice() -> None:
    assert codes_of("['p', 'i', 'c', 'k']") == ["characters"]
    assert codes_of("<task>") == ["placeholder"]
    assert codes_of("**Rephrased instruction:** lift") == ["preamble"]


def test_a_numbered_ending_is_told_from_what_is_before_it() -> None:
    assert before_numbers("put the bowl on the plate table 1") == ["put the bowl on the plate"]
    assert before_numbers("put the bowl on the plate language_3") == ["put the bowl on the plate"]
    assert before_numbers("put the bowl on the plate") == []


def test_long_hostile_texts_take_no_time() -> None:
    for piece in ("1 ", "(\"'", "a_", "{", "<a ", "\\"):
        codes_of(piece * 500_000)
    began = time.process_time()
    codes_of("{" * 1_000 + " " * 1_000)
    list(single_findings(source("a 1 " * 30_000, "a 1 " * 30_000 + "!", "a " * 30_000 + "1 !")))
    assert time.process_time() - began < 2


def test_scripts_of_letters() -> None:
    assert scripts_of("put it on the 접시 2") == {"LATIN", "HANGUL"}
    assert scripts_of("12 + 3") == frozenset()
    assert scripts_of("café") == {"LATIN"}
    assert main_script(["open", "close", "컵"]) == "LATIN"
    assert main_script(["1", "2"]) is None
