"""Markdown tells the page's story, and whatever stands in a name comes out as text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.record.record import Instruction
from heedmap.record.result import Result
from heedmap.report.markdown import to_markdown
from heedmap.report.untrusted import markdown_code, markdown_text
from heedmap.report.wording import ABSENT
from heedmap.visible import one_line
from tests.report import sample

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
LIVE = {"html_inline", "html_block", "link_open", "image", "softbreak", "hardbreak", "fence"}
TRICKS = [
    "a|b",
    r"a\|b",
    "tail\\",
    "``x`",
    "`",
    "line\n# one\r\n\u2028| two |",
    "<script>alert(1)</script>",
    "<!-- --> &lt;b&gt; &#60;",
    "![x](javascript:alert(1)) [y](http://z) <http://q>",
    "@octocat #12 www.x.org https://x.org a@b.cd :smile: $x$ ~~s~~ **b** _i_",
    "exp\u202egpj.exe\u2066x",
    "\x1b[31mred\x07\x00",
    "한국어 שלום العربية",
    "\ud800",
    "   ",
]
HOSTILE = st.one_of(
    st.sampled_from(TRICKS),
    st.text(st.one_of(st.sampled_from("|\\`<>[]()!*_#@&;:~-\n\r\t \u202e"), st.characters())),
)


def inline(tokens: list[Token]) -> list[Token]:
    """All tokens, those inside of others too."""
    found: list[Token] = []
    for token in tokens:
        found += [token, *inline(token.children or [])]
    return found


def rows_of(tokens: list[Token]) -> list[list[Token]]:
    """The cells of every table row, row by row."""
    rows: list[list[Token]] = []
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(tokens[index + 1])
    return rows


def shown(cell: Token) -> str:
    return "".join(child.content for child in cell.children or [])


def tell(name: str, text: str, label: str, action: str) -> Result:
    """One policy of one case, with texts of the caller's in every place that takes any."""
    case = sample.monavla_case("left")
    told = case.model_copy(
        update={"instruction": label, "action": case.action.model_copy(update={"name": action})}
    )
    shares = {"image": [[1.0]], "text": [[0.0]], "undeclared": [[0.0]]}
    measured = {"image": [[1.0]], "action": [[0.0]], "padding": [[0.0]]}
    built = sample.result(
        [sample.policy(name, [told], layers=1, heads=1)],
        [
            sample.table(name, told, "declared", shares),
            sample.table(name, told, "measured", measured),
        ],
        frames=("case",),
    )
    asked = Instruction(name=label, text=text, expected_action=action)
    record = built.record.model_copy(update={"instructions": (asked,)})
    return Result(record, {"attention": built.attention}, built.frame_png)


@settings(max_examples=150, deadline=None)
@given(HOSTILE, st.sampled_from(["en", "ko"]))
def test_whatever_a_name_holds_it_shows_as_text(name: str, language: Language) -> None:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in name):
        name = name.encode("utf-8", "replace").decode()  # Arrow takes no half characters
    text = to_markdown(tell(f"p{name}", name, f"i{name}", f"a{name}"), language)
    text.encode()
    tokens = PARSER.parse(text)
    every = inline(tokens)
    assert not LIVE & {token.type for token in every}
    rows = rows_of(tokens)
    assert [len(row) for row in rows] == [10, 10, 10, 10]  # ladder, summary: a head, a policy
    assert shown(rows[1][0]) == shown(rows[3][0]) == expected(f"p{name}")
    assert shown(rows[3][1]) == expected(f"i{name}")
    assert sum(token.type == "list_item_open" for token in every) == 2  # instruction, fix
    assert sum(token.type == "heading_open" for token in every) == 4


