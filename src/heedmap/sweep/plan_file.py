"""The plan of a run on disk, and the manifest that tells whether it is what was written."""

from __future__ import annotations

import errno
import json
from pathlib import Path

from pydantic import ValidationError

from heedmap.errors import RecordError
from heedmap.record.files import read_plain, replace_file
from heedmap.record.manifest import (
    MANIFEST_FILE,
    Manifest,
    listed,
    manifest_of,
    read_checked,
    read_manifest,
)
from heedmap.sweep.plan import CHECKSUMS_SINCE, SWEEP_SCHEMA_VERSION, Plan, difference

PLAN_FILE = "plan.json"
CHECKSUMS = "checksums"
"""The folder of the cells' manifests."""
_AGAIN = "run the same 'heedmap sweep' command again, which writes it anew and keeps the cells"
OWN_HIDDEN = LOCK_FILE, HOLDER_FILE = ".lock", ".writer"


def read_plan(path: Path) -> Plan:
    """The plan of a run folder.

    Raises RecordError when it is none, is damaged, or of a newer schema.
    """
    place = path / PLAN_FILE
    try:
        content = read_plain(path, PLAN_FILE)
    except FileNotFoundError as error:
        raise _no_plan(path) from error
    except OSError as error:
        raise RecordError(f"The plan {place} cannot be read: {error}.") from error
    plan = _decoded(place, content)
    manifest = read_manifest(path, "sweep")
    if manifest is None and plan.schema_version < CHECKSUMS_SINCE:
        return plan
    if manifest is None:
        raise RecordError(
            f"The run in {path} has no {MANIFEST_FILE}, so nothing tells whether its plan is what "
            f"was written; {_AGAIN}."
        )
    checksum = manifest.files.get(PLAN_FILE)
    if checksum is None or checksum.difference(content) is not None:
        raise RecordError(f"The plan {place} is damaged: it is not what was written; {_AGAIN}.")
    return plan


def _no_plan(path: Path) -> RecordError:
    if (path / MANIFEST_FILE).exists() and (path / CHECKSUMS).is_dir():
        return RecordError(f"The run in {path} has lost its {PLAN_FILE}; {_AGAIN}.")
    return RecordError(
        f"{path} is not the folder of a sweep: it has no {PLAN_FILE}. Give the folder that "
        f"'heedmap sweep' wrote."
    )


def keep_plan(path: Path, plan: Plan) -> Plan:
    """Write the plan of a new run, or find that of the run that is there; gives the run's own.

    Where one of plan and manifest is damaged, the other tells that the run is of this plan, and
    it is written anew. Raises RecordError when another plan was begun there, or the folder holds
    other files.
    """
    content = plan.model_dump_json(indent=1).encode()
    manifest = manifest_of("sweep", {PLAN_FILE: content})
    try:
        path.mkdir(parents=True, exist_ok=True)
        plan_is_there = read_checked(path, PLAN_FILE, manifest.files[PLAN_FILE]) == content
        manifest_is_there = _names_plan(path, manifest)
        if not plan_is_there and not manifest_is_there:
            if (path / PLAN_FILE).exists():
                return _older(path, plan)
            _check_empty(path)
        if not manifest_is_there:
            replace_file(path / MANIFEST_FILE, manifest.encode())
        if not plan_is_there:
            replace_file(path / PLAN_FILE, content)
    except OSError as error:
        raise cannot_write(path, error) from error
    return plan


def cannot_write(path: Path, error: OSError) -> RecordError:
    """The error of a run folder in which something cannot be written."""
    what = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RecordError(
            f"The disk of {path} is full ({what}): what was finished is kept; free some space and "
            f"run the same command again."
        )
    return RecordError(f"The run cannot be written to {path}: {what}.")


def _names_plan(path: Path, manifest: Manifest) -> bool:
    """Whether the manifest in the folder is of this very plan, whatever the plan's file holds."""
    try:
        found = read_manifest(path, "sweep")
    except RecordError:
        return False
    return found is not None and found.files.get(PLAN_FILE) == manifest.files[PLAN_FILE]


def _older(path: Path, plan: Plan) -> Plan:
    """The plan that is there, if it differs in nothing but its schema."""
    found = read_plan(path)
    older = plan.model_copy(update={"schema_version": found.schema_version})
    if told := difference(found, older):
        raise RecordError(
            f"{path} was begun with another plan ({told}); give another --out, or what "
            f"the run was begun with."
        )
    return found


def _check_empty(path: Path) -> None:
    names = {each.name for each in path.iterdir()}
    if left := sorted(names - {MANIFEST_FILE, *OWN_HIDDEN}):
        raise RecordError(
            f"{path} holds files that are no sweep ({listed(left)}); choose another --out."
        )


def _decoded(place: Path, content: bytes) -> Plan:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"The plan {place} cannot be read: {error}.") from error
    version = read.get("schema_version") if isinstance(read, dict) else None
    if isinstance(version, int) and version > SWEEP_SCHEMA_VERSION:
        raise RecordError(
            f"{place.parent} was written in sweep schema {version}, but this heedmap reads up to "
            f"{SWEEP_SCHEMA_VERSION}; update heedmap."
        )
    try:
        return Plan.model_validate(read)
    except ValidationError as error:
        first = error.errors()[0]
        told = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{place} is no plan of a sweep: {told}: {first['msg']}.") from error
