"""`heedmap tap` as a person runs it: its lines, its end, and what a killed one leaves."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from heedmap.errors import TapError
from heedmap.monitor.tap.address import server_address
from heedmap.monitor.tap.recording import read_run
from tests.command_line import run_heedmap
from tests.monitor.tap.servers import (
    ask,
    connected,
    free_port,
    heeds,
    observation,
    policy,
    serving,
    until,
)

HEEDMAP = [sys.executable, "-c", "from heedmap.cli.main import main; main()"]


OBSERVES = """
import sys
from pathlib import Path
from heedmap.monitor.tap.address import listen_at, server_address, written
from heedmap.monitor.tap.run import Options, Tap
from tests.monitor.tap.servers import Quiet

listening = listen_at("127.0.0.1:0", is_public=False)
server = server_address(sys.argv[1])
tap = Tap(Options(server, Path(sys.argv[2])), Quiet())
print(written("127.0.0.1", listening.getsockname()[1], server.scheme), flush=True)
tap.run(listening, lambda: False)
"""


@contextmanager
def process(server: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A tap in a process of its own, and the address that it listens at."""
    folder.mkdir()
    command = [sys.executable, "-c", OBSERVES, server, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tap:
        assert tap.stdout is not None
        try:
            yield tap, tap.stdout.readline().strip()
        finally:
            tap.kill()


def test_a_tap_that_hangs_holds_up_nobody_and_a_killed_one_loses_no_answered_step(
    tmp_path: Path,
) -> None:
    """The process that observes is stopped for a while: what passed meanwhile is read later."""
    with serving(policy(heeds)) as server, process(server, tmp_path / "run") as (tap, at):
        with connected(at) as connection:
            ask(connection, observation(0))
            tap.send_signal(signal.SIGSTOP)
            for number in range(1, 40):
                ask(connection, observation(number))
            tap.send_signal(signal.SIGCONT)
            time.sleep(0.5)
            tap.send_signal(signal.SIGKILL)
            tap.wait(20)
            with pytest.raises(ConnectionClosed):
                connection.recv(timeout=10)  # the process that forwards ends, too
        port = int(at.rpartition(":")[2])
        end = time.monotonic() + 10
        while not _is_free(port):
            assert time.monotonic() < end, "the port is still taken"
            time.sleep(0.05)
    recording = read_run(tmp_path / "run")
    assert recording.about.ended is None
    assert [step.step for step in recording.steps()] == list(range(40))
    (journal,) = (tmp_path / "run").glob("*.journal")
    content = journal.read_bytes()
    for cut in (1, 100, len(content) // 2):
        journal.write_bytes(content[:-cut])
        steps = [step.step for step in recording.steps()]
        assert steps == list(range(len(steps)))
        assert len(steps) < 40
    assert run_heedmap("tap", "--read", "run", cwd=tmp_path).code == 0


def test_where_recording_ends_early_the_summary_is_printed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    monkeypatch.setattr("heedmap.cli.tap.until_stopped", lambda: nullcontext(stop.is_set))
    monkeypatch.setattr("heedmap.monitor.tap.run.ABOUT_EVERY_S", 0.0)
    place = f"127.0.0.1:{free_port()}"
    with serving(policy(heeds)) as server, ThreadPoolExecutor(1) as pool:

        def passes() -> None:
            try:
                until((tmp_path / "run/run.json").exists)
                with connected(f"ws://{place}") as connection:
                    ask(connection, observation(0))
                    (tmp_path / "run").rename(tmp_path / "gone")
                    time.sleep(0.5)
                    ask(connection, observation(1))
                    time.sleep(0.5)
            finally:
                stop.set()

        client = pool.submit(passes)
        ran = run_heedmap("tap", server, "--listen", place, "--out", "run", cwd=tmp_path)
        client.result()
    assert ran.code == 1
    assert "Client 1, step 0: “turn left”" in ran.out
    assert "2 steps of 1 client" in ran.out
    assert "cannot be written to run" in " ".join(ran.err.split())
    assert "No such file or directory; choose a folder" in " ".join(ran.err.split())
    assert "Errno" not in ran.out + ran.err


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Give the server"),
        (("ws://127.0.0.1:1", "--read", "x"), "Give the server"),
        (("http://127.0.0.1:1", "--out", "run"), "is no address of a policy server"),
        (("tcp://127.0.0.1", "--out", "run"), "is no address of ZeroMQ; give tcp://HOST:PORT"),
        (("tcp://127.0.0.1:1/a", "--out", "run"), "is no address of ZeroMQ; give tcp://HOST:PORT"),
        (("tcp://127.0.0.1:1", "--out", "run"), "cannot be reached (Connection refused)"),
        (("ws://127.0.0.1:99999", "--out", "run"), "is no address of a policy server"),
        (("{server}",), "--out is missing"),
        (("{away}", "--out", "run"), "cannot be reached (Connection refused); start it first"),
        (("{server}", "--out", "full"), "exists and is no empty folder"),
        (("{server}", "--out", "run", "--listen", "{taken}"), "cannot listen at"),
        (("{server}", "--out", "run", "--listen", "0.0.0.0:0"), "could be reached by other"),
        (("{server}", "--out", "run", "--listen", "nowhere"), "is no HOST:PORT"),
        (("{server}", "--out", "run", "--trained", "missing.txt"), "does not exist"),
        (("--read", "full"), "holds no recording of a tap"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        values = {"server": f"ws://127.0.0.1:{port}", "taken": f"127.0.0.1:{port}"}
        values["away"] = f"ws://127.0.0.1:{free_port()}"
        ran = run_heedmap("tap", *(each.format(**values) for each in options), cwd=tmp_path)
    assert ran.code == 1
    assert sentence in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000, False, "")),
        ("ws://robot/", ("robot", 80, False, "")),
        ("wss://robot/a?b=c", ("robot", 443, True, "/a?b=c")),
        ("ws://[::1]:8000", ("::1", 8000, False, "")),
        ("tcp://robot:5555", ("robot", 5555, False, "")),
        ("zmq://[::1]:5555", ("::1", 5555, False, "")),
    ],
)
def test_addresses_are_read(url: str, place: tuple[str, int, bool, str]) -> None:
    found = server_address(url)
    assert (found.host, found.port, found.is_tls, found.path) == place