def expected(text: str) -> str:
    """What is shown of a name: a backslash that stands before a bar is kept apart from it."""
    return one_line(text).replace("\\|", "\\ |")


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_prose_with_names_in_it_shows_as_text(text: str) -> None:
    source = f"| head |\n| --- |\n| Lost at {markdown_text(text)}. |\n"
    tokens = PARSER.parse(source)
    assert not LIVE & {token.type for token in inline(tokens)}
    rows = rows_of(tokens)
    assert [len(row) for row in rows] == [1, 1]
    (cell,) = rows[1]
    assert {child.type for child in cell.children or []} <= {"text", "text_special"}
    joiner = "\N{WORD JOINER}"
    assert shown(cell).replace(joiner, "") == f"Lost at {one_line(text)}.".replace(joiner, "")


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\u200f", "\u200b", "\x1b", "\x00", "\n"])
def test_marks_of_direction_and_controls_are_gone(trick: str) -> None:
    assert trick not in one_line(f"a{trick}b")


def test_a_text_from_the_right_does_not_turn_its_neighbours() -> None:
    assert one_line("שלום") == "\N{FIRST STRONG ISOLATE}שלום\N{POP DIRECTIONAL ISOLATE}"
    assert one_line("왼쪽") == "왼쪽"


def test_mentions_and_links_are_dead_outside_of_code() -> None:
    told = markdown_text("@octocat https://x.org www.x.org a@b.cd")
    assert not any(live in told for live in ("@octo", "://", "www.", "@b"))


def test_code_spans_are_closed_by_their_own_fence() -> None:
    assert markdown_code("plain") == "`plain`"
    assert markdown_code("a``b") == "```a``b```"
    assert markdown_code("`a`") == "`` `a` ``"
    assert markdown_code("a|b") == r"`a\|b`"


@pytest.mark.parametrize(
    ("language", "cause", "lost", "fix"),
    [
        (
            "en",
            "length leak",
            "**Fails step 2: instruction missing from the sequence or misplaced.**",
            "Insert the image embeddings",
        ),
        (
            "ko",
            "길이 누출",
            "**2단계 실패: 시퀀스에 지시문이 없거나 위치가 잘못됨.**",
            "이미지 임베딩을",
        ),
    ],
)
def test_the_story_of_the_first_screen_is_told(
    report_result: Result, language: Language, cause: str, lost: str, fix: str
) -> None:
    text = to_markdown(report_result, language)
    lines = text.splitlines()
    name = "`exp41b_resume_exp40_pta@monavla`"
    (row,) = (line for line in lines if line.startswith(f"| {name} | ✓"))
    assert row.startswith(
        f"| {name} | ✓ | ✗ | {ABSENT} | {ABSENT} | {ABSENT} | {ABSENT} | {cause} | {lost} "
    )
    assert f"- {name}: {fix}" in text
    assert "- `left`: `navigate to the left`" in text
    assert (
        text.index(lost)
        < text.index(fix)
        < text.index(f"| {say('model', language)} | {say('instruction', language)} | text_len |")
    )


def test_declared_stands_beside_measured_and_the_action(report_result: Result) -> None:
    summary = to_markdown(report_result).split("text_len")[1]
    rows = [line.strip("| ").split(" | ") for line in summary.splitlines()]
    lost, sound = (
        [row for row in rows if row[0] == f"`{policy.name}`"]
        for policy in report_result.record.policies
    )
    assert [row[1:3] for row in sound] == [["`left`", "12"], ["`right`", "12"], ["`forward`", "11"]]
    assert all(row[8].endswith("%") for row in sound)  # measured instruction
    assert sound[0][9] == "`left` ✓"
    assert [row[8] for row in lost] == [ABSENT] * 3  # no position: not 0 %
    assert lost[1][9] == "`left` ✗"


def test_actions_are_counted_over_frames() -> None:
    text = to_markdown(sample.realistic(layers=1, names=("a", "b"), frames=("f1", "f2", "f3")))
    assert "| `left` ✗ 3/3 |" in text
    assert "Means over 3 frames" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_record_whose_details_are_text_is_reported_as_it_is(language: Language) -> None:
    result = Result.load(Path(__file__).parents[1] / "fixtures" / "record-v2")
    stored = result.record.policies[0].verdict.details
    assert isinstance(stored, dict)
    text = to_markdown(result, language)
    assert stored["mediated"] in text
    assert stored["rate"] in text
