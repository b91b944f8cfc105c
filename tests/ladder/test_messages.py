"""The catalogues: both languages say the same things, and every message is one that is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from fluent.runtime import FluentResource
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import heedmap
from heedmap.auditing.exam.kinds import KINDS, Missing, Purpose
from heedmap.auditing.exam.result import SEVERITY, KindVerdict
from heedmap.auditing.needed import Target
from heedmap.ladder.causes import CAUSES, Cause, RungName
from heedmap.ladder.delivered import DeliveredCause
from heedmap.ladder.messages import (
    LANGUAGES,
    Language,
    MessageError,
    catalogue_files,
    say,
    words_in,
)
from heedmap.ladder.verdict import LOWER_RUNGS
from heedmap.monitor.tap.meter import REFUSALS
from heedmap.monitor.tap.watch import FINDINGS, Grade
from heedmap.record.regions import REGION_ORDER, UNDECLARED
from heedmap.remedies.result import CELLS, REMEDIES, NullBranch, Outcome
from heedmap.remedies.result import Missing as NotMeasured
from heedmap.remedies.rewording import FORMS
from heedmap.report.driving.result import CONDITIONS
from heedmap.report.driving.wording import MISSING, PHASES
from heedmap.report.forensics.finding import FindingCode
from heedmap.report.rung_cells import RUNG_TABLES
from heedmap.report.words.finding import CODES, SEVERITIES, Beside
from heedmap.report.words.texts import Kind, Role
from heedmap.sweep.summary import FIGURES
from heedmap.testbed.generated.score import Problem
from heedmap.testbed.scoreboard.rules import Rule
from heedmap.testbed.scoreboard.summary import READINGS

SOURCE = Path(heedmap.__file__).parent


def messages(language: Language) -> Iterator[tuple[Path, ftl.Message]]:
    for path in catalogue_files(language):
        resource: Any = FluentResource(path.read_text(encoding="utf-8"))
        for entry in resource.body:
            assert not isinstance(entry, ftl.Junk), f"{path.name}: {entry.content}"
            if isinstance(entry, ftl.Message):
                yield path, entry


def by_key(language: Language) -> dict[str, ftl.Message]:
    found: dict[str, ftl.Message] = {}
    for path, message in messages(language):
        assert message.id.name not in found, f"{message.id.name} twice, again in {path.name}"
        found[message.id.name] = message
    return found


class Places(Visitor):
    """Names of the values that a message takes."""

    def __init__(self, *, with_selectors: bool) -> None:
        self.names: set[str] = set()
        self.with_selectors = with_selectors

    def visit_SelectExpression(self, node: ftl.SelectExpression) -> None:  # noqa: N802
        if self.with_selectors:
            self.visit(node.selector)
        for variant in node.variants:
            self.visit(variant)

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


def placeholders(message: ftl.Message, *, with_selectors: bool = True) -> set[str]:
    """All values, or without those that only choose between forms."""
    places = Places(with_selectors=with_selectors)
    places.visit(message)
    return places.names


ENGLISH, KOREAN = by_key("en"), by_key("ko")


def test_both_languages_have_the_same_files_keys_and_placeholders() -> None:
    names = {language: [path.name for path in catalogue_files(language)] for language in LANGUAGES}
    assert names["en"] == names["ko"]
    assert list(ENGLISH) == list(KOREAN)
    for key, message in ENGLISH.items():
        assert placeholders(message) == placeholders(KOREAN[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_said_and_no_value_is_lost(language: Language) -> None:
    for key, message in by_key(language).items():
        values = {name: f"<{name}>" for name in placeholders(message)}
        text = say(key, language, **values)
        assert text.strip(), key
        for name in placeholders(message, with_selectors=False):
            assert values[name] in text, key
        assert "\n" not in text, key
        assert not re.search("[\u2066-\u2069]", text), "marks that a terminal shows as boxes"


def test_korean_messages_are_korean() -> None:
    same = {key for key in ENGLISH if _text(key, "en") == _text(key, "ko")}
    assert same == {"attended_ivar", "obeyed_grounding", "used_p", "where_operator"}


def _text(key: str, language: Language) -> str:
    places = placeholders((ENGLISH if language == "en" else KOREAN)[key])
    return say(key, language, **dict.fromkeys(places, "x"))


def test_an_unknown_message_or_a_missing_value_is_an_error() -> None:
    with pytest.raises(MessageError, match="no message 'not_there' in language 'ko'"):
        say("not_there", "ko")
    with pytest.raises(MessageError, match="'seen_of' in language 'en'.*total"):
        say("seen_of", visible=1)


def test_numbers_choose_the_plural_and_have_no_separators() -> None:
    assert say("over_frames", frames=1) == "Means over 1 frame; actions are counted."
    assert say("over_frames", frames=1200) == "Means over 1200 frames; actions are counted."
    assert words_in("ko")("seen_of", visible=12, total=1024) == "1024개 중 12개"


NOUNS = re.compile(r'(?:COUNT|RANGE)\(\$\w+, "[^"/]*/([^"]+)"\)|\*\[other\] (?:, |from )*(\w+)')
ALSO = {"runs", "errors", "clients", "answers", "warnings", "questions", "packages", "sources"}
"""Plurals that no message chooses between."""


def plurals() -> set[str]:
    """Every plural that some message of the catalogue chooses."""
    found = set(ALSO)
    for path in catalogue_files("en"):
        for several, one in NOUNS.findall(path.read_text(encoding="utf-8")):
            found |= {word for word in (several or one).split() if word.endswith("s")}
    return found - {"is", "was", "has", "its", "as", "this", "times"}


def wrong_plurals(text: str, known: set[str]) -> list[str]:
    """Such as "1 frames", "1 whole frames" and "positions 1" in a text whose counts are all 1."""
    found = re.findall(r"\b(positions|layers) 1(?![\d-]| to |\.\d)", text)
    for first, second in re.findall(r"(?<![\d.])\b1 (?!of |over )([a-z-]+)(?: ([a-z]+))?", text):
        is_noun = f"{first}s" in known
        found += [word for word in (first, "" if is_noun else second) if word in known]
    return found


def test_one_thing_is_not_told_as_several() -> None:
    known = plurals()
    assert len(known) > 30, "the plurals were not found in the catalogue"
    for key, message in ENGLISH.items():
        values = {name: "path" if name == "style" else 1 for name in placeholders(message)}
        text = say(key, "en", **values)
        assert wrong_plurals(text, known) == [], f"{key}: {text}"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Over 1 frames.", ["frames"]),
        ("In 1 of 1 cells: 1.", ["cells"]),
        ("1 independent frames are too few", ["frames"]),
        ("at positions 1, in call 1", ["positions"]),
        ("In 1 of 1 cell, over 1 frame at position 1.", []),
        ("1 of cases; positions 1 to 3; layers 1-4", []),
    ],
)
def test_a_wrong_plural_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_plurals(text, plurals()) == wrong


def test_korean_counts_have_a_counter() -> None:
    """Korean nouns have no plural; a count stands with its counter, and 들 is not put to it."""
    for key in KOREAN:
        text = say(key, "ko", **dict.fromkeys(placeholders(KOREAN[key]), 1))
        assert not re.search(r"\b1 ?(개|건|행|회|번|쌍)?들", text), f"{key}: {text}"


NOTED = tuple(
    cause
    for cause, about in CAUSES.items()
    if set(about.rungs) & set(LOWER_RUNGS) and cause not in ("dropped", "gated", "drowned")
)
"""What structure alone finds on the lower rungs; the trail alone finds the three."""
UNITS = ("steps", "instructions")
"""Of the words before a policy."""
FAMILIES: dict[str, tuple[str, ...]] = {
    "cause_": get_args(Cause),
    "cause_name_": get_args(Cause),
    "fix_": get_args(Cause),
    "rung_": get_args(RungName),
    "lost_": get_args(RungName),
    "note_": NOTED,
    "region_": (*REGION_ORDER, UNDECLARED),
    "region_short_": (*REGION_ORDER, UNDECLARED),
    "needed_target_": get_args(Target),
    "summary_figure_": FIGURES,
    "finding_name_": get_args(FindingCode),
    "score_reading_": READINGS,
    "score_rule_": tuple(rule for rule in get_args(Rule) if rule != "heedmap"),
    "scoreboard_named_": get_args(Problem),
    "words_found_": tuple(CODES),
    "words_fix_": tuple(CODES),
    "words_severity_": SEVERITIES,
    "words_role_": get_args(Role),
    "words_kind_": get_args(Kind),
    "words_": get_args(Beside),
    "tap_found_": tuple(FINDINGS),
    "tap_fix_": tuple(FINDINGS),
    "tap_grade_": get_args(Grade),
    "tap_shadow_": REFUSALS,
    "driving_condition_": CONDITIONS,
    "driving_phase_": PHASES,
    "driving_missing_": MISSING,
    "delivered_": get_args(DeliveredCause),
    "fix_delivered_": get_args(DeliveredCause),
    "delivered_in_": UNITS,
    "delivered_holds_": UNITS,
    "delivered_not_compared_": UNITS,
    "exam_kind_": KINDS,
    "exam_should_": get_args(Purpose),
    "exam_policy_": tuple(SEVERITY),
    "exam_short_": get_args(KindVerdict),
    "exam_found_": tuple(v for v in get_args(KindVerdict) if v != "not_measured"),
    "exam_missing_": get_args(Missing),
    "remedy_cell_": CELLS,
    "remedy_short_": CELLS,
    "remedy_missing_": get_args(NotMeasured),
    "remedy_name_": REMEDIES,
    "remedy_form_": tuple(FORMS),
    "remedy_null_": get_args(NullBranch),
    "remedy_outcome_": get_args(Outcome),
}
"""Keys that are put together from a prefix and one of a closed list."""
BUILT_FROM_PARTS = re.compile(
    r"(live_show|column|rule_says|rule|define|defined)_\w+|\w+_(title|alt|note)|layers_of_policy_\w+"
    r"|cause_\w+_by_exchange|(cause|fix)_\w+_(by_trail|by_configuration|by_frame|too_small|as_encoded|outside|undecided)|fix_(tied|not_identified_nowhere)"
)
"""By kind of figure, word or judgement; which of them exist is tested where they are shown."""


def _strings(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def said_in_source() -> set[str]:
    """Keys that stand as they are behind `say`, `words`, `phrase` or `texts`."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if name in ("say", "words", "phrase", "texts") and isinstance(first, ast.Constant):
                found.add(str(first.value))
    for path in SOURCE.rglob("*.j2"):
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r"(?:say|labelled|in_both)\(\"(\w+)\"[,)]", text))
    return found


