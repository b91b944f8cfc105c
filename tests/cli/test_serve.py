"""`heedmap serve`: read only, for this machine alone, and anew when there is something new."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from heedmap.cli.serve import CheckpointsView, ResultView
from heedmap.errors import RecordError
from heedmap.ladder.messages import say
from heedmap.record.result import Result
from heedmap.report.serving import hosts_of, server_of
from heedmap.sweep.store import RunFolder
from tests.cli.conftest import Cli
from tests.report.browsing import browser
from tests.report.sample import realistic
from tests.serving import served
from tests.sweep.runs import grid, ran

__all__ = ["browser"]


def ask(port: int, path: str, method: str = "GET", host: str | None = None) -> tuple[int, str, str]:
    """Status, content and content security policy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Host": host or f"127.0.0.1:{port}"}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        policy = answer.getheader("Content-Security-Policy") or ""
        return answer.status, answer.read().decode(), policy
    finally:
        connection.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    realistic(layers=2, names=("good", "<b>bad</b>")).save(tmp_path / "run")
    return tmp_path / "run"


def test_a_result_is_served_and_stays_as_it_is(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with served(ResultView(run, "ko")) as port:
        status, page, policy = ask(port, "/")
        assert status == 200
        assert '<html lang="ko"' in page
        assert 'id="live"' in page
        assert "default-src 'none'; script-src 'sha256-" in policy
        assert policy.count("sha256-") == page.count("<script>") == 2
        state = json.loads(ask(port, "/state")[1])
        assert state["said"] == {"en": "run", "ko": "run"}
        assert f'data-stamp="{state["stamp"]}"' in page
        assert ask(port, "/../record.json")[:2] == (404, "없는 페이지입니다.")
        assert ask(port, "/", host="evil.example")[:2] == (403, "이 컴퓨터에서만 볼 수 있습니다.")
        assert ask(port, "/", "POST")[0] == 501
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_chosen_policies_are_compared(run: Path) -> None:
    with served(ResultView(run, "en")) as port:
        status, page, _ = ask(port, "/compare?policy=good&policy=%3Cb%3Ebad%3C%2Fb%3E")
        assert status == 200
        assert say("compare_title") in page
        assert "<b>bad" not in page
        assert "A comparison needs two policies" in ask(port, "/compare?policy=good")[1]


def test_a_page_is_drawn_again_only_for_a_new_record(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(
        "heedmap.report.page.render.render_html",
        lambda *_, draws: drawn.append(1) or f"<body>{draws}</body>",
    )
    view = ResultView(run, "en")
    for _ in range(3):
        assert view.page("/", {}) == "<body>False</body>"
    assert len(drawn) == 1
    stamp = view.state().stamp
    realistic(layers=2, names=("good", "other")).save(run, overwrite=True)
    assert view.state().stamp != stamp
    view.page("/", {})
    assert len(drawn) == 2


def test_pictures_are_drawn_for_the_policy_that_is_asked_for(run: Path) -> None:
    with served(ResultView(run, "en")) as port:
        page = ask(port, "/")[1]
        assert page.count("data-later=") == 2
        assert "<figure" not in page
        status, drawings, _ = ask(port, "/drawings?policy=%3Cb%3Ebad%3C%2Fb%3E")
        assert status == 200
        assert drawings.count("<figure") == drawings.count("</figure>") > 2
        assert ask(port, "/drawings?policy=none")[0] == ask(port, "/drawings")[0] == 404


def test_a_poll_opens_the_run_once_and_reads_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(grid(tmp_path, count=2, frames_per_cell=1), tmp_path / "run").path
    view = ResultView(run, "en")
    opened: list[Path] = []
    monkeypatch.setattr(RunFolder, "part_of", lambda *_: pytest.fail("a cell was read"))
    monkeypatch.setattr("heedmap.cli.serve.run_folder", lambda at: opened.append(at) or one)
    one = RunFolder.open(run)
    assert {view.state().stamp for _ in range(3)} == {view.state().stamp}
    assert opened == [run]


def test_checkpoints_are_curves_and_a_report_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (2, 10):
        realistic(layers=2, names=("m", "n")).save(tmp_path / "run" / f"{step:06d}")
    with served(CheckpointsView(tmp_path / "run", "en")) as port:
        page = ask(port, "/")[1]
        assert page.index('href="000002/report.html"') < page.index('href="000010/report.html"')
        assert ask(port, "/000010/report.html")[0] == 200
        assert ask(port, "/000011/report.html")[:2] == (404, "No such page.")
        assert json.loads(ask(port, "/state")[1])["said"]["en"] == "2 checkpoints"
    read: list[Path] = []
    load = Result.load
    monkeypatch.setattr(Result, "load", lambda folder: read.append(folder) or load(folder))
    view = CheckpointsView(tmp_path / "run", "ko")
    for _ in range(2):
        assert '<html lang="ko"' in (view.page("/", {}) or "")
    assert len(read) == 2, "each checkpoint is read once"


def test_a_sweep_is_served_while_it_runs(tmp_path: Path) -> None:
    path = grid(tmp_path, count=2, frames_per_cell=1)
    run = tmp_path / "run"
    folder = ran(path, run)
    view = ResultView(run, "en")
    whole = view.state()
    assert whole.said["en"] == say("summary_cells", done=2, cells=2)
    folder.forget([folder.plan.cells[0].id])
    assert view.state().said["ko"] == say("summary_cells", "ko", done=1, cells=2)
    assert view.state().stamp != whole.stamp
    folder.forget([folder.plan.cells[1].id])
    with served(view) as port:
        page = ask(port, "/")[1]
        assert say("serving_nothing_yet") in page
        assert 'id="live"' in page, "it goes on asking"


def test_what_cannot_be_served_is_one_sentence(
    cli: Cli, tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = cli("serve", tmp_path)
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "holds no result, sweep or checkpoints" in refused.err
    with served(ResultView(run, "en")) as port, pytest.raises(RecordError, match="another --port"):
        server_of(ResultView(run, "en"), port)


def test_on_the_port_of_http_a_browser_leaves_it_out() -> None:
    assert "localhost" in hosts_of(80)
    assert "localhost:80" in hosts_of(80)
    assert hosts_of(8377) == ["127.0.0.1:8377", "localhost:8377"]


def test_a_result_that_is_gone_is_told_in_the_language_of_the_page(run: Path) -> None:
    with served(ResultView(run, "ko")) as port:
        (run / "record.json").unlink()
        page = ask(port, "/")[1]
        assert '<html lang="ko"' in page
        assert "읽을 수 없습니다(No such file or directory). 폴더가 사라졌습니까?" in page


@pytest.mark.apart
def test_the_page_filters_and_compares_under_its_policy(browser: Browser, run: Path) -> None:
    complaints: list[str] = []
    with served(ResultView(run, "en")) as port:
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/")
        # Not `wait_for_function`: the page's policy lets no string be evaluated, if it has to wait.
        expect(page.locator("[data-live]")).to_have_text("run")
        assert page.locator("#ladder .group:visible").count() == 2
        page.click("[data-tone=bad]")
        assert page.locator("#ladder .group:visible h3.bad").count() == 1
        assert page.locator("#ladder .group:visible").count() == 1
        page.click("[data-tone=all]")
        for box in page.locator("summary input[type=checkbox]").all():
            box.check()
        for number in (1, 2):
            drawing = f"#policy-{number} [data-later] .drawing svg"
            page.wait_for_selector(drawing, state="attached")
        page.click("[data-tone=bad]")
        page.reload()
        assert page.locator("#ladder .group:visible").count() == 1, "what is chosen stays"
        page.click("[data-tone=good]")
        assert page.locator("#ladder .group:visible").count() == 0
        assert page.locator("[data-none]").is_visible()
        page.click("[data-tone=all]")
        page.click("[data-compare]")
        page.wait_for_url("**/compare?**")
        assert say("compare_title") in page.locator("h1").inner_text()
        page.close()
    assert complaints == []
