"""Variants of instructions as data sets of LIBERO, Bridge and DROID have them, and of Korean ones.

Every expected text was written by hand; what nobody would say must not come.
"""

from __future__ import annotations

import pytest

from heedmap.auditing.exam.kinds import EXCHANGES, KINDS, Kind
from heedmap.auditing.exam.korean_verbs import VERBS, find_verbs
from heedmap.auditing.exam.variants import exchanged, reworded, without_meaning

EN = [
    "pick up the black bowl on the wooden cabinet and place it on the plate",
    "pick up the alphabet soup and place it in the basket",
    "open the middle drawer of the cabinet",
    "open the top drawer and put the bowl inside",
    "put the wine bottle on top of the cabinet",
    "push the plate to the front of the stove",
    "turn on the stove and put the moka pot on it",
    "put the yellow and white mug in the microwave and close it",
    "stack the left bowl on the right bowl and place them in the tray",
    "take the lid off the pot",
    "fold the cloth from right to left",
    "pour the almonds into the pan",
    "put eggplant in pot or pan",
    "Place the marker in the cup, then close the drawer.",
    "Move the white plate slightly to the right",
    "Press the third button on the coffee maker twice",
    "Do not touch the glass",
    "put the cup close to the open drawer",
    "put the orange in the bowl",
    "get the orange cup from the table",
    "put the spoon back on the table",
    "turn the lamp off",
    "The robot should open the door",
    "unplug the charger",
]
KO = [
    "검은 그릇을 집어서 접시에 놓으세요",
    "위쪽 서랍을 열고 그릇을 안에 넣으세요",
    "빨간 컵을 들어 올리세요",
    "가스레인지를 켜세요",
    "당근을 냄비에 넣어 주세요",
    "접시를 앞으로 미세요",
    "전자레인지 문을 닫으세요",
    "서랍을 닫은 다음 컵을 놓으세요",
    "수건을 반으로 접으세요",
    "빨간색 상자로 가세요",
    "컵을 만지지 마세요",
    "책을 책장에 꽂으십시오",
    "왼쪽으로 돌아",
    "상자를 책상 위에 올려놓아라",
    "방을 청소해 주세요",
    "컵 두 개를 쟁반에 놓으세요",
    "물을 컵에 부으세요",
]


def made(text: str) -> dict[Kind, list[str]]:
    return {**exchanged(text), **reworded(text), **without_meaning(text)}


@pytest.mark.parametrize(
    ("kind", "text", "first"),
    [
        ("verb", "pick up the alphabet soup and place it in the basket", "push the alphabet soup"),
        ("verb", "put the bowl on the stove", "pick up the bowl on the stove"),
        ("verb", "push the plate to the front of the stove", "pull the plate to the front"),
        ("verb", "turn the lamp off", "turn the lamp on"),
        ("verb", "unplug the charger", "plug in the charger"),
        ("verb", "don't open the door", "don't close the door"),
        ("verb", "Carefully open the drawer", "Carefully close the drawer"),
        ("verb", "open the drawer and put the bowl inside", "open the drawer and pick up the bowl"),
        ("noun", "open the top drawer", "open the top cabinet"),
        ("direction", "open the middle drawer of the cabinet", "open the top drawer of the"),
        (
            "direction",
            "put the wine bottle on top of the cabinet",
            "put the wine bottle next to the",
        ),
        ("direction", "fold the cloth from right to left", "fold the cloth from left to right"),
        ("direction", "slide it away from the robot", "slide it towards the robot"),
        ("negation", "The robot should open the door", "The robot should not open the door"),
        ("paraphrase", "put the cup on top of the box", "put the cup atop the box"),
        ("verb", "그릇을 접시 위에 올려놓으세요", "그릇을 접시 위에서 내리세요"),
        ("verb", "당근을 냄비에 넣어 주세요", "당근을 냄비에서 꺼내 주세요"),
        ("verb", "검은 그릇을 집어서 접시에 놓으세요", "검은 그릇을 밀어서 접시에 놓으세요"),
        ("verb", "빨간색 상자로 가세요", "빨간색 상자에서 멀어지세요"),
        ("verb", "문을 열지 마십시오", "문을 닫지 마십시오"),
        ("verb", "서랍을 닫은 다음 컵을 놓으세요", "서랍을 닫은 다음 컵을 집으세요"),
        ("noun", "문을 열지 마십시오", "상자를 열지 마십시오"),
        ("colour", "검은 그릇을 집으세요", "빨간 그릇을 집으세요"),
        ("direction", "가운데 서랍을 여세요", "위쪽 서랍을 여세요"),
        ("direction", "접시를 앞으로 미세요", "접시를 뒤로 미세요"),
        ("number", "컵 두 개를 쟁반에 놓으세요", "컵 한 개를 쟁반에 놓으세요"),
        ("negation", "당근을 냄비에 넣어 주세요", "당근을 냄비에 넣지 말아 주세요"),
        ("negation", "책을 책장에 꽂으십시오", "책을 책장에 꽂지 마십시오"),
        ("negation", "왼쪽으로 돌아", "왼쪽으로 돌지 마"),
        ("negation", "문을 열지 마십시오", "문을 여십시오"),
        ("negation", "방을 청소해 주세요", "방을 청소하지 말아 주세요"),
        ("negation", "그릇을 헹구세요", "그릇을 헹구지 마세요"),
        ("order", "위쪽 서랍을 열고 그릇을 안에 넣으세요", "그릇을 안에 넣고 위쪽 서랍을 여세요"),
        ("order", "서랍을 닫은 다음 컵을 놓으세요", "컵을 놓은 다음 서랍을 닫으세요"),
        ("paraphrase", "서랍을 여세요", "서랍을 열어 주세요"),
        ("paraphrase", "물을 컵에 부어 주세요", "물을 컵에 부으세요"),
        ("nonsense", "문을 여세요", "뎌룹 크자뭇"),
    ],
)
def test_the_first_variant_is_what_a_person_would_write(kind: Kind, text: str, first: str) -> None:
    assert made(text)[kind][0].startswith(first)