@pytest.mark.parametrize("url", ["", "ws://", "ws://a b", "ws://u@h", "ws://h:x", "ws://h\r\nX: 1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(TapError, match="no address of a policy server"):
        server_address(url)


def test_a_terminal_shows_a_table_and_a_signal_ends_it_with_summary_and_page(
    tmp_path: Path,
) -> None:
    ours, theirs = pty.openpty()
    options = ("--shadow-every", "2", "--exchange", "turn right", "--fail-on", "warning")
    place = ("--listen", "127.0.0.1:0", "--out", str(tmp_path / "run"))
    with serving(policy(heeds)) as server:
        command = [*HEEDMAP, "tap", server, *place, *options]
        tap = subprocess.Popen(
            command, stdout=theirs, stderr=theirs, env={**os.environ, **TERMINAL}
        )
        os.close(theirs)
        try:
            shown = until_shown(ours, r"ws://127\.0\.0\.1:\d+")
            found = re.search(r"ws://127\.0\.0\.1:\d+", shown)
            assert found
            with connected(found[0]) as connection:
                for number in range(12):
                    ask(connection, observation(number, "turn left" if number < 11 else " "))
                    time.sleep(0.02)
                shown = until_shown(ours, r"1\.41 \(same words: 0\)")
                tap.send_signal(signal.SIGINT)
                ended = until_shown(ours, r"seen from the tap")
                with pytest.raises(ConnectionClosed) as closed:
                    connection.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1001
            assert tap.wait(20) == 3
        finally:
            tap.kill()
            tap.wait()
            os.close(ours)
    ended = " ".join(ended.split())
    assert "in place of the client's words the action moves by 1.41" in ended
    assert "Client 1, step 0: “turn left”" in shown
    assert "Warning [empty] client 1, step 11: The words are empty" in shown + ended
    assert "12 steps of 1 client in" in ended
    assert "Traceback" not in shown + ended
    page = (tmp_path / "run/tap.html").read_text()
    assert "http-equiv" not in page
    assert "turn left" in page
    said = [step.words for step in read_run(tmp_path / "run").steps()]
    assert said == ["turn left"] * 11 + [" "]
    read = run_heedmap("tap", "--read", tmp_path / "run", cwd=tmp_path)
    assert read.code == 0
    assert read.out.splitlines()[0] in ended
    found = run_heedmap(
        "tap", "--read", "run", "--fail-on", "warning", "--lang", "ko", cwd=tmp_path
    )
    assert found.code == 3
    assert "지시문이 비어 있어" in found.out


TERMINAL = {"TERM": "xterm", "COLUMNS": "140"}


def until_shown(terminal: int, pattern: str) -> str:
    """What a terminal shows up to a text, without its codes."""
    shown, end = "", time.monotonic() + 20
    while not re.search(pattern, shown):
        assert time.monotonic() < end, shown
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 2**16).decode("utf-8", "replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    return shown
