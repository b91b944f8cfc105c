"""The policies that a grid names: globs over checkpoints and specimens, names, and files."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from heedmap.errors import HeedmapError
from heedmap.phrase import Phrase
from heedmap.sweep.grid import PolicyEntry
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.plan import GLOB, PlannedPolicy, stamp

CHECKPOINTS = ("kosmos2", "vlm", "pi0")
"""Kinds that read a path, in front of the colon."""


def planned_policies(file: GridFile) -> tuple[PlannedPolicy, ...]:
    """Every policy of the grid. Raises InputError, by line, for what is not there or named twice.

    No policy is loaded: what a checkpoint lacks shows when its first cell is run.
    """
    found: list[PlannedPolicy] = []
    for index, entry in enumerate(file.grid.policies):
        key = ("policies", index)
        specs = list(_specs(entry, file, key))
        for spec in specs:
            name = entry.name or name_of(spec)
            if entry.name is not None and len(specs) > 1:
                name = f"{entry.name}/{name_of(spec)}"
            if any(each.name == name for each in found):
                raise file.error(
                    key,
                    Phrase(
                        "two policies are named '{name}'; give one another name (name: ...)",
                        name=name,
                    ),
                )
            found.append(
                PlannedPolicy(
                    name=name,
                    spec=spec,
                    declared=entry.declared,
                    action_scale=entry.action_scale,
                    files=_files(spec, file.folder),
                )
            )
    return tuple(found)


def name_of(spec: str) -> str:
    """What a policy is called in the tables where the grid gives no name."""
    kind, _, rest = spec.partition(":")
    if kind == "specimen":
        return rest
    written, _, query = rest.partition("?")
    for setting in query.split("&"):
        if setting.startswith("name="):
            return setting.removeprefix("name=")
    if kind in CHECKPOINTS:
        path = Path(written)
        parts = [path.parent.name, path.stem] if path.suffix else [path.name]
        return f"{kind}:{'/'.join(part for part in parts if part)}"
    return spec


def _specs(entry: PolicyEntry, file: GridFile, key: tuple[str | int, ...]) -> Iterator[str]:
    kind, colon, rest = entry.spec.partition(":")
    if not colon or not rest:
        raise file.error(
            key,
            Phrase("'{entry}' is no policy; write KIND:NAME, see docs/sweep.md", entry=entry.spec),
        )
    if kind == "specimen":
        yield from _specimens(rest, file, key)
        return
    if kind not in CHECKPOINTS:
        yield entry.spec
        return
    path, mark, settings = rest.partition("?")
    place = Path(path).expanduser()
    if GLOB & set(path):
        root = Path(place.anchor or file.folder)
        pattern = str(place.relative_to(place.anchor)) if place.anchor else str(place)
        matches = sorted(root.glob(pattern))
        if not matches:
            raise file.error(
                key, Phrase("nothing matches '{path}' in {root}", path=path, root=root)
            )
    else:
        matches = [file.folder / place]  # an absolute path stays as it is
        if not matches[0].exists():
            raise file.error(key, Phrase("the checkpoint {path} does not exist", path=matches[0]))
    yield from (f"{kind}:{match}{mark}{settings}" for match in matches)


def _specimens(pattern: str, file: GridFile, key: tuple[str | int, ...]) -> Iterator[str]:
    try:
        from heedmap.testbed.specimens.zoo import SPECIMENS, check_name

        if not GLOB & set(pattern):
            check_name(pattern)
    except HeedmapError as error:
        raise file.error(key, error.phrase) from error
    matches = [name for name in SPECIMENS if fnmatch.fnmatchcase(name, pattern)]
    if not matches:
        raise file.error(
            key,
            Phrase(
                "no specimen matches '{pattern}'; see 'heedmap specimens list'", pattern=pattern
            ),
        )
    yield from (f"specimen:{name}" for name in matches)


def _files(spec: str, folder: Path) -> dict[str, str]:
    """What tells that a policy is another one than when the sweep began."""
    kind, _, rest = spec.partition(":")
    if kind == "specimen":
        from heedmap.testbed.specimens.zoo import load_recipe

        return {"weights": load_recipe(rest).weights_sha256 or ""}
    if kind in CHECKPOINTS:
        path = Path(rest.partition("?")[0])
        inside = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        return {str(each): stamp(each) for each in inside}
    source = folder / f"{kind.replace('.', '/')}.py"
    if not source.is_file():
        found = importlib.util.find_spec(kind) if "." not in kind and kind != "server" else None
        source = Path(found.origin) if found is not None and found.origin else source
    if source.is_file():
        return {str(source): hashlib.sha256(source.read_bytes()).hexdigest()}
    return {}
