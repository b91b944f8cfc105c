"""The page: self-contained, escaped, in both languages, written whole or not at all."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from heedmap.errors import RecordError
from heedmap.report.figures import share_curves
from heedmap.report.page.render import render_html, write_html
from heedmap.report.texts import TEXTS
from heedmap.result import Result
from heedmap.sentence import Language, policy_sentence
from tests.report import sample

VOID = {"meta", "img", "br", "wbr"}


class Page(HTMLParser):
    """Reads a page strictly: every element must be closed by its own end tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        # `li`, `p` and table parts may not be left open either: the template closes all.
        assert self.open.pop() == tag, f"unexpected </{tag}>"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module", params=["en", "ko"])
def language(request: pytest.FixtureRequest) -> Language:
    return request.param


@pytest.fixture(scope="module")
def page(report_result: Result, language: Language) -> str:
    return render_html(report_result, language)


def test_the_page_is_well_formed_and_in_its_language(page: str, language: Language) -> None:
    parsed = Page(page)
    assert parsed.open == []
    assert ("html", {"lang": language}) in parsed.elements
    text = "".join(parsed.text)
    for key in ("title", "method_text", "hypothesis_text", "caution_low", "run", "accuracy_note"):
        assert TEXTS[language][key] in text, key


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    parsed = Page(page)
    for tag, attributes in parsed.elements:
        assert tag not in ("script", "link", "iframe", "object"), tag
        for name, value in attributes.items():
            if name.startswith("xmlns"):
                continue
            assert not name.startswith("on"), name
            assert "//" not in (value or "") or (value or "").startswith("data:image/png;"), name
    without_namespaces = re.sub(r'\bxmlns(:\w+)?="[^"]*"', "", page)
    assert not re.findall(r"https?://", without_namespaces)
    assert "@import" not in page
    assert "url(" not in page


def test_sentences_are_in_the_pages_language(
    page: str, report_result: Result, language: Language
) -> None:
    text = "".join(Page(page).text)
    for policy in report_result.record.policies:
        assert policy_sentence(policy.facts, language) in text


def test_the_sections_stand_in_order(page: str, language: Language) -> None:
    keys = ("policies", "frames", "summary", "curves", "per_layer", "accuracy", "method", "run")
    places = [page.index(f"<h2>{TEXTS[language][key]}</h2>") for key in keys]
    assert places == sorted(places)


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
    html = render_html(sample.result([sample.policy("m", [case], layers=2, heads=1)], tables))
    # last layer 45.6 %; mean over layers (0.124 + 0.456) / 2 = 29.0 %; layer 0 12.4 %
    cells = re.findall(r'<td class="n[^"]*"[^>]*>([^<]*)</td>', html)
    assert cells[:5] == ["12", "45.6%", "0.0%", "29.0%", "0.0%"]
    assert "12 of 64" in cells
    assert "12.4%" in cells
    assert "100.0%" in cells


def test_names_are_escaped_everywhere() -> None:
    hostile = "<script>alert(1)</script>\"'&<img src=x onerror=y>"
    built = sample.realistic(layers=2, names=(hostile, "b"))
    instructions = tuple(
        i.model_copy(update={"text": f"{hostile}{i.text}"}) for i in built.record.instructions
    )
    run = built.record.run.model_copy(update={"arguments": {"name": hostile}})
    record = built.record.model_copy(update={"instructions": instructions, "run": run})
    html = render_html(Result(record, {"attention": built.attention}, built.frame_png))
    parsed = Page(html)
    assert "script" not in {tag for tag, _ in parsed.elements}
    assert [a["src"][:10] for tag, a in parsed.elements if tag == "img" and a["src"]] == [
        "data:image"
    ]
    assert "&lt;script&gt;" in html
    assert hostile in "".join(parsed.text)


def test_instruction_names_are_escaped_in_figures() -> None:
    built = sample.realistic(layers=2, names=("a", "b"))
    renamed = built.attention.to_pydict()
    renamed["instruction"] = [f"<b>{name}" for name in renamed["instruction"]]
    cases = tuple(
        case.model_copy(update={"instruction": f"<b>{case.instruction}"})
        for case in built.record.policies[0].cases
    )
    policy = built.record.policies[0].model_copy(update={"cases": cases})
    instructions = tuple(
        i.model_copy(update={"name": f"<b>{i.name}"}) for i in built.record.instructions
    )
    update = {"policies": (policy,), "instructions": instructions}
    attention = built.attention.from_pydict(renamed, schema=built.attention.schema)
    svg = share_curves(
        Result(built.record.model_copy(update=update), {"attention": attention}, built.frame_png),
        "a",
    )
    assert "<b>" not in svg
    assert "&lt;b&gt;left" in svg


def test_what_was_not_measured_is_said(report_result: Result) -> None:
    policies = [
        policy.model_copy(
            update={
                "cases": tuple(c.model_copy(update={"token_count": None}) for c in policy.cases)
            }
        )
        for policy in report_result.record.policies
    ]
    record = report_result.record.model_copy(update={"policies": tuple(policies)})
    html = render_html(
        Result(record, {"attention": report_result.attention}, report_result.frame_png)
    )
    assert html.count('<td class="n">not measured</td>') == 6
    assert '<td class="n">not measured</td>' not in render_html(report_result)


def test_the_figure_names_regions_and_missing_instructions(
    report_result: Result, language: Language
) -> None:
    overwritten, sound = report_result.record.policies
    note = TEXTS[language]["no_instruction"]
    assert note in share_curves(report_result, overwritten.name, language)
    assert note not in share_curves(report_result, sound.name, language)
    assert TEXTS[language]["share_axis"] in share_curves(report_result, sound.name, language)


def test_a_figure_of_an_unknown_policy_is_refused(report_result: Result) -> None:
    with pytest.raises(RecordError, match="no policy 'nobody'"):
        share_curves(report_result, "nobody")


def test_the_page_is_written_whole(report_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.ko.html"
    path.write_text("older")
    write_html(report_result, path, "ko")
    assert path.read_text(encoding="utf-8") == render_html(report_result, "ko")
    assert [file.name for file in tmp_path.iterdir()] == ["report.ko.html"]


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
