"""What was run, so that a number can be made again: versions, commit, time."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from heedmap.data.observation import NamedFrame
from heedmap.record.record import FrameInfo, RunInfo, frame_info
from heedmap.visible import whole_texts

_PACKAGES = ("heedmap", "torch", "transformers", "numpy", "safetensors", "minigrid")


def describe_run(arguments: dict[str, Any], seed: int) -> RunInfo:
    """A `RunInfo` of now, with the versions of what the numbers depend on."""
    return RunInfo(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        arguments=whole_texts(arguments),
        versions={"python": platform.python_version(), **_package_versions()},
        commit=source_commit(),
        seed=seed,
    )


def describe_frame(index: int, frame: NamedFrame) -> FrameInfo:
    """What the record keeps of a frame."""
    seen = frame.observation
    state = None if seen.state is None else seen.state.tolist()
    sizes = [(image.shape[0], image.shape[1]) for image in seen.images.values()]
    return frame_info(
        index, frame.name, frame.source, frame.pixels, list(seen.images), state, sizes
    )


def source_commit() -> str | None:
    """The git commit that heedmap runs from, `-dirty` if changed; None when not a checkout."""
    folder = Path(__file__).resolve().parent
    try:
        if _git(folder, "ls-files", "--error-unmatch", __file__) is None:
            return None
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", ".")
    except OSError:
        return None
    return f"{commit}-dirty" if commit and changed else commit


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else None


def _package_versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
