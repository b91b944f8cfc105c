"""The command `drive`: a policy in a simulator, under right, wrong and other instructions."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, cast

import typer

from heedmap.cli.console import out, print_line, progress_bar
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.errors import InputError
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.report.driving.result import CONDITIONS, Condition


def drive(
    policy: Annotated[
        str,
        typer.Argument(
            help="specimen:NAME@WIRING, lerobot:FOLDER, server:ws://HOST:PORT or "
            "package.module:factory."
        ),
    ],
    env: Annotated[
        str,
        typer.Option(
            help="babyai, miniworld (or babyai-path, miniworld-path), metaworld:TASK, "
            "libero:SUITE/NUMBER, a gymnasium id, or package.module:factory."
        ),
    ],
    episodes: Annotated[
        int, typer.Option(min=1, max=10_000, help="Episodes, each driven under every condition.")
    ] = 25,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = 0,
    max_steps: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Steps of an episode; default: the environment's."),
    ] = None,
    exchange_every: Annotated[
        int,
        typer.Option(
            min=0, max=100_000, help="Exchange the instruction at every so many steps; 0: never."
        ),
    ] = 0,
    conditions: Annotated[
        str, typer.Option(help="Of right,wrong,paraphrase,blank; the first is needed.")
    ] = ",".join(CONDITIONS),
    right: Annotated[
        str | None, typer.Option(help="The instruction; default: what the environment says.")
    ] = None,
    wrong: Annotated[
        str | None, typer.Option(help="A wrong instruction; default: that of another seed.")
    ] = None,
    paraphrase: Annotated[
        str | None, typer.Option(help="The right instruction in other words.")
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="Key of the picture in the observation, or render.")
    ] = None,
    state: Annotated[
        str | None, typer.Option(help="Key of the robot's state in the observation.")
    ] = None,
    success: Annotated[
        str | None, typer.Option(help="Key of success in info, or reward (above 0).")
    ] = None,
    actions: Annotated[
        str | None,
        typer.Option(help="The environment's action for each of the policy's, such as 0,1,2."),
    ] = None,
    keeps_state: Annotated[
        bool,
        typer.Option("--keeps-state", help="The policy keeps something from step to step; slower."),
    ] = False,
    parallel: Annotated[int, typer.Option(min=1, max=256, help="Episodes side by side.")] = 8,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Processes that simulate and draw; 1: this one does."),
    ] = 1,
    output: Annotated[
        Path, typer.Option("--out", help="Folder of the drive; one that was begun goes on.")
    ] = Path("heedmap-drive"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    lang: Lang = Language.en,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
) -> None:
    """Drive a policy in a simulator under right, wrong, reworded and blank instructions.

    Every episode is driven once under each, from the same start. With --exchange-every K the wrong
    instruction is also exchanged for the right one at every K-th step, from the same state. Stopped
    and given again, the command goes on where it was.
    """
    from heedmap.monitor.driving.driver import Driver
    from heedmap.monitor.driving.folder import DriveFolder
    from heedmap.monitor.driving.load import load_environment
    from heedmap.monitor.driving.run import Drives, settings_of
    from heedmap.monitor.driving.workers import at_work
    from heedmap.policies.registry import load_policy
    from heedmap.report.driving.as_json import drive_json
    from heedmap.report.driving.terminal import print_drive

    chosen = chosen_conditions(conditions)
    given = {
        "right": right,
        "wrong": wrong,
        "paraphrase": paraphrase,
        "image": image,
        "state": state,
        "success": success,
        "actions": actions,
    }
    options = {name: value for name, value in given.items() if value is not None}
    here = load_environment(env, options)
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    driver = Driver(load_policy(policy, permissions), keeps_state=keeps_state, parallel=parallel)
    folder = DriveFolder(output)
    with (
        redirect_stdout(sys.stderr),  # what simulators print is no result
        at_work(here, env, options, workers) as (maker, each),
        progress_bar() as advance,
    ):
        settings = settings_of(
            *(driver, maker, policy, env, options, chosen, max_steps, exchange_every)
        )
        found = Drives(driver, settings, maker, folder, each).run(episodes, seed, advance)
    page = folder.write_page(lang.value)
    if as_json:
        typer.echo(drive_json(found))
        return
    print_drive(found, out, lang.value)
    print_line(out, say("report_at", lang.value, path=str(page.resolve())))


def chosen_conditions(written: str) -> tuple[Condition, ...]:
    """Conditions by name, the right one among them. Raises InputError for anything else."""
    names = {name.strip() for name in written.split(",") if name.strip()}
    if unknown := sorted(names - {*CONDITIONS}):
        raise InputError(
            "'{name}' is no condition; write one or several of {conditions}.",
            name=unknown[0],
            conditions=", ".join(CONDITIONS),
        )
    if "right" not in names:
        raise InputError("Rates need the right instruction beside others; add right to it.")
    return cast("tuple[Condition, ...]", tuple(each for each in CONDITIONS if each in names))
