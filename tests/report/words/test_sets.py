"""What is wrong with the instructions of one source together."""

from __future__ import annotations

from heedmap.report.words.finding import MOST_ROWS
from heedmap.report.words.sets import (
    only_one,
    same_task,
    scripts,
    single_findings,
    template,
    variants,
)
from heedmap.report.words.texts import Instruction, Source
from tests.report.words.tasks import source


def counts(texts: Source) -> dict[str, int]:
    return {finding.code: finding.count for finding in single_findings(texts)}


def test_places_are_counted_and_texts_are_shown_once() -> None:
    (found,) = single_findings(source("TODO", "open it", "TODO", "TODO"))
    assert (found.code, found.count, found.total) == ("placeholder", 3, 4)
    assert [(row.place, row.said) for row in found.rows] == [("list.txt:1", "TODO")]
    assert counts(source("open it", "close it")) == {}


def test_rows_are_limited_and_counts_are_not() -> None:
    (found,) = single_findings(source(*(f"task_number_{n}" for n in range(500))))
    assert (found.count, len(found.rows)) == (500, MOST_ROWS)


def test_a_text_that_came_in_characters_is_found_whatever_it_says() -> None:
    split = Instruction("open the drawer", "x", is_split=True)
    whole = Instruction("open the drawer", "y")
    (found,) = single_findings(Source("x", "trained", "lerobot", (split, whole)))
    assert (found.code, found.count, found.rows[0].place) == ("characters", 1, "x")


def test_a_text_behind_another_one_was_appended_to_it() -> None:
    plate = "put the bowl on the plate"
    assert counts(source(plate, f"{plate} table 1", f"{plate} light 12")) == {"appended": 2}
    assert counts(source(f"{plate} table 1", f"{plate} light 12")) == {}
    assert counts(source(plate, f"{plate} noise 45", f"{plate} 1 2 3")) == {"appended": 2}
    assert counts(source("put the cup in bin 1", "put the cup in bin 2")) == {}


def test_texts_of_one_length_are_cut_where_one_of_them_shows_it() -> None:
    cut = ("prepare a meal of", "prepare the salad", "set up a table fo")
    assert counts(source(*cut, "open it")) == {"cut_short": 3}
    assert counts(source("open the red box", "lift the red box", "move the red box")) == {}


def test_another_script_is_found() -> None:
    (found,) = scripts(source("open it", "close it", "컵을 집으세요", "open the 서랍"))
    assert (found.code, found.count, found.values["script"]) == ("script", 2, "Latin")
    assert not list(scripts(source("컵을 집으세요", "서랍을 여세요")))
    assert not list(scripts(source("1", "2")))
    # Against training, a whole evaluation can be in another script.
    (found,) = scripts(source("컵을 집으세요", role="asked"), [source("open it", role="trained")])
    assert (found.count, found.total) == (1, 1)


def test_japanese_is_one_way_of_writing() -> None:
    japanese = ("赤いカップを取る", "コーヒーを置く", "ﾄﾞｱを開ける", "色々取る", "停止")
    assert not list(scripts(source(*japanese)))
    assert next(iter(scripts(source(*japanese, "컵을 집으세요")))).count == 1
    # Among Chinese texts, a Japanese one is another.
    (found,) = scripts(source("把杯子放下", "打开抽屉", "カップを取る"))
    assert (found.count, found.rows[0].said) == (1, "カップを取る")


def test_one_instruction_alone_says_nothing() -> None:
    (found,) = only_one(source("open it", "Open it.", "open it"))
    assert (found.code, found.count) == ("only_one", 3)
    assert not list(only_one(source("open it", "close it")))
    assert not list(only_one(source("open it")))


def test_forms_of_the_same_words_are_held_against_the_usual_one() -> None:
    (found,) = variants(source("open it", "open it", "Open it.", "close it"))
    assert found.count == 1
    assert (found.rows[0].said, found.rows[0].other) == ("Open it.", "open it")
    assert not list(variants(source("open it", "open it", "close it")))


def test_the_same_task_twice_is_noted_in_lists_and_within_a_suite() -> None:
    (found,) = same_task(source("open it", "close it", "open it"))
    assert (found.count, found.rows[0].place) == (1, "list.txt:3")
    suites = (
        Instruction("open it", "a/1", "open it", "a"),
        Instruction("close it", "a/2", "close it", "a"),
        Instruction("open it", "b/1", "open it", "b"),
    )
    assert not list(same_task(Source("x", "asked", "bddl", suites)))
    # Episodes of a data set repeat their task; that is what they are for.
    assert not list(same_task(Source("x", "trained", "lerobot", (*suites, *suites))))


def test_one_changing_word_is_a_template() -> None:
    (found,) = template(source(*(f"pick up the {n} cup" for n in ("a", "b", "c", "d", "e"))))
    assert found.values == {"template": "pick up the … cup", "different": 5}
    others = ("open it", "close the box", "wave")
    assert not list(template(source("pick up the a cup", "pick up the b cup", *others)))
    assert not list(template(source("wave")))
