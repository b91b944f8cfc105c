"""In a notebook results show themselves, and give tables that pandas and DuckDB take."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import nbclient
import nbformat
import pyarrow as pa
import pytest
from IPython.core.formatters import DisplayFormatter
from playwright.sync_api import Browser

from heedmap.auditing.api import audit
from heedmap.errors import RecordError
from heedmap.record.case_table import CASES_SCHEMA, SHARES_SCHEMA
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.record.shown import Shown
from heedmap.record.tables import SCHEMAS, LayoutKind
from heedmap.report.notebook import explore, to_html
from heedmap.report.tables import summary_rows
from heedmap.report.wording import ABSENT
from heedmap.testbed.specimens.world import FrameCase
from tests.conftest import random_policy
from tests.report import sample
from tests.report.strict_html import StrictHtml as Fragment

OLDER = Path(__file__).parents[1] / "fixtures" / "record-v2"


@pytest.fixture(scope="module")
def audited(case: FrameCase) -> Result:
    """A real audit of two random networks."""
    return audit(
        [random_policy("monavla"), random_policy("sound")],
        {"hall": case.frame},
        case.instructions,
        expected_actions={name: name for name in case.instructions},
        declared="image=0:64,text=64:+len",
        until="cut",
    )


def drawn(thing: Result | Record) -> str:
    """What IPython would send to the notebook."""
    formats, _ = DisplayFormatter().format(thing)
    return formats["text/html"]


def test_ipython_draws_a_result_and_its_record(audited: Result) -> None:
    html = drawn(audited)
    read = Fragment(html)
    assert read.open == []
    text = " ".join("".join(read.text).split())
    assert "Fails step 2: instruction missing from the sequence or misplaced." in text
    assert "Insert the image embeddings" in text
    assert text.count("✓") + text.count("✗") + text.count(ABSENT) >= 2 * 6
    (image,) = (attributes for tag, attributes in read.elements if tag == "img")
    assert (image["src"] or "").startswith("data:image/png;base64,")
    assert "<img" not in drawn(audited.record)
    assert "Fails step 2: instruction missing from the sequence or misplaced." in drawn(
        audited.record
    )


def test_only_inline_styles_and_the_notebooks_own_colours(audited: Result) -> None:
    read = Fragment(drawn(audited))
    assert not {"style", "script", "link", "iframe"} & {tag for tag, _ in read.elements}
    for _, attributes in read.elements:
        assert not any(name.startswith("on") or name == "class" for name in attributes)
        style = attributes.get("style") or ""
        if "color:#" in re.sub(r"(background|border[\w-]*):[^;]*", "", style):
            assert "background:#" in style  # a colour of its own only on a ground of its own


def test_names_show_as_text() -> None:
    hostile = '<script>alert("x")</script>&\u202e'
    result = sample.realistic(layers=2, names=(hostile, "b"))
    for html in (drawn(result), drawn(result.record)):
        read = Fragment(html)
        assert "script" not in {tag for tag, _ in read.elements}
        assert '<script>alert("x")</script>&' in "".join(read.text)
        assert "\u202e" not in html


def test_older_records_and_single_policies_are_drawn() -> None:
    older = Result.load(OLDER)
    assert older.record.policies[0].name in "".join(Fragment(drawn(older)).text)


def test_nothing_else_is_drawn() -> None:
    with pytest.raises(TypeError, match="Results and records are shown"):
        to_html(Shown())


def test_the_report_is_loaded_only_when_something_is_shown() -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom heedmap.record.result import Result\n"
        f"result = Result.load(Path({str(OLDER)!r}))\n"
        "before = 'heedmap.report.notebook' in sys.modules\n"
        "html = result._repr_html_()\n"
        "print(before, html.startswith('<div'), 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.stdout.strip(), done.stderr) == ("False True False", "")


def test_cases_have_a_row_for_each_policy_frame_and_instruction(audited: Result) -> None:
    table = audited.table("cases")
    assert table.schema.names == [*CASES_SCHEMA.names, *SHARES_SCHEMA.names]
    assert audited.table().equals(table)
    assert audited.record.table().equals(table.select(CASES_SCHEMA.names))
    rows = table.to_pylist()
    assert [(row["policy"], row["instruction"]) for row in rows] == [
        (policy.name, case.instruction)
        for policy in audited.record.policies
        for case in policy.cases
    ]
    for row in rows:
        assert row["is_right"] == (row["action"] == row["expected"])
        assert (row["present"], row["cause"]) in (("fails", "length_leak"), ("holds", row["cause"]))


def test_shares_are_those_of_the_report_and_null_where_there_is_no_position(
    audited: Result,
) -> None:
    rows = {(row["policy"], row["instruction"]): row for row in audited.table().to_pylist()}
    kinds: list[tuple[LayoutKind, str]] = [("declared", "text"), ("measured", "instruction")]
    for kind, region in kinds:
        for row in summary_rows(audited, kind):
            mine = rows[row.policy, row.instruction]
            for scope, shares in (("last", row.last), ("mean", row.mean)):
                assert mine[f"{kind}_{scope}_image"] == pytest.approx(shares["image"])
                if region in shares:
                    assert mine[f"{kind}_{scope}_{region}"] == pytest.approx(shares[region])
                else:
                    assert mine[f"{kind}_{scope}_{region}"] is None
    lost = [row for (policy, _), row in rows.items() if policy == "random@monavla"]
    assert {row["measured_mean_instruction"] for row in lost} == {None}


def test_cameras_together_are_the_image() -> None:
    """Two cameras with 0.2 and 0.3 of the attention: the image has 0.5."""
    case = sample.sound_case("left")
    own = case.layouts["measured"].regions
    regions = {
        "image:a": own["image"][:32],
        "image:b": own["image"][32:],
        "special": own["special"],
    }
    layouts = {"measured": sample.layout(regions, case.visible_positions)}
    two = case.model_copy(update={"layouts": layouts})
    shares = {"image:a": [[0.2]], "image:b": [[0.3]], "special": [[0.5]]}
    policy = sample.policy("m", [case], layers=1, heads=1).model_copy(update={"cases": (two,)})
    result = sample.result([policy], [sample.table("m", two, "measured", shares)])
    (row,) = result.table().to_pylist()
    assert row["measured_last_image"] == pytest.approx(0.5)
    assert row["declared_last_image"] is None


def test_tables_go_to_pandas_and_duckdb(audited: Result) -> None:
    frame = audited.table("cases").to_pandas()
    assert list(frame["policy"].unique()) == ["random@monavla", "random@sound"]
    cases = audited.table("cases")
    assert cases.num_rows == 6
    connection = duckdb.connect()
    connection.register("cases", cases)
    counted = connection.execute("select policy, count(*) from cases group by 1 order by 1")
    assert counted.fetchall() == [("random@monavla", 3), ("random@sound", 3)]
    for name in SCHEMAS:
        assert audited.table(name).schema.equals(SCHEMAS[name])
        assert isinstance(audited.table(name), pa.Table)


def test_an_unknown_table_is_told_with_those_there_are(audited: Result) -> None:
    with pytest.raises(RecordError, match="no table 'heads'; it has cases, attention, positions"):
        audited.table("heads")


EXAMPLES = Path(__file__).parents[2] / "examples"
HOUSE = re.compile(r"heedmap\.[a-z_]+\.|from heedmap|import heedmap\.")


@pytest.mark.apart
def test_the_example_runs_by_itself_with_public_names_only() -> None:
    notebook = nbformat.read(EXAMPLES / "from_run_to_figure.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells), "outputs are not kept"
    assert not HOUSE.search("\n".join(cell.source for cell in notebook.cells))
    client = nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(EXAMPLES)}},
    )
    client.execute()
    shown = [output["data"] for c in notebook.cells for output in c.get("outputs", [])]
    assert sum("<iframe" in data.get("text/html", "") for data in shown) == 1
    (figure,) = (data["image/svg+xml"] for data in shown if "image/svg+xml" in data)
    assert "exp42_counterfactual_pta@sound" in figure


def test_the_shipped_run_is_whole_and_shows_three_outcomes() -> None:
    result = Result.load(EXAMPLES / "small-run")
    causes = [policy.verdict.cause for policy in result.record.policies]
    assert causes == ["none", "length_leak", "bypass"]
    assert sum(p.stat().st_size for p in (EXAMPLES / "small-run").rglob("*")) < 400_000


@pytest.mark.apart
def test_the_explorer_works_inside_a_frame(browser: Browser, report_result: Result) -> None:
    complaints: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_content(explore(report_result)._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("[data-pick=layer]").fill("1")
    assert frame.locator("#explorer output").inner_text() == "1"
    page.close()
    assert complaints == []