NEVER = {
    "verb": [
        *("pick up it", "unstack", "put down the black bowl on the wooden cabinet and place"),
        *("put the cup open to", "close the close", "the close drawer", "집어서 접시에서 집"),
        *(
            "수건을 반으로 펴",
            "상자로 멈추",
            "들어 내리",
            "close the top drawer and put the bowl in",
        ),
    ],
    "noun": [
        *("in the shelf", "moka cup", "open the shelf", "wooden plate", "apple sauce", "공을 닫"),
        *("전자레인지 상자", "선반을 열고", "열쇠를 닫"),
    ],
    "colour": ["put the red in", "put the blue in"],
    "direction": ["on bottom of", "put the spoon front", "out of the pan", "far the"],
    "order": ["white and yellow", "pan or pot", "cabinet of the drawer"],
    "negation": ["do not the", "Do not do not", "주지 마세요"],
    "paraphrase": ["Go the", "Head the", "shut to", "pick up the lid off", "onto"],
    "filler": ["please the robot"],
}


@pytest.mark.parametrize("kind", NEVER)
def test_nothing_comes_that_nobody_would_say(kind: Kind) -> None:
    every = [variant for text in (*EN, *KO) for variant in made(text).get(kind, [])]
    assert every
    for wrong in NEVER[kind]:
        assert [each for each in every if wrong.lower() in each.lower()] == []


@pytest.mark.parametrize("texts", [EN, KO], ids=["English", "Korean"])
def test_every_kind_is_made_of_such_a_data_set(texts: list[str]) -> None:
    found = {kind for text in texts for kind, variants in made(text).items() if variants}
    pairings = {"trained", "untrained"}
    assert set(KINDS) - found == (pairings if texts is EN else {*pairings, "case"})


def test_verbs_of_a_data_set_are_exchanged_for_each_other_first() -> None:
    """Of several verbs: the words that the data set has come before the others."""
    data = ["put the bowl on the stove", "push the plate", "open the drawer", "close the drawer"]
    known = {word for text in data for word in text.split()}
    assert exchanged("put the bowl on the plate", known)["verb"][0] == "push the bowl on the plate"
    assert exchanged("open the drawer", known)["verb"] == ["close the drawer"]
    known |= {"pick", "up"}
    assert exchanged("put the bowl on the plate", known)["verb"][0].startswith("pick up the bowl")


@pytest.mark.parametrize("text", [*EN, *KO])
def test_negation_turns_back(text: str) -> None:
    if "don't" in text or "should" in text:
        return
    (once,) = exchanged(text)["negation"]
    assert exchanged(once)["negation"] == [text]


def test_forms_of_korean_verbs_are_found_again() -> None:
    for verb in VERBS:
        for ending in ("세요", "십시오", "아 주세요", "고", "지"):
            form = verb.form(ending)
            (found,) = find_verbs(f"컵을 {form}")
            assert found.verb.form(ending) == form
    assert {verb.form("은") for verb in VERBS} >= {"연", "닫은", "민", "집은", "부은", "켠"}


def test_kinds_of_exchanges_hold_no_other_kind() -> None:
    for text in (*EN, *KO):
        assert set(exchanged(text)) <= set(EXCHANGES)