def test_every_key_that_is_said_exists() -> None:
    said = said_in_source()
    assert len(said) > 100, "the keys were not found in the source"
    assert said <= set(ENGLISH)
    built = {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names}
    assert built <= set(ENGLISH)
    assert {
        name for table in RUNG_TABLES for name in (*table.columns, table.title, table.note)
    } <= (set(ENGLISH))


def test_every_message_is_used() -> None:
    strings = {
        text
        for path in SOURCE.rglob("*.py")
        for text in _strings(ast.parse(path.read_text(encoding="utf-8")))
    }
    for path in SOURCE.rglob("*.j2"):
        strings.update(re.findall(r"[\"']([a-z_]+)[\"']", path.read_text(encoding="utf-8")))
    built = {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names}
    for key in ENGLISH:
        assert key in strings | built or BUILT_FROM_PARTS.fullmatch(key), key


DOUBTFUL = re.compile(
    r"\((?:은|는|이|가|을|를|과|와|으|로|으로)\)|[가-힣]\([가-힣]\)|(?:은/는|이/가|을/를|과/와|와/과|으로/로)"
)
"""A particle of which the reader has to choose one half."""
CHOSEN = re.compile(r'\{:[^}]*\}|JOSA\([^)]*\)|with_particle\([^)]*\)|JOSA\(\$name, "은/는"\)')
"""Where the catalogue chooses it."""
SUFFIXES = (".py", ".ftl", ".po", ".j2", ".js", ".yaml")
LOOSE = re.compile(r"\}(은|는|이|가|을|를|과|와|으로|로|이나|나)(?=[\s.,:;)]|$)")
"""A particle behind a value whose ending nobody looked at."""


