"""The commands `sweep` and `merge`: many policies, frames and instructions, in one run folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from heedmap.cli.console import err, out, print_line
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.errors import InputError
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions

if TYPE_CHECKING:
    from heedmap.sweep.engine import Engine, Totals
    from heedmap.sweep.estimate import Measured
    from heedmap.sweep.plan import Cell, Plan

FAILED_CELLS, STOPPED = 3, 130
"""Exit codes besides 0 and 1."""


class Engines(StrEnum):
    """Where cells run."""

    local = "local"
    ray = "ray"


def sweep(
    grid: Annotated[Path, typer.Argument(help="A YAML file; docs/sweep.md describes it.")],
    output: Annotated[
        Path | None, typer.Option("--out", help="The run folder; default: GRID-run.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes, or of Ray actors.")] = 1,
    engine: Annotated[Engines, typer.Option(help="Where cells run.")] = Engines.local,
    address: Annotated[str | None, typer.Option(help="Ray cluster, such as auto.")] = None,
    cpus_each: Annotated[float, typer.Option(min=0, help="CPUs per Ray actor.")] = 1.0,
    gpus_each: Annotated[
        float, typer.Option(min=0, help="GPUs per Ray actor, or a fraction.")
    ] = 0.0,
    shard_id: Annotated[int, typer.Option(min=0, help="Number of this shard, from 0.")] = 0,
    num_shards: Annotated[int, typer.Option(min=1, help="Number of shards.")] = 1,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run failed cells again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and an estimate.")
    ] = False,
    no_measure: Annotated[
        bool, typer.Option("--no-measure", help="With --dry-run: run no cell to estimate the time.")
    ] = False,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
) -> None:
    """Measure every policy of a grid on every frame; the same command resumes a stopped run.

    Exit code 0: all cells are measured; 1: an error; 3: some cells failed and are recorded with
    their errors; 130: stopped by Ctrl-C.
    """
    from heedmap.sweep.engine import run_sweep
    from heedmap.sweep.grid_file import GridFile
    from heedmap.sweep.planning import make_plan
    from heedmap.sweep.store import RunFolder

    if shard_id >= num_shards:
        raise InputError(
            "There is no shard {shard_id} of {num_shards}: --shard-id counts from 0.",
            shard_id=shard_id,
            num_shards=num_shards,
        )
    plan = make_plan(GridFile(grid))
    cells = plan.shard(shard_id, num_shards)
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    if dry_run:
        _print_plan(plan, cells, workers, None if no_measure else permissions)
        return
    path = output or Path(f"{grid.stem}-run")
    if num_shards > 1:
        path = path.with_name(f"{path.name}-shard-{shard_id}-of-{num_shards}")
    chosen = _engine(engine, workers, address, cpus_each, gpus_each)
    folder = RunFolder.begin(path, plan)
    try:
        with _bar() as show:
            totals = run_sweep(
                folder,
                chosen,
                cells=cells,
                permissions=permissions,
                retry_failed=retry_failed,
                on_progress=show,
            )
    except KeyboardInterrupt:
        err.print(say("sweep_stopped"))
        raise typer.Exit(STOPPED) from None
    _print_end(path, totals)
    if totals.failed:
        raise typer.Exit(FAILED_CELLS)


def merge(
    output: Annotated[Path, typer.Argument(help="The run folder to create or extend.")],
    runs: Annotated[list[Path], typer.Argument(help="Run folders of the shards.")],
    lang: Lang = Language.en,
) -> None:
    """Join the run folders of shards; exit codes are those of `sweep`."""
    from heedmap.sweep.merge import merge as join

    totals = join(output, runs)
    _print_end(output, totals)
    if totals.failed:
        raise typer.Exit(FAILED_CELLS)


def _engine(
    kind: Engines, workers: int, address: str | None, cpus_each: float, gpus_each: float
) -> Engine:
    if kind is Engines.local:
        if address is not None or gpus_each:
            raise InputError("--address and --gpus-each are for --engine ray.")
        from heedmap.sweep.local import LocalEngine

        return LocalEngine(workers)
    from heedmap.sweep.ray_engine import RayEngine

    return RayEngine(workers, address, cpus_each, gpus_each)


class _Show:
    """Moves a bar as cells are done; its rate counts frames that were measured now."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task(say("sweep_progress"), total=None, rate="", failed="")

    def __call__(self, totals: Totals) -> None:
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = failed = ""
        if totals.frames and elapsed:
            rate = say("sweep_rate", rate=f"{totals.frames / elapsed:.2f}")
        if totals.failed:
            failed = say("sweep_failed", count=totals.failed)
        self._progress.update(
            self._task, completed=totals.done, total=totals.cells, rate=rate, failed=failed
        )


@contextmanager
def _bar() -> Iterator[_Show]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}", style="bold red"),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        yield _Show(progress)


def _print_plan(
    plan: Plan, cells: Sequence[Cell], workers: int, permissions: Permissions | None
) -> None:
    from heedmap.sweep.estimate import instructions_in, measure

    names = ", ".join(each.name for each in plan.policies)
    measures = ", ".join(plan.options.measures) or say("sweep_no_measures")
    interventions = ", ".join(plan.options.interventions) or say("sweep_no_interventions")
    most, total = plan.options.frames_per_cell, len(plan.cells)
    episodes = {frame.episode for frame in plan.frames if frame.episode}
    size = say("sweep_cells", cells=len(cells), frames=most)
    if len(cells) < total:
        size = say("sweep_cells_of_shard", cells=len(cells), frames=most, total=total)
    lines = [
        say("sweep_policies", count=len(plan.policies), names=names),
        say("sweep_frames", count=len(plan.frames), episodes=len(episodes)),
        say("sweep_sets", count=instructions_in(plan)),
        say("sweep_measures", measures=measures, interventions=interventions),
        size,
    ]
    if permissions is not None:
        lines += _estimate_lines(plan, cells, workers, measure(plan, cells[0], permissions))
    for line in lines:
        print_line(out, line)


def _estimate_lines(
    plan: Plan, cells: Sequence[Cell], workers: int, measured: Measured
) -> list[str]:
    name = plan.policies[measured.cell.policy].name
    if measured.error is not None:
        return [say("sweep_no_estimate", policy=name, error=measured.error)]
    minutes = measured.seconds_for(plan, cells, workers) / 60
    return [
        say(
            "sweep_estimate",
            minutes=f"{minutes:.1f}",
            calls=measured.calls_for(cells),
            workers=workers,
            policy=name,
            seconds=f"{measured.seconds:.1f}",
            cell_calls=measured.calls,
            loading=f"{measured.load_seconds:.1f}",
        )
    ]


def _print_end(path: Path, totals: Totals) -> None:
    for cell, how in totals.damaged.items():
        err.print(Text(say("sweep_damaged", cell=cell, damage=how)), soft_wrap=True)
    done, cells, failed, at = totals.done, totals.cells, totals.failed, str(path)
    line = say("sweep_end", done=done, cells=cells, path=at)
    if failed:
        line = say("sweep_end_failed", done=done, cells=cells, path=at, failed=failed)
    print_line(out, line)
