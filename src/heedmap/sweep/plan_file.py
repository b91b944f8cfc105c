"""The plan of a run on disk, and the manifest that tells whether it is what was written."""

from __future__ import annotations

import errno
import json
from pathlib import Path

from pydantic import ValidationError

from heedmap.errors import RecordError
from heedmap.phrase import Phrase
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
_AGAIN = Phrase(
    "run the same 'heedmap sweep' command again, which writes it anew and keeps the cells"
)
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
        raise RecordError(
            "The plan {place} cannot be read: {why}.", place=place, why=error
        ) from error
    plan = _decoded(place, content)
    manifest = read_manifest(path, "sweep")
    if manifest is None and plan.schema_version < CHECKSUMS_SINCE:
        return plan
    if manifest is None:
        raise RecordError(
            "The run in {path} has no {manifest_file}, so nothing tells whether its plan is what "
            "was written; {again}.",
            path=path,
            manifest_file=MANIFEST_FILE,
            again=_AGAIN,
        )
    checksum = manifest.files.get(PLAN_FILE)
    if checksum is None or checksum.difference(content) is not None:
        raise RecordError(
            "The plan {place} is damaged: it is not what was written; {again}.",
            place=place,
            again=_AGAIN,
        )
    return plan


def _no_plan(path: Path) -> RecordError:
    if (path / MANIFEST_FILE).exists() and (path / CHECKSUMS).is_dir():
        return RecordError(
            "The run in {path} has lost its {plan_file}; {again}.",
            path=path,
            plan_file=PLAN_FILE,
            again=_AGAIN,
        )
    return RecordError(
        "{path} is not the folder of a sweep: it has no {plan_file}. Give the folder that "
        "'heedmap sweep' wrote.",
        path=path,
        plan_file=PLAN_FILE,
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
            "The disk of {path} is full ({what}): what was finished is kept; free some space and "
            "run the same command again.",
            path=path,
            what=what,
        )
    return RecordError("The run cannot be written to {path}: {what}.", path=path, what=what)


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
            "{path} was begun with another plan ({told}); give another --out, or what the run was "
            "begun with.",
            path=path,
            told=told,
        )
    return found


def _check_empty(path: Path) -> None:
    names = {each.name for each in path.iterdir()}
    if left := sorted(names - {MANIFEST_FILE, *OWN_HIDDEN}):
        raise RecordError(
            "{path} holds files that are no sweep ({left}); choose another --out.",
            path=path,
            left=listed(left),
        )


def _decoded(place: Path, content: bytes) -> Plan:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            "The plan {place} cannot be read: {why}.", place=place, why=error
        ) from error
    version = read.get("schema_version") if isinstance(read, dict) else None
    if isinstance(version, int) and version > SWEEP_SCHEMA_VERSION:
        raise RecordError(
            "{parent} was written in sweep schema {version}, but this heedmap reads up to "
            "{known}; update heedmap.",
            parent=place.parent,
            version=version,
            known=SWEEP_SCHEMA_VERSION,
        )
    try:
        return Plan.model_validate(read)
    except ValidationError as error:
        first = error.errors()[0]
        told = ".".join(str(part) for part in first["loc"])
        raise RecordError(
            "{place} is no plan of a sweep: {told}: {misfit}.",
            place=place,
            told=told,
            misfit=first["msg"],
        ) from error