def doubtful(text: str) -> list[str]:
    return DOUBTFUL.findall(CHOSEN.sub("", text))


def test_no_particle_is_left_to_the_reader() -> None:
    paths = [p for p in SOURCE.rglob("*") if p.suffix in SUFFIXES]
    assert len(paths) > 200
    for path in paths:
        if path.name not in ("particles.py", "counterfactuals.yaml"):  # these hold the pairs
            assert not doubtful(path.read_text(encoding="utf-8")), path
    for path in catalogue_files("ko"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not LOOSE.search(line.replace(" }", "}")), f"{path.name}:{number}: {line}"


@pytest.mark.parametrize(
    ("text", "is_doubtful"),
    [
        ("{ $name }을(를) 따릅니다", True),
        ("'{ $name }'(를) 따릅니다", True),
        ("{ $name }(으)로 갑니다", True),
        ("프레임은/는 같습니다", True),
        ('{ JOSA($name, "을/를") } 따릅니다', False),
        ("지시문을 따릅니다(액션)", False),
    ],
)
def test_a_particle_that_is_left_to_the_reader_is_found(text: str, is_doubtful: bool) -> None:
    assert bool(doubtful(text)) is is_doubtful


LATIN = {"attended_ivar", "obeyed_grounding", "axis_points", "points", "no_trials", "driving_rate"}
INTERVALS = {"difference_interval", "driving_interval", "from_to", "interval", "share_counted"}
"""Messages of signs, figures and abbreviations alone."""


def test_every_korean_message_has_korean_in_it() -> None:
    bare = {
        key
        for key in KOREAN
        if not re.search("[가-힣]", _text(key, "ko")) and re.search("[A-Za-z]{2}", _text(key, "en"))
    }
    assert bare == LATIN | INTERVALS


SAYING = ("Text", "add_column", "echo", "print", "print_line", "rule", "track", "warn", "warning")
SAYING += ("add_task", "advance", "on_progress", "plain_table", "Table", "page_of")
"""What puts words on the terminal, into a log, or on a page of one sentence."""
TITLES = ("title", "caption", "description", "label")
WORDS = re.compile(r"[a-z]{3,}(?: |$)|(?:^| )[a-z]{3,}")


def past_the_catalogue(code: str) -> list[str]:
    """English given straight to the terminal."""
    calls = (
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYING
    )
    return [
        text
        for call in calls
        for argument in (*call.args, *(k.value for k in call.keywords if k.arg in TITLES))
        for part in (argument.values if isinstance(argument, ast.JoinedStr) else [argument])
        if isinstance(part, ast.Constant) and isinstance(text := part.value, str)
        if WORDS.search(text) and not (text.endswith(":N") or text.startswith("text/"))
    ]


def test_the_terminal_says_nothing_past_the_catalogue() -> None:
    found = {
        f"{path.name}: {text}"
        for path in SOURCE.rglob("*.py")
        if path.name != "train.py"  # speaks to whoever trains what is shipped
        for text in past_the_catalogue(path.read_text(encoding="utf-8"))
    }
    assert found == set()
    assert past_the_catalogue("out.print(Text('Nothing was found.'))") == ["Nothing was found."]
    assert past_the_catalogue("warn(f'{n} were left out', stacklevel=2)") == [" were left out"]
    assert past_the_catalogue("Table(title='Words by frame')") == ["Words by frame"]
    assert past_the_catalogue("out.print(say('found'))") == []


CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<(style|script)>.*?</\1>", re.DOTALL)
TAGS = re.compile(r"<[^>]*>|[a-z-]+=\"[^\"]*\"", re.DOTALL)
NAMES = {"heedmap", "English"}


def words_of_template(text: str) -> set[str]:
    """Words between the tags, which would be the same in both languages."""
    return set(re.findall(r"[A-Za-z]{2,}", TAGS.sub(" ", CODE.sub("", text)))) - NAMES


def test_a_page_says_nothing_past_the_catalogue() -> None:
    paths = list(SOURCE.rglob("*.j2"))
    assert len(paths) > 10
    found = {f"{p.name}: {w}" for p in paths for w in words_of_template(p.read_text("utf-8"))}
    assert found == set()
    assert words_of_template("<p>{{ say('x') }} Nothing found</p>") == {"Nothing", "found"}


def test_a_missing_message_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the tests above compare, with one message less in Korean."""
    import heedmap.ladder.messages as module

    korean = "\n".join(p.read_text("utf-8") for p in catalogue_files("ko"))
    less = re.sub(r"^layer = .*\n", "", korean, flags=re.MULTILINE)
    assert less != korean
    place = tmp_path / "less.ftl"
    place.write_text(less, "utf-8")
    monkeypatch.setattr("tests.ladder.test_messages.catalogue_files", lambda _: [place])
    assert set(ENGLISH) - set(by_key("ko")) == {"layer"}
    monkeypatch.setattr(module, "catalogue_files", lambda _: [place])
    module._sources.cache_clear()
    try:
        with pytest.raises(MessageError, match="no message 'layer' in language 'ko'"):
            say("layer", "ko")
    finally:
        module._sources.cache_clear()


def test_the_catalogues_need_no_torch() -> None:
    code = (
        "import sys; from heedmap.ladder.messages import say; say('layer'); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
