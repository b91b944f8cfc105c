"""Rung 0: faults of the words before a policy are named, healthy ones hold, and the audit says so.

Audits of words and recordings of taps are real ones; only files of strangers are made by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from heedmap.errors import HeedmapError, InputError
from heedmap.ladder.delivered import CAUSE_OF, Delivered, DeliveredCause
from heedmap.ladder.messages import LANGUAGES, say
from heedmap.monitor import delivered as reading
from heedmap.monitor.delivered import read_delivered
from heedmap.monitor.tap.recording import write_about
from heedmap.monitor.tap.store import Store
from heedmap.monitor.tap.watch import FINDINGS
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.report.markdown import to_markdown
from heedmap.report.page.render import render_html
from heedmap.report.terminal import print_result
from heedmap.report.words.as_json import audit_json
from heedmap.report.words.finding import CODES
from heedmap.report.words.findings import find_all
from heedmap.report.words.page import write_pages
from heedmap.report.words.sources import read_source
from heedmap.report.words.texts import Source
from tests.cli.conftest import FACTORIES
from tests.command_line import run_heedmap
from tests.monitor.tap.conftest import ABOUT
from tests.monitor.tap.servers import heeds, observation, policy, recorded, serving
from tests.monitor.tap.test_findings import said, watched
from tests.report import sample
from tests.report.words.tasks import BASE, source, write_suite
from tests.report.words.test_libero import BASES, tasks

__all__ = ["tasks"]

LEFT, RIGHT = "turn left to the red key", "turn right to the red key"


def of_words(folder: Path, *sources: Source) -> Delivered:
    """Rung 0 from an audit of these sources, by its JSON."""
    file = folder / "words.json"
    file.write_text(audit_json(find_all(list(sources))), encoding="utf-8")
    return read_delivered(file)


def of_steps(folder: Path, words: Sequence[str | None], trained: tuple[str, ...] = ()) -> Delivered:
    """Rung 0 from the recording of a client that says these words, ten times a second."""
    folder.mkdir(exist_ok=True)
    store = Store(folder, 2**20)
    for step in watched([observation(n, text) for n, text in enumerate(words)], trained=trained):
        store.append(step)
    store.close_part()
    write_about(folder, ABOUT.model_copy(update={"trained": ("data",) if trained else ()}))
    return read_delivered(folder)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "empty_words"),
        ("turn {direction}", "empty_words"),
        ("t u r n l e f t", "split_words"),
        ("Sure! Here is the instruction: turn left", "altered_words"),
        ("turn left to the red key seed_3", "altered_words"),
        ("turn_left_to_the_red_key", "altered_words"),
        ("go up the stairs", "outside_training"),
    ],
)
def test_a_fault_of_a_text_has_its_cause_in_lists_and_on_the_wire(
    text: str, cause: DeliveredCause, tmp_path: Path
) -> None:
    trained = source(LEFT, RIGHT, role="trained")
    listed = of_words(tmp_path, trained, source(LEFT, RIGHT, text, role="asked"))
    passed = of_steps(tmp_path / "run", [LEFT, LEFT, text], (LEFT, RIGHT))
    for found, unit in ((listed, "instructions"), (passed, "steps")):
        assert (found.status, found.cause, found.total) == ("fails", cause, 3)
        assert found.is_compared
        assert f"In 1 of 3 {unit} " in found.sentence()
        assert found.fix() == say(f"fix_delivered_{cause}")
        if text:
            assert f"“{text}”" in found.sentence()
    assert (listed.source, passed.source) == ("words", "tap")


def test_healthy_words_hold_in_lists_and_on_the_wire(tmp_path: Path) -> None:
    listed = of_words(tmp_path, source(LEFT, role="trained"), source(LEFT, LEFT, role="asked"))
    passed = of_steps(tmp_path / "run", [LEFT, LEFT], (LEFT,))
    for found in (listed, passed):
        assert (found.status, found.cause, found.findings) == ("holds", None, ())
        assert found.sentence().startswith("passes. ")
        assert found.sentence("ko").startswith("통과. ")
        assert found.fix() == ""
        assert "2" in found.sentence()
        assert "--trained" not in found.sentence()


def test_notes_are_no_fault_and_what_was_not_compared_is_said(tmp_path: Path) -> None:
    """Another task, one word, an odd space: worth a look, and the policy gets its words."""
    passed = of_steps(tmp_path / "run", [LEFT] * 3 + ["stop "] * 3)
    listed = of_words(tmp_path, source(LEFT, "stop ", "halte an"))
    for found in (passed, listed):
        assert found.status == "holds"
        assert f"`heedmap {found.source} --trained`" in found.sentence()
        assert f"`heedmap {found.source} --trained`" in found.sentence("ko")


def test_words_of_an_earlier_instruction_are_stale(tmp_path: Path) -> None:
    found = of_steps(tmp_path / "run", [LEFT] * 8 + [RIGHT, LEFT, RIGHT, RIGHT])
    assert (found.cause, found.findings[0].count) == ("stale_words", 1)
    assert of_steps(tmp_path / "twin", [LEFT] * 8 + [RIGHT] * 4).status == "holds"


def test_the_most_frequent_of_the_gravest_comes_first_and_others_are_named(tmp_path: Path) -> None:
    found = of_steps(tmp_path / "run", [LEFT, None, "", "", "pick_up_the_cup"])
    assert [(each.code, each.count) for each in found.findings] == [
        *(("empty", 2), ("missing", 1), ("identifier", 1))
    ]
    assert "Also found: missing (1), identifier (1)." in found.sentence()


def test_another_form_than_in_training_is_said_to_be_that(tmp_path: Path) -> None:
    known = ["turn left", "turn right", "go on", "stop there", "look up"]
    asked = source(*[f"{text.capitalize()}." for text in known], role="asked")
    found = of_words(tmp_path, source(*known, role="trained"), asked)
    assert found.cause == "other_form"
    twin = of_words(tmp_path, source(*known, role="trained"), source(*known, role="asked"))
    assert twin.status == "holds"


def test_a_suite_that_does_not_say_its_change_fails_and_its_base_holds(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    base = write_suite(folder / "desk", BASE)
    changed = write_suite(folder / "desk_lan", {name: f"Please {BASE[name]}" for name in BASE})
    found = of_words(tmp_path, read_source(changed, "asked"))
    assert (found.cause, found.findings[0].code) == ("not_asked", "change_not_said")
    assert "Given: “open the upper box”. Asked: “Please Open the upper lid" in found.sentence()
    assert of_words(tmp_path, read_source(base, "asked")).status == "holds"


def test_libero_suites_of_changed_words_fail_and_base_suites_hold(
    tasks: Path, tmp_path: Path
) -> None:
    for base in BASES:
        assert of_words(tmp_path, read_source(tasks / base, "asked")).status == "holds", base
        found = of_words(tmp_path, read_source(tasks / f"{base}_lan", "asked"))
        assert (found.cause, found.findings[0].count) == ("not_asked", 10), base


def test_faults_of_training_alone_say_nothing_about_what_is_given(tmp_path: Path) -> None:
    found = of_words(tmp_path, source(LEFT, "", "{object}", role="trained"))
    assert (found.status, found.total, found.findings) == ("not measured", 0, ())
    assert found.sentence().startswith("Not measured: ")
    assert of_steps(tmp_path / "run", []).status == "not measured"


def test_a_real_tap_and_the_folder_of_an_audit_are_read(tmp_path: Path) -> None:
    asked = said(*[LEFT] * 4, *[""] * 2)
    with serving(policy(heeds)) as server:
        recorded(tmp_path / "run", server, [asked, asked[:2]])
    found = read_delivered(tmp_path / "run")
    assert (found.cause, found.total, found.findings[0].count) == ("empty_words", 8, 2)
    write_pages(find_all([source(LEFT, "")]), tmp_path / "audit")
    assert read_delivered(tmp_path / "audit").cause == "empty_words"


def test_causes_are_of_findings_that_exist() -> None:
    assert set(CAUSE_OF) <= {*FINDINGS, *CODES}
    assert not {code for code in CAUSE_OF if {FINDINGS.get(code), CODES.get(code)} & {"note"}}


STRAY = "pick\x1b[31m <b>up</b> \u202e| `the` [cup](x)"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    """A result with a fault, one without, and one of which nothing is known."""
    folder = tmp_path_factory.mktemp("words")
    case = sample.monavla_case("left")
    built = sample.result(
        [sample.policy("p", [case], layers=1, heads=1)],
        sample.random_tables("p", [case], 1, 1),
    )
    known = {
        "fails": of_words(folder, source(STRAY, LEFT)),
        "holds": of_words(folder, source(LEFT)),
        "older": None,
    }
    return {
        name: Result(
            built.record.model_copy(update={"delivered": found}),
            {"attention": built.attention},
            built.frame_png,
        )
        for name, found in known.items()
    }


def on_terminal(result: Result) -> str:
    console = Console(width=200)
    with console.capture() as printed:
        print_result(result, console)
    return " ".join(printed.get().split())


@pytest.mark.parametrize("show", [on_terminal, to_markdown])
def test_the_terminal_and_markdown_say_it(
    show: Callable[[Result], str], results: Mapping[str, Result]
) -> None:
    shown = {name: show(result) for name, result in results.items()}
    assert say("delivered_title") in shown["fails"]
    assert "fails. In 1 of 2 instructions the words are no clean sentence" in shown["fails"]
    assert say("fix_delivered_altered_words") in shown["fails"]
    assert "\x1b[31m" not in shown["fails"]
    assert "\u202e" not in shown["fails"]
    assert "passes. No fault was found in the words of 1 instruction" in shown["holds"]
    assert say("delivered_title") not in shown["older"]


def test_the_page_says_it_in_both_languages(results: Mapping[str, Result]) -> None:
    page = render_html(results["fails"]).replace("&#39;", "'")
    for language in LANGUAGES:
        assert say("delivered_title", language) in page
        assert say("fix_delivered_altered_words", language) in page
    assert "fails. In 1 of 2 instructions the words are no clean sentence" in page
    assert "실패. 지시문 2개 중 1개에서" in page
    assert "실패. 지시문 2개 중 1개에서" in to_markdown(results["fails"], "ko")
    assert not any(odd in page for odd in ("\x1b", "\u202e", "<b>up</b>"))
    assert '<aside class="delivered' not in render_html(results["older"])


def test_a_record_keeps_it_and_older_records_load(
    results: Mapping[str, Result], tmp_path: Path
) -> None:
    results["fails"].save(tmp_path / "run")
    stored = json.loads((tmp_path / "run/record.json").read_text())
    assert stored["delivered"]["findings"][0]["code"] == "markup"
    loaded = Result.load(tmp_path / "run").record
    assert loaded.delivered == results["fails"].record.delivered
    del stored["delivered"]
    assert Record.model_validate(stored).delivered is None


def test_an_audit_takes_it_and_refuses_what_is_neither(
    tmp_path: Path, results: Mapping[str, Result]
) -> None:
    (tmp_path / "factories.py").write_text(FACTORIES)
    (tmp_path / "f.png").write_bytes(next(iter(results["holds"].frame_png.values())))
    (tmp_path / "empty").mkdir()
    of_words(tmp_path, source(LEFT, ""))
    asked = ("--instruction", f"left={LEFT}", "--instruction", f"right={RIGHT}")
    begin = ("audit", "factories:pair", "--frame", "f.png", *asked)
    for wrong in ("nothing", "f.png", "empty"):
        ran = run_heedmap(*begin, "--out", "run", "--delivered", wrong, cwd=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        assert "heedmap words" in ran.err
        assert "Traceback" not in ran.err
        assert not (tmp_path / "run").exists()
    ran = run_heedmap(*begin, "--delivered", "words.json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "Delivered (rung 0): fails. In 1 of 2 instructions no instruction reaches" in ran.out


ROW = {"place": "x:1", "said": "\x1b[2Jgo\ud800" * 500, "asked": 3}
FINDING = {"code": "empty", "role": "asked", "count": 1, "total": 2, "rows": [ROW]}
AUDIT = {
    "sources": [{"path": "s", "role": "asked", "instructions": 2}],
    "findings": [FINDING],
}


def hostile() -> Iterator[object]:
    """What is nearly the JSON of an audit."""
    yield from ([], {}, {**AUDIT, "sources": None}, {**AUDIT, "findings": 3})
    for wrong in ({"count": 3}, {"count": 0}, {"count": "1"}, {"total": 10**400}, {"rows": {}}):
        yield {**AUDIT, "findings": [FINDING | wrong]}
    yield {**AUDIT, "sources": [{"path": "s", "role": "master", "instructions": 2}]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {
        "sources": st.lists(JSON | st.just(AUDIT["sources"][0]), max_size=2),
        "findings": st.lists(
            JSON
            | st.builds(
                lambda key, value: {**FINDING, key: value}, st.sampled_from([*FINDING]), JSON
            ),
            max_size=2,
        ),
    }
)


@settings(max_examples=100, deadline=None)
@given(content=JSON | NEARLY)
def test_a_file_of_a_stranger_is_refused_in_one_sentence_or_read(
    content: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "strange.json"
    file.write_text(json.dumps(content))
    with suppress(InputError):
        found = read_delivered(file)
        assert found.status in ("holds", "fails", "not measured")
        found.sentence().encode()
        assert found.sentence("ko").isprintable()


def test_broken_huge_and_hostile_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "words.json"
    file.write_text(json.dumps(AUDIT))
    found = read_delivered(file)
    assert len(found.sentence()) < 500
    assert found.sentence().isprintable()
    texts = map(json.dumps, hostile())
    for text in ("", "{", "[" * 100_000, "nul", "\ufeff{}", *texts):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="is no JSON of `heedmap words`") as refused:
            read_delivered(file)
        assert "\n" not in str(refused.value)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no JSON"):
        read_delivered(file)
    monkeypatch.setattr(reading, "MOST_BYTES", 2)
    with pytest.raises(InputError, match="has more than"):
        read_delivered(file)


def test_a_damaged_recording_is_refused(tmp_path: Path) -> None:
    of_steps(tmp_path / "run", [LEFT])
    (part,) = (tmp_path / "run").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(HeedmapError, match="cannot be read"):
        read_delivered(tmp_path / "run")
    (tmp_path / "run/run.json").write_text("{}")
    with pytest.raises(HeedmapError, match="cannot be read"):
        read_delivered(tmp_path / "run")
