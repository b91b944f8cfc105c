"""The command `tap`: what passes between a client and a policy server."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heedmap.cli.console import out, print_line
from heedmap.cli.findings import FOUND
from heedmap.cli.language import Lang, Language
from heedmap.errors import InputError, MissingExtraError, TapError
from heedmap.ladder.messages import say

if TYPE_CHECKING:
    from heedmap.monitor.tap.run import Options
    from heedmap.monitor.tap.shadow import Shadow
    from heedmap.monitor.tap.story import Told


class FailOn(StrEnum):
    """How grave a finding must be for a non-zero exit code."""

    warning = "warning"
    note = "note"


class ProtocolName(StrEnum):
    """What client and server speak."""

    openpi = "openpi"
    vla_eval = "vla-eval"
    gr00t = "gr00t"


def tap(
    server: Annotated[
        str | None,
        typer.Argument(help="The policy server: ws://HOST:PORT, or tcp://HOST:PORT of GR00T's."),
    ] = None,
    listen: Annotated[
        str, typer.Option(help="Where clients connect in place of the server.")
    ] = "127.0.0.1:8100",
    output: Annotated[
        Path | None, typer.Option("--out", help="A new folder for the recording and its page.")
    ] = None,
    trained: Annotated[
        list[Path] | None,
        typer.Option(help="What the policy was trained on, as of `heedmap words`; repeatable."),
    ] = None,
    protocol: Annotated[
        ProtocolName | None, typer.Option(help="Default: found by the first messages.")
    ] = None,
    prompt_key: Annotated[
        str | None,
        typer.Option(
            help="Name of the words; default: prompt, or vla-eval's task_description, or GR00T's "
            "language."
        ),
    ] = None,
    image_key: Annotated[
        list[str] | None,
        typer.Option(help="Name of a camera; can be repeated; default: every image."),
    ] = None,
    state_key: Annotated[
        str | None, typer.Option(help="Name of the state; default: the first with state in it.")
    ] = None,
    actions_key: Annotated[
        str | None,
        typer.Option(
            help="Name of the actions in an answer; default: actions, or all parts of GR00T's."
        ),
    ] = None,
    max_mb: Annotated[
        float, typer.Option(min=2, max=1e6, help="Bound of the recording; the oldest goes first.")
    ] = 500.0,
    shadow_every: Annotated[
        int | None,
        typer.Option(min=1, help="Every so many steps, ask the server with exchanged words, too."),
    ] = None,
    exchange: Annotated[
        list[str] | None,
        typer.Option(help="Words of shadow questions, such as 'turn left'; can be repeated."),
    ] = None,
    shadow_anyway: Annotated[
        bool, typer.Option("--shadow-anyway", help="Ask though the server draws noise.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Listen where other machines can connect, too.")
    ] = False,
    read: Annotated[
        Path | None, typer.Option(help="Show an older recording again; nothing is tapped.")
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit code 3 where something this grave, or graver, is found."),
    ] = None,
    lang: Lang = Language.en,
) -> None:
    """Show and record which words reach a policy server, as a proxy in front of it.

    Clients connect to the tap in place of the server. Every message passes unchanged; a copy is
    recorded and checked. Ctrl-C ends the tap, and prints a summary.
    """
    try:
        from heedmap.monitor.tap.terminal import print_summary
    except ModuleNotFoundError as error:
        raise MissingExtraError("server", error.name or "msgpack") from error
    if (server is None) == (read is None):
        raise InputError("Give the server, as ws://HOST:PORT or tcp://HOST:PORT, or --read RUN.")
    if (shadow_every is None) != (not exchange):
        raise InputError("--shadow-every and --exchange belong together; give both.")
    if server is None:
        told = _read(read or Path())
    elif output is None:
        raise InputError("--out is missing; give a new folder for the recording.")
    else:
        keys = (prompt_key, tuple(image_key or ()), state_key, actions_key)
        options = _options(server, output, trained or [], protocol, max_mb, keys)
        shadow = _shadow(options, shadow_every, tuple(exchange or ()), is_anyway=shadow_anyway)
        told = _tap(options, listen, lang, shadow, is_public=public)
    print_summary(told, out, lang.value)
    has_found = told.story.warnings > 0 or (fail_on is FailOn.note and bool(told.story.runs))
    if fail_on is not None and has_found:
        raise typer.Exit(FOUND)


def _options(
    server: str,
    output: Path,
    trained: list[Path],
    protocol: ProtocolName | None,
    max_mb: float,
    keys: tuple[str | None, tuple[str, ...], str | None, str | None],
) -> Options:
    """What is tapped. Raises a HeedmapError, in one sentence, for what cannot be used."""
    from heedmap.monitor.tap.address import check_reachable, server_address
    from heedmap.monitor.tap.messages import Keys
    from heedmap.monitor.tap.run import Options
    from heedmap.report.words.sources import read_source

    address = server_address(server)
    if protocol is not None and address.is_zmq != (protocol is ProtocolName.gr00t):
        raise InputError(
            "--protocol {protocol} is not spoken at {url}; GR00T's protocol is at "
            "tcp://HOST:PORT, the others are at ws://HOST:PORT.",
            protocol=protocol.value,
            url=address.url,
        )
    texts = [text for path in trained for text in read_source(path, "trained").by_text]
    check_reachable(address)
    _check_new(output)
    return Options(
        server=address,
        folder=output,
        keys=Keys(*keys),
        protocol=None if protocol is None else protocol.value,
        trained=tuple(dict.fromkeys(texts)),
        trained_from=tuple(map(str, trained)),
        max_mb=max_mb,
    )


def _shadow(
    options: Options, every: int | None, exchanges: tuple[str, ...], *, is_anyway: bool
) -> Shadow | None:
    """Who asks shadow questions, if any. Raises MissingExtraError where no client can be made."""
    if every is None:
        return None
    try:
        from heedmap.monitor.tap.shadow import Shadow

        return Shadow(options.server, exchanges, every, options.keys, is_anyway=is_anyway)
    except ModuleNotFoundError as error:
        raise MissingExtraError("server", error.name or "websockets") from error


def _tap(
    options: Options, listen: str, lang: Language, shadow: Shadow | None, *, is_public: bool
) -> Told:
    """Tap until Ctrl-C; what was seen."""
    from heedmap.cli.tap_view import View
    from heedmap.monitor.tap.address import listen_at, written
    from heedmap.monitor.tap.page import write_page
    from heedmap.monitor.tap.run import Tap
    from heedmap.monitor.tap.terminal import print_summary

    with listen_at(listen, is_public=is_public) as listening, until_stopped() as is_over:
        options.folder.mkdir(parents=True, exist_ok=True)
        host, port = listening.getsockname()[:2]
        at = written(host, port, options.server.scheme)
        where = {"server": options.server.url, "out": str(options.folder.resolve())}
        print_line(out, say("tap_listening", lang.value, at=at, **where))
        print_line(out, say("tap_point_client", lang.value, at=at))
        view = View(options.server.url, options.folder, lang.value)
        tap = Tap(options, view, shadow)
        try:
            with view.showing():
                tap.run(listening, is_over)
        except TapError:
            print_summary(tap.told, out, lang.value)
            raise
    page = write_page(tap.told, options.folder, lang.value, is_running=False)
    print_line(out, say("tap_page_at", lang.value, path=str(page.resolve())))
    return tap.told


def _read(folder: Path) -> Told:
    """A recording, as it was told when its tap ended."""
    from heedmap.monitor.tap.recording import read_run
    from heedmap.monitor.tap.story import Told, story_of

    recording = read_run(folder)
    return Told(recording.about, story_of(recording.steps(), recording.readings))


def _check_new(folder: Path) -> None:
    """Raise TapError for a folder that holds something already."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise TapError(
            "{folder} exists and is no empty folder; give a new one to --out.", folder=folder
        )


@contextmanager
def until_stopped() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has come; both end nothing by themselves meanwhile."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
