"""Audits of a run's checkpoints, kept on disk: one result folder a step, none audited twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedmap.errors import MonitorError
from heedmap.monitor.checkpoints import Checkpoint
from heedmap.record.folders import check_writable
from heedmap.record.record import RECORD_FILE
from heedmap.record.result import Result

KEY = "watched"
"""In the arguments of a result: what it was asked, and of which files."""


@dataclass(frozen=True)
class RunAudits:
    """Results of checkpoints in a folder, each in a folder that is named by its step."""

    folder: Path
    asked: Mapping[str, Any]
    """What every checkpoint is put to; results of anything else are not mixed with these."""
    audit: Callable[[str, dict[str, Any]], Result]
    """Audits a policy by its name; what it is given besides goes into the record's arguments."""
    report: Callable[[Result], str]

    def kept(self) -> Iterator[tuple[int, Result]]:
        """Results that are there, by their steps.

        Raises MonitorError where one was asked something else, RecordError for a damaged one.
        """
        for path in sorted(self.folder.glob(f"[0-9]*/{RECORD_FILE}")):
            result = Result.load(path.parent)
            watched = result.record.run.arguments.get(KEY)
            if not isinstance(watched, dict) or watched.get("asked") != self._digest:
                raise MonitorError(
                    "{parent} was made with another policy or other frames, instructions or "
                    "options; choose another folder with --out, or give the same ones.",
                    parent=path.parent,
                )
            yield int(watched["step"]), result

    def is_of(self, result: Result, checkpoint: Checkpoint) -> bool:
        """Whether a kept result is of the checkpoint as it is now."""
        watched = result.record.run.arguments[KEY]
        return watched["files"] == checkpoint.fingerprint

    def audited(self, checkpoint: Checkpoint, policy: str) -> Result:
        """Audit it and write its result with the page, all or nothing.

        Raises HeedmapError where the checkpoint cannot be audited, and RecordError where the
        result cannot be written.
        """
        if checkpoint.is_empty:
            raise MonitorError(
                "The checkpoint {checkpoint} has no files; write it anew.",
                checkpoint=checkpoint.path,
            )
        watched = {
            "step": checkpoint.step,
            "files": checkpoint.fingerprint,
            "asked": self._digest,
        }
        result = self.audit(policy, {KEY: watched})
        result.save(
            self.folder / folder_of(checkpoint.step),
            overwrite=True,
            report=lambda: self.report(result),
        )
        return result

    def check(self) -> None:
        """Raise RecordError where results cannot be written. Call before long work."""
        check_writable(self.folder / folder_of(0), overwrite=True)

    @property
    def _digest(self) -> str:
        text = json.dumps(self.asked, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def folder_of(step: int) -> str:
    """Name of a step's folder."""
    return f"{step:06d}"
