"""From a grid's file to its plan."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from heedmap import __version__
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.plan import Options, Plan
from heedmap.sweep.policies import planned_policies
from heedmap.sweep.sources import planned_frames

PACKAGES = ("torch", "transformers", "numpy", "pyarrow")
"""On whose versions the last digits of a result, or the bytes of its file, depend."""


def make_plan(file: GridFile) -> Plan:
    """Find everything that the grid names. Raises InputError, by line, for what is not there."""
    grid = file.grid
    frames, sets, files = planned_frames(file)
    return Plan(
        versions={"heedmap": __version__, **_versions()},
        folder=str(file.folder),
        options=Options(
            measures=grid.measures,
            interventions=grid.interventions,
            frames_per_cell=grid.frames_per_cell,
            seed=grid.seed,
            threads=grid.threads,
            batch=grid.batch,
            device=grid.device,
            scale_frames=grid.scale_frames,
        ),
        policies=planned_policies(file),
        frames=frames,
        files=files,
        sets=sets,
    )


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
