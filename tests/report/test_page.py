"""The page: self-contained, escaped, in both languages, written whole or not at all."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from heedmap.errors import RecordError
from heedmap.ladder.messages import LANGUAGES as BOTH
from heedmap.ladder.messages import Language, say
from heedmap.ladder.wording import verdict_text
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.figures.style import spec_of, to_svg
from heedmap.report.page import background, data_tables
from heedmap.report.page.bilingual import Bilingual
from heedmap.report.page.drawings import page_svg
from heedmap.report.page.environment import css_text
from heedmap.report.page.groups import groups_of, summary_of
from heedmap.report.page.render import render_html, write_html
from heedmap.report.page.story import story_rows
from heedmap.report.published_rule import published_rule, rule_text
from heedmap.report.verdict_words import headline
from tests.report import sample
from tests.report.conftest import BYPASSED, HEEDS, OVERWRITTEN
from tests.report.strict_html import StrictHtml as Page

MIB = 2**20


@pytest.fixture(scope="module")
def page(audited: Result) -> str:
    return render_html(audited)


@pytest.fixture(scope="module")
def parsed(page: str) -> Page:
    return Page(page)


def test_a_label_in_the_style_sheet_ends_nothing() -> None:
    hostile = '"; } </style><script>alert(1)</script>\\\n'
    written = css_text(hostile)
    assert not set('"<>;{}()/\n') & set(written[1:-1])
    codes = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), written[1:-1])
    assert codes == hostile
    assert css_text("이미지 a-b") == '"이미지 a-b"'


def test_the_page_is_well_formed_and_small(page: str, parsed: Page) -> None:
    assert parsed.open == []
    assert len(page.encode()) < 3 * MIB


def test_both_languages_are_on_it_and_one_is_shown_first(audited: Result, parsed: Page) -> None:
    text = "".join(parsed.text)
    for language in BOTH:
        for key in ("report_title", "method_text", "caution_low", "accuracy_note", "defined_share"):
            assert say(key, language) in text, key
        for policy in audited.record.policies:
            assert verdict_text(policy.verdict, language)[0] in text
    assert _languages(parsed) == ("en", "en")
    korean = Page(render_html(audited, "ko"))
    assert _languages(korean) == ("ko", "ko")


def _languages(page: Page) -> tuple[str | None, str | None]:
    (root,) = [attributes for tag, attributes in page.elements if tag == "html"]
    return root["lang"], root["data-language"]


def test_nothing_is_fetched_and_nothing_of_the_users_runs(page: str, parsed: Page) -> None:
    for tag, attributes in parsed.elements:
        assert tag not in ("link", "iframe", "object", "embed"), tag
        for name, value in attributes.items():
            if not name.startswith("xmlns"):
                assert not name.startswith("on"), name
                assert "//" not in (value or "") or (value or "").startswith("data:"), name
    assert [tag for tag, _ in parsed.elements].count("script") == 1
    without_namespaces = re.sub(r'\bxmlns(:\w+)?="[^"]*"', "", page)
    assert not re.findall(r"https?://", without_namespaces)
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page), "only clips inside of a drawing"


def test_the_story_comes_first(page: str) -> None:
    places = [page.index(f'id="{name}"') for name in ("ladder", "explorer", "tables", "background")]
    assert places == sorted(places)
    assert page.index('class="headline"') < places[0]


def test_headlines_say_where_the_instruction_was_lost(audited: Result) -> None:
    said = {p.name: headline(p.verdict).text("en") for p in audited.record.policies}
    assert said == {
        HEEDS: "Follows the instruction",
        OVERWRITTEN: "Fails step 2: instruction missing from the sequence or misplaced",
        BYPASSED: "Follows it via a bypass path",
    }


def test_the_published_rule_is_judged_by_the_ladder(audited: Result) -> None:
    judged = {p.name: published_rule(audited, p) for p in audited.record.policies}
    assert {name: (rule.says, rule.judged) for name, rule in judged.items()} == {
        HEEDS: ("reads", "right"),
        OVERWRITTEN: ("ignores", "unfounded"),
        BYPASSED: ("ignores", "wrong"),
    }
    says, why = rule_text(judged[OVERWRITTEN], audited.record.policies[1])
    assert says == "Text gets 0 %: “ignores it”"
    assert why.startswith(
        "The share was read at positions 64-75 (all padding), where the words never arrive"
    )


def test_the_rule_says_nothing_where_no_text_was_declared(audited: Result) -> None:
    policy = audited.record.policies[0]
    cases = tuple(
        c.model_copy(update={"layouts": {"measured": c.layouts["measured"]}}) for c in policy.cases
    )
    bare = policy.model_copy(update={"cases": cases})
    record = audited.record.model_copy(update={"policies": (bare,)})
    rule = published_rule(Result(record, {"attention": audited.attention}, audited.frame_png), bare)
    assert (rule.says, rule.judged) == ("nothing", "open")


def test_figures_of_the_tables_are_those_of_the_record() -> None:
    case = sample.monavla_case("left")
    shares = {"image": [[0.124], [0.456]], "text": [[0.0], [0.0]]}
    rest = [[0.876], [0.544]]
    tables = [
        sample.table("m", case, "declared", {**shares, "undeclared": rest}),
        sample.table(
            "m",
            case,
            "measured",
            {"image": shares["image"], "action": rest, "padding": shares["text"]},
        ),
    ]
    built = sample.result([sample.policy("m", [case], layers=2, heads=1)], tables)
    summary, layers = data_tables.summary_table(built), data_tables.layers_table(built)
    # last layer 45.6 %; mean over layers (0.124 + 0.456) / 2 = 29.0 %; text 0.0 % of no region
    (row,) = summary.rows
    assert [cell.text for cell in row[4:8]] == ["45.6%", "0.0%", "29.0%", "0.0%"]
    assert [cell.differs for cell in row[4:8]] == [False, True, False, True]
    assert row[3].text == Bilingual("12 of 64", "64개 중 12개")
    assert [cell.text for cell in layers.rows[0]][2:5] == ["0", "12.4%", "0.0%"]
    for table in (summary, layers):
        assert len(table.columns) == len(table.rows[0])
    # under the measured regions: image, and padding and action together
    assert [cell.text for cell in row[8:]] == ["45.6%", "54.4%", "29.0%", "71.0%"]
    (total,) = [i for i, c in enumerate(layers.columns) if c.label == Bilingual("Sum", "합계")]
    assert layers.rows[0][total].text == "100.0%"


def test_many_frames_are_averaged_by_layer_and_said_to_be() -> None:
    frames = [f"f{n}" for n in range(40)]
    built = sample.realistic(layers=8, frames=frames)
    table = data_tables.layers_table(built)
    assert len(table.rows) == 2 * 3 * 8
    assert table.note is not None
    assert "40 frames" in table.note.en
    few = data_tables.layers_table(sample.realistic(layers=8, frames=frames[:2]))
    assert len(few.rows) == 2 * 2 * 3 * 8
    assert few.note is None


def test_a_summary_of_many_frames_is_over_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frames under 12 and 11 tokens, 40 % and 60 % on the image: 50 %, and both counts."""
    monkeypatch.setattr(data_tables, "MOST_ROWS", 1)
    cases = [
        sample.monavla_case("left", "a"),
        sample.monavla_case("left", "b", text_len=11),
    ]
    kinds: list[tuple[LayoutKind, str, str]] = [
        ("declared", "undeclared", "text"),
        ("measured", "action", "padding"),
    ]
    tables = [
        sample.table("m", case, kind, {"image": [[share]], rest: [[1 - share]], none: [[0.0]]})
        for case, share in zip(cases, (0.4, 0.6), strict=True)
        for kind, rest, none in kinds
    ]
    policy = sample.policy("m", cases, layers=1, heads=1)
    table = data_tables.summary_table(sample.result([policy], tables, frames=("a", "b")))
    (row,) = table.rows
    assert [cell.text for cell in row[:2]] == ["m", "left"]
    assert row[2].text == Bilingual("11-12", "11-12")
    assert row[4].text == "50.0%"
    assert table.note is not None
    assert "Means over 2 frames" in table.note.en


