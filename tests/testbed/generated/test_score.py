"""The arithmetic of the scoreboard on a list made by hand, and what an audit's end becomes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from heedmap.auditing.measures.stats import wilson_interval
from heedmap.errors import PolicyError
from heedmap.ladder.messages import speak
from heedmap.testbed.generated import score
from heedmap.testbed.generated.network import Base
from heedmap.testbed.generated.page import markdown, summary_lines
from heedmap.testbed.generated.population import Generated, members
from heedmap.testbed.generated.score import Judged, Scoreboard, judge_member, worst_first
from heedmap.testbed.generated.truth import UntrueError
from tests.command_line import run_heedmap

HEALTHY = Judged("healthy", "none", (), True, True, True, "none", None, "holds", "holds")
MASKED = Judged("masked", "masked", ("unattended",), False, False, False, "masked", "visible")
BY_HAND = (
    HEALTHY,
    MASKED,
    replace(MASKED, name="other", named="unattended", failing="attended"),
    replace(MASKED, name="wrong", named="none", failing=None, used="holds", obeyed="fails"),
    replace(HEALTHY, name="alarm", named="masked", failing="visible"),
    replace(MASKED, name="no", named=None, failing=None, problem="refused", message="Not so."),
    replace(HEALTHY, name="boom", named=None, problem="crashed", message="KeyError: 3"),
)


@pytest.fixture
def board() -> Scoreboard:
    return Scoreboard(BY_HAND)


def test_shares_and_intervals(board: Scoreboard) -> None:
    assert (board.total, board.exact, board.right) == (7, 2, 3)
    assert board.exact_interval == wilson_interval(2, 7)
    assert board.right_interval == wilson_interval(3, 7)
    assert [each.name for each in board.false_alarms] == ["alarm"]
    assert board.healthy == 3
    assert [each.name for each in board.with_problem("refused")] == ["no"]
    assert [each.name for each in board.with_problem("crashed")] == ["boom"]


def test_confusion_counts_refusals_too(board: Scoreboard) -> None:
    assert board.confusion == {
        ("masked", "masked"): 1,
        ("masked", "none"): 1,
        ("masked", "refused"): 1,
        ("masked", "unattended"): 1,
        ("none", "crashed"): 1,
        ("none", "masked"): 1,
        ("none", "none"): 1,
    }


def test_contradictions_are_found_and_only_they(board: Scoreboard) -> None:
    found = {each.name: each.contradiction for each in board.contradictions}
    assert found == {"wrong": "silent_but_used", "alarm": "obeys_but_fails"}
    obeyed = replace(MASKED, named="none", failing=None, used="holds", obeyed="holds")
    assert obeyed.contradiction == "silent_but_obeyed"
    assert replace(obeyed, responds=None).contradiction is None
    assert replace(obeyed, responds=True).contradiction is None
    assert replace(HEALTHY, obeys=None, failing="used").contradiction is None


def test_the_worst_comes_first(board: Scoreboard) -> None:
    names = [each.name for each in worst_first(board.judged)]
    assert names[:4] == ["boom", "wrong", "alarm", "no"]


def test_the_page_has_every_figure(board: Scoreboard) -> None:
    page = markdown(board, "heedmap scoreboard")
    for line in summary_lines(board):
        assert f"- {line}" in page
    assert "Exact cause: 2 of 7 (28.6%" in page
    assert "False alarms on healthy policies: 1 of 3" in page
    assert "| masked from the action | no attention to it | 1 |" in page
    assert "| boom | none | - | - | KeyError: 3 |" in page
    assert "| other |" not in page
    assert summary_lines(Scoreboard((), ("x: why",))) == ["Made, and as their truth says: 0 of 1"]


def test_the_page_has_no_code_of_a_cause(board: Scoreboard) -> None:
    speak("ko")
    try:
        korean = markdown(board, "heedmap scoreboard")
    finally:
        speak("en")
    assert "| 마스크가 액션에서 가림 | 어텐션이 없음 | 1 |" in korean
    tables = [line for line in korean.splitlines() if line.startswith("| ")]
    codes = re.compile(r"\b(masked|unattended|none|refused|crashed|visible|attended)\b")
    assert not [line for line in tables if codes.search(line.partition("|")[2].partition("|")[2])]


def test_rules_of_attention_stand_beside_the_diagnosis() -> None:
    """By hand: four policies whose attention was read, two of which follow."""
    judged = (
        replace(HEALTHY, share=0.30, ivar=0.4),
        replace(HEALTHY, share=0.004, ivar=0.3),  # little attention decides
        replace(MASKED, share=0.0, ivar=0.0),
        replace(MASKED, named="unused", share=0.20, ivar=0.1),  # much of it does nothing
        MASKED,  # not read
        replace(HEALTHY, obeys=None, share=0.5, ivar=0.5),  # nobody knows
    )
    board = Scoreboard(judged)
    assert board.read == 4
    found = {each.rule: (each.right, each.missed, each.wronged) for each in board.rated}
    assert found == {
        "heedmap": (4, 0, 0),
        "published": (2, 1, 1),
        "share": (3, 0, 1),
        "ivar": (4, 0, 0),
    }
    page = markdown(board, "heedmap scoreboard")
    assert "4 policies on which attention was read" in page
    assert "| published rule: text share at least 1% | 2 of 4 | 1 | 1 |" in page
    assert "published rule" not in markdown(Scoreboard(BY_HAND), "heedmap scoreboard")


@pytest.fixture
def member() -> Generated:
    base = Base("mlp", "task", dim=16)
    first = next(each for each in members("scored") if each.cause == "none")
    return replace(first, base=base, interface="logits", padding="none")


@pytest.mark.parametrize(
    ("error", "problem", "message"),
    [
        (PolicyError("No such thing.\nMore."), "refused", "No such thing. More."),
        (KeyError("layer"), "crashed", "KeyError: 'layer'"),
    ],
)
def test_an_audit_that_ends_early_is_a_refusal_or_a_crash(
    monkeypatch: pytest.MonkeyPatch,
    member: Generated,
    error: Exception,
    problem: str,
    message: str,
) -> None:
    def fails(*given: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(score, "audit", fails)
    judged = judge_member(member, member.make())
    assert (judged.problem, judged.message, judged.named) == (problem, message, None)


def test_a_member_that_cannot_be_made_is_not_judged(
    monkeypatch: pytest.MonkeyPatch, member: Generated
) -> None:
    def fails(self: Generated) -> None:
        raise UntrueError("It obeys.")

    monkeypatch.setattr(Generated, "make", fails)
    board = score.score_members([member])
    assert board.judged == ()
    assert board.unmade == (f"{member.name}: It obeys.",)
    assert score.make_members([member]) == {member.name: "It obeys."}


def test_a_member_is_audited(member: Generated) -> None:
    base = Base("decoder", "tokens", "softmax")  # trained for other tests, too
    (judged,) = score.score_members([replace(member, part="development", base=base)]).judged
    assert (judged.problem, judged.obeyed) == (None, "holds")
    assert judged.seconds > 0


def test_the_command_prints_the_board_and_writes_its_page(
    monkeypatch: pytest.MonkeyPatch, board: Scoreboard, tmp_path: Path
) -> None:
    monkeypatch.setattr(score, "score_members", lambda *given, **named: board)
    ran = run_heedmap("scoreboard", "--limit", "3", "--out", "page.md", cwd=tmp_path)
    assert ran.code == 1, "a verdict contradicts behavior"
    assert "Verdicts that contradict the policy's behavior: 2 of 7" in ran.out
    assert "obeys, but a step fails" in ran.out
    page = (tmp_path / "page.md").read_text()
    assert "`heedmap scoreboard --part development --limit 3 --seed 0`" in page
    monkeypatch.setattr(score, "score_members", lambda *given, **named: Scoreboard(BY_HAND[:3]))
    assert run_heedmap("scoreboard", "--part", "scored", cwd=tmp_path).code == 0
    ran = run_heedmap("scoreboard", "--out", "none/page.md", cwd=tmp_path)
    assert (ran.code, "does not exist" in ran.err) == (1, True)


def test_the_command_only_makes_policies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(score, "make_members", lambda *given, **named: {"a": None, "b": "No."})
    ran = run_heedmap("scoreboard", "--only-make", cwd=tmp_path)
    assert (ran.code, "1 of 2" in ran.out, "No." in ran.err) == (1, True, True)
