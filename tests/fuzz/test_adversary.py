"""What a person found by hand, looking for what the harness does not try."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.auditing.api import audit
from heedmap.cli.console import SafeConsole
from heedmap.cli.serve import ResultView
from heedmap.data.lerobot_tasks import column_names
from heedmap.errors import CheckpointError, FrameError, InputError, PolicyError, RegionError
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.checkpoints.adapter_config import CONFIG, check_adapter_config
from heedmap.record.folders import check_writable
from heedmap.record.layout import parse_declared
from heedmap.report.figures.kinds import figure_of
from heedmap.report.figures.style import spec_of, to_svg
from heedmap.report.serving import server_of
from heedmap.testbed.specimens.population import member_named
from heedmap.visible import unobeyed_json
from tests.cli.conftest import Cli, cli
from tests.failing import plain, trials_of
from tests.fuzz import own
from tests.fuzz.mutate import ESCAPE
from tests.fuzz.outcome import judged

__all__ = ["cli"]

ADAPTER: dict[str, Any] = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["q_proj"],
    "megatron_core": "megatron.core",
    "loftq_config": {},
}


# ---- adapters


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target_modules": "all-linear"},
        {"target_modules": r"(.*\.expert\..*\.self_attn\.(q|v)_proj|model\.(state|action)_proj)"},
        {"rank_pattern": {"q_proj": 4}, "init_lora_weights": "pissa_niter_4"},
        {"a_new_option": None, "another": 3},
    ],
)
def test_plain_adapters_pass(changes: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(json.dumps(ADAPTER | changes))
    check_adapter_config(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"r": 10**9},
        {"r": 0},
        {"r": True},
        {"rank_pattern": {"q_proj": 10**9}},
        {"lora_alpha": float("nan")},
        {"target_modules": "((a)+)+b"},
        {"target_modules": ".*.*.*.*.*x"},
        {"alpha_pattern": {"(a|aa)*b": 2.0}},
        {"modules_to_save": 3},
        {"layer_replication": [[0, 10**9]]},
        {"megatron_config": {"a": 1}, "megatron_core": "antigravity"},
        {"init_lora_weights": "pissa_niter_999999999"},
        {"peft_type": "PROMPT_TUNING"},
        {"peft_type": None},
    ],
)
def test_a_config_of_adapters_asks_for_no_more_than_adapters(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / CONFIG).write_text(json.dumps(ADAPTER | changes))
    with pytest.raises(CheckpointError) as caught:
        check_adapter_config(tmp_path)
    assert judged(str(caught.value)).kind == "refused"


# ---- what is shown


def test_no_table_holds_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(ESCAPE, title=ESCAPE)
    table.add_row(Text(f"{ESCAPE}\x00\x9b31m"))
    table.add_row(Text("\N{FIRST STRONG ISOLATE}ok\N{POP DIRECTIONAL ISOLATE}"))
    SafeConsole(file=sys.stdout, width=60, force_terminal=False).print(table, ESCAPE)
    printed = capsys.readouterr().out
    assert judged(printed.replace("\n", "")).kind == "refused"
    assert "\x9b" not in printed
    assert "\N{FIRST STRONG ISOLATE}ok" in printed, "what we put there stays"


def test_rich_can_still_colour(capsys: pytest.CaptureFixture[str]) -> None:
    given: dict[str, Any] = {"width": 40, "force_terminal": True, "color_system": "truecolor"}
    for console in (Console(file=sys.stdout, **given), SafeConsole(file=sys.stdout, **given)):
        console.print(Text("red", style="bold red"))
    plain_rich, ours = capsys.readouterr().out.splitlines()
    assert ours == plain_rich
    assert "\x1b[" in ours


def test_json_keeps_every_value_and_shows_nothing_raw() -> None:
    value = {ESCAPE: ["\x7f", "한국어", "\ud800", float("nan"), (1, None)]}
    text = unobeyed_json(value)
    assert json.loads(text) == {ESCAPE: ["\x7f", "한국어", "\ud800", None, [1, None]]}
    assert "한국어" in text
    assert judged(text.replace("\n", "")).kind == "refused"


@pytest.mark.parametrize("name", ["constructor", "__proto__", f"{ESCAPE}<b>{{x}}"])
def test_any_name_can_be_drawn(name: str) -> None:
    """Control characters aborted the process; Vega finds "constructor" in every object."""
    counting, trial = plain(), trials_of(1)[0]
    policy = CallablePolicy("own", counting, counting.network, action_names=(name, "r", "f"))
    texts = {name: "go left", "right": "go right"}
    found = audit(policy, trial.observation, texts, until="exchange")
    svg = to_svg(spec_of(figure_of(found, "actions", None, None, "en").chart))
    assert judged(svg.replace("\n", "")[:1_500]).kind == "refused"
    assert "\x1b" not in svg


# ---- options and folders


def test_file_names_that_are_no_text_are_audited_and_words_that_are_none_refused(
    cli: Cli, tmp_path: Path
) -> None:
    from tests.fuzz.samples import picture, write_factories

    write_factories(tmp_path)
    picture().save(tmp_path / "\udcff.png", "PNG")
    given = ("--instruction", "left=go left", "--instruction", "right=go right", "--out", "o")
    assert cli("audit", "factories:policy", "--frame", "\udcff.png", *given).code == 0
    assert cli("verify", "o").code == 0
    for odd in ("\udcff=go on", "on=go \udcff"):
        ran = cli(
            "audit", "factories:policy", "--frame", "\udcff.png", "--instruction", odd, *given
        )
        assert ran.code == 1
        assert judged(ran.err.strip()).kind == "refused"


@pytest.mark.parametrize(
    "arguments",
    [
        ("specimens", "train", "exp42_counterfactual_pta@sound", "--steps-scale", "inf"),
        ("finetune", "specimen:x@y", "--lr", "inf", "--out", "o"),
        ("finetune", "specimen:x@y", "--ratio", "inf", "--out", "o"),
        ("counterfactuals", "\udcff go nowhere"),
        ("audit", "ends:policy", "--frame", "a.png", "--instruction", "a=b"),
    ],
)
def test_a_command_ends_in_one_sentence(
    arguments: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    from tests.fuzz.samples import write_images

    write_images(tmp_path)
    (tmp_path / "ends.py").write_text("raise SystemExit(0)")
    ran = cli(*arguments)
    assert ran.code in (1, 2)
    assert judged(ran.err.strip().splitlines()[-1]).kind == "refused"


def test_numbers_of_thousands_of_digits_are_none() -> None:
    with pytest.raises(RegionError):
        parse_declared(f"image=0:{'9' * 5_000}")
    with pytest.raises(PolicyError):
        member_named(f"heeding-{'9' * 30}")


def test_a_folder_whose_name_is_no_utf_8_can_be_written(tmp_path: Path) -> None:
    check_writable(tmp_path / "\udcff", overwrite=False)


def test_a_drive_with_words_without_end_is_refused(tmp_path: Path) -> None:
    from heedmap.monitor.driving.driver import Driver
    from heedmap.monitor.driving.run import settings_of
    from heedmap.report.driving.result import CONDITIONS
    from tests.monitor.driving.worlds import fork, heeding, policy_of

    driver = Driver(policy_of(heeding), keeps_state=False, parallel=1)
    with pytest.raises(InputError, match="settings cannot be kept"):
        settings_of(driver, fork(), "p", "fork", {"right": "x" * 9_000}, CONDITIONS, 5, 0)


def test_an_adapter_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / CONFIG)
    with pytest.raises(CheckpointError, match="no regular file"):
        check_adapter_config(tmp_path)


def test_a_pipe_in_place_of_a_table_of_episodes_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file-000.parquet")
    with pytest.raises(FrameError, match="no regular file"):
        column_names(tmp_path / "file-000.parquet")


# ---- the server


@pytest.mark.parametrize(
    "request_line", [b"GET http://[ HTTP/1.1", b"GET //[ HTTP/1.0", b"", b"\x00"]
)
def test_nothing_is_printed_of_whatever_is_asked(
    request_line: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own.write_record(tmp_path)
    with server_of(ResultView(tmp_path / "run", "en"), 0) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            port = server.server_address[1]
            head = f"\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
            with socket.create_connection(("127.0.0.1", port), 10) as asked:
                asked.sendall(request_line + head)
                asked.shutdown(socket.SHUT_WR)
                asked.recv(2**16)
            with socket.create_connection(("127.0.0.1", port), 10) as gone:
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                gone.sendall(b"GET / HTT")  # and the connection is reset
        finally:
            server.shutdown()
            thread.join()
    assert capfd.readouterr() == ("", "")


# ---- what was found on the way


def test_a_word_without_end_fits_into_a_sentence(cli: Cli, tmp_path: Path) -> None:
    from tests.fuzz.samples import picture, write_factories

    write_factories(tmp_path)
    picture().save(tmp_path / "a.png", "PNG")
    word = "a" * 100_000
    given = ("--instruction", f"left={word}", "--instruction", "right=go right")
    ran = cli("doctor", "factories:policy", "--frame", "a.png", *given)
    assert ran.code in (0, 1)
    assert len(ran.out + ran.err) < 20_000


def test_an_audit_that_fails_leaves_no_folders_that_were_made_for_it(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b" / "c")
    assert not list(tmp_path.iterdir())
    (tmp_path / "a").mkdir()
    check_writable(tmp_path / "a" / "b" / "c")
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]