def test_names_are_escaped_everywhere() -> None:
    hostile = "<script>alert(1)</script>\"'&<img src=x onerror=y>\u202e😀"
    built = sample.realistic(layers=2, names=(hostile, "b"))
    instructions = tuple(
        i.model_copy(update={"text": f"{hostile}{i.text}"}) for i in built.record.instructions
    )
    run = built.record.run.model_copy(update={"arguments": {"name": hostile}})
    record = built.record.model_copy(update={"instructions": instructions, "run": run})
    html = render_html(Result(record, {"attention": built.attention}, built.frame_png))
    found = Page(html)
    assert [tag for tag, _ in found.elements].count("script") == 1
    sources = [a["src"] for tag, a in found.elements if tag == "img"]
    assert all((source or "").startswith("data:image/png;base64,") for source in sources)
    assert "&lt;script&gt;" in html
    assert "alert(1)" in "".join(found.text)
    assert html.count("<bdi>") == html.count("</bdi>") > 0, "names do not turn their neighbours"


def test_what_was_not_measured_is_said(report_result: Result) -> None:
    without = sample.without_token_counts(report_result)
    counted = [row[2].text for row in data_tables.summary_table(without).rows]
    assert counted == [Bilingual("not measured", "측정하지 않음")] * 6


def test_drawings_carry_both_languages_and_no_roles(audited: Result) -> None:
    from heedmap.report.figures.kinds import figure_of

    spec = spec_of(figure_of(audited, "shares", HEEDS).chart)
    svg = str(page_svg(to_svg(spec), {"Layer": "레이어"}, "one"))
    assert '<tspan class="en">Layer</tspan><tspan class="ko">레이어</tspan>' in svg
    assert "aria-roledescription" not in svg
    assert "graphics-symbol" not in svg
    assert svg.count('data-tip="layer') + svg.count('data-tip="Layer') > 0


def test_names_inside_drawings_are_unique_and_found(page: str) -> None:
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(names)


def test_data_is_inside_where_small_and_beside_where_not(
    audited: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {file.name: file.href for file in background.data_files(audited)}
    assert set(files) == {
        "record.json",
        "attention.parquet",
        "positions.parquet",
        "word_image.parquet",
        "trials.parquet",
        "trail.parquet",
    }
    inside = base64.b64decode(files["attention.parquet"].partition(",")[2])
    assert pq.read_table(io.BytesIO(inside)).equals(audited.attention)
    monkeypatch.setattr(background, "MOST_BYTES_INSIDE", 10)
    assert {f.name: f.href for f in background.data_files(audited)} == {n: n for n in files}


def test_the_record_inside_is_the_record(audited: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST_BYTES_INSIDE", 10**9)
    (href,) = [f.href for f in background.data_files(audited) if f.name == "record.json"]
    content = json.loads(base64.b64decode(href.partition(",")[2]))
    assert Record.model_validate(content) == audited.record


def test_how_to_run_it_again(audited: Result) -> None:
    code = background.how_to_run_again(audited.record)
    assert ">>> heedmap.audit(" in code
    run = audited.record.run.model_copy(update={"arguments": {"command_line": "heedmap demo"}})
    record = audited.record.model_copy(update={"run": run})
    assert background.how_to_run_again(record).endswith("\nheedmap demo")


def test_the_page_is_written_whole(report_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("older")
    write_html(report_result, path, "ko")
    assert path.read_text(encoding="utf-8") == render_html(report_result, "ko")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_leaves_nothing(
    report_result: Result, tmp_path: Path
) -> None:
    with pytest.raises(RecordError, match="cannot be written"):
        write_html(report_result, tmp_path / "no" / "report.html")
    (tmp_path / "taken").mkdir()
    with pytest.raises(RecordError, match="cannot be written"):
        write_html(report_result, tmp_path / "taken")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
    assert list((tmp_path / "taken").iterdir()) == []


LANGUAGES: tuple[Language, Language] = ("en", "ko")


def test_an_older_record_has_its_page(report_result: Result) -> None:
    """Without positions, trials or words: fewer figures, nothing made up."""
    for language in LANGUAGES:
        html = render_html(report_result, language)
        assert Page(html).open == []
        assert 'class="drawing shares"' in html
        assert 'class="drawing sequence"' not in html


def test_a_title_and_a_link_back(report_result: Result) -> None:
    html = render_html(report_result, title="Ours <1>", back_url="https://example.org/?a=1&b=2")
    found = Page(html)
    assert "<h1>Ours &lt;1&gt;</h1>" in html
    assert ("a", {"href": "https://example.org/?a=1&b=2"}) in found.elements


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "java\tscript:x"]
)
def test_a_link_back_runs_nothing(report_result: Result, url: str) -> None:
    with pytest.raises(RecordError, match="--back-url"):
        render_html(report_result, back_url=url)


def test_policies_of_equal_diagnosis_stand_together(audited: Result) -> None:
    """Those that lose their instruction first; what all say is said once."""
    rows = story_rows(audited)
    again = rows[1].policy.model_copy(update={"name": "again"})
    rows.append(replace(rows[1], policy=again))
    groups = groups_of(rows)
    assert [[row.policy.name for row in group.rows] for group in groups] == [
        [OVERWRITTEN, "again"],
        [HEEDS],
        [BYPASSED],
    ]
    assert groups[0].why == rows[1].cause
    assert summary_of(rows)[0] == Bilingual(
        "2 of 4 policies follow their instruction.", "정책 4개 중 2개가 지시문을 따릅니다."
    )
