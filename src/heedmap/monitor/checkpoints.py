"""The checkpoints of a training run on disk: which there are, and which are written to the end."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from heedmap.errors import MonitorError
from heedmap.policies.family import escaped

PLACEHOLDER = "{checkpoint}"
"""In the name of a policy: where the checkpoint's path goes. `{step}` is its step."""
LEROBOT_MODEL = "pretrained_model"
LAST = "last"
"""LeRobot's link to the newest checkpoint, which it sets when that is written to the end."""
SETTLED_S = 10.0
"""A checkpoint of which no file changed for so long is taken as written to the end."""

ENDING = re.compile(r"\.[a-z][a-z0-9]*$", re.IGNORECASE)
"""Of a file, such as `.ckpt`, `.h5` or `.pt2`."""
NO_STEP = re.compile(r"loss[=_-]?[\d.]+(?:e[+-]?\d+)?|\d+\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)
"""Numbers in a path that are no step: a loss, or another fraction."""


@dataclass(frozen=True)
class Layout:
    """Where a training run keeps its checkpoints, and which policy one of them is."""

    pattern: str
    """A glob inside of the run's folder."""
    template: str
    """A policy's name with `{checkpoint}`, and `{step}` where it is needed."""

    def policy_of(self, checkpoint: Checkpoint) -> str:
        """The policy's name, as `heedmap audit` takes it."""
        place, mark, settings = self.template.partition("?")
        path, step = str(checkpoint.path), str(checkpoint.step)
        place = _filled(place, escaped(path), step)
        return place + mark + _filled(settings, quote(path), step)


def _filled(template: str, path: str, step: str) -> str:
    given = {PLACEHOLDER: path, "{step}": step}
    return re.sub(r"\{(checkpoint|step)\}", lambda found: given[found[0]], template)


LEROBOT_POLICY = f"lerobot:{PLACEHOLDER}?name=step-{{step}}"
LAYOUTS = (
    Layout(f"checkpoints/*/{LEROBOT_MODEL}", LEROBOT_POLICY),
    Layout(f"*/{LEROBOT_MODEL}", LEROBOT_POLICY),
    Layout("checkpoint-*", f"vlm:{PLACEHOLDER}?name=step-{{step}}"),
)
"""Of LeRobot, of its folder `checkpoints` itself, and of transformers' Trainer."""


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint, a file or a folder."""

    step: int
    path: Path

    @property
    def files(self) -> list[Path]:
        """Its files, in the order of their names."""
        if self.path.is_file():
            return [self.path]
        return sorted(path for path in self.path.rglob("*") if path.is_file())

    @property
    def is_empty(self) -> bool:
        """Whether it has no files (yet)."""
        return not self.files

    @property
    def fingerprint(self) -> str:
        """Of the names, sizes and times of its files: another one where it was written anew."""
        seen = [
            (str(path.relative_to(self.path)), (status := path.stat()).st_size, status.st_mtime_ns)
            for path in self.files
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()

    @property
    def is_followed(self) -> bool:
        """Whether LeRobot has gone on: its link names this checkpoint, or one after it."""
        if self.path.name != LEROBOT_MODEL:
            return False
        link = self.path.parent.parent / LAST
        try:
            number = link.resolve().name if link.is_symlink() else ""
        except (OSError, RuntimeError):  # a link that leads to itself
            return False
        return number.isdigit() and int(number) >= self.step


def layout_of(run: Path, pattern: str | None = None, template: str | None = None) -> Layout | None:
    """What is given, completed by what lies in the folder; None where nothing lies there yet.

    Raises MonitorError for a folder that is not there, a template that takes no checkpoint, and a
    pattern of which nobody knows what policy it is.
    """
    if not run.is_dir():
        raise MonitorError(
            "The training run {run} is no folder; give the run's output folder.", run=run
        )
    if template is not None and not re.search(r"\{(checkpoint|step)\}", template):
        raise MonitorError(
            "'{template}' is the same policy at every step; write where the checkpoint's path "
            "goes, as in 'lerobot:{placeholder}'.",
            template=template,
            placeholder=PLACEHOLDER,
        )
    if pattern is not None:
        if template is None:
            raise MonitorError(
                "With --checkpoints, say which policy a checkpoint is, as in --policy "
                "'lerobot:{placeholder}'.",
                placeholder=PLACEHOLDER,
            )
        return Layout(pattern, template)
    for known in LAYOUTS:
        if find_checkpoints(run, known.pattern):
            return Layout(known.pattern, template or known.template)
    return None


def find_checkpoints(run: Path, pattern: str) -> list[Checkpoint]:
    """In the order of steps; what has no number in its path is left out, as LeRobot's `last` is.

    A link that leads nowhere is left out too. Raises MonitorError for two checkpoints of one step,
    a pattern that leaves the folder, and one that is no glob.
    """
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise MonitorError(
            "The pattern '{pattern}' leads out of {run}; give one inside of it.",
            pattern=pattern,
            run=run,
        )
    try:
        places = sorted(path for path in run.glob(pattern) if path.exists())
    except ValueError as error:
        raise MonitorError(
            "The pattern '{pattern}' cannot be used ({why}); give a glob, such as '*.ckpt'.",
            pattern=pattern,
            why=error,
        ) from error
    found: dict[int, Checkpoint] = {}
    for path in places:
        step = step_of(path.relative_to(run))
        if step is None:
            continue
        if step in found:
            raise MonitorError(
                "{found} and {path} are both of step {step}; give --checkpoints a pattern that "
                "finds one of them.",
                found=found[step].path,
                path=path,
                step=step,
            )
        found[step] = Checkpoint(step, path)
    return [found[step] for step in sorted(found)]


def step_of(place: Path) -> int | None:
    """The number behind "step" in the path; else of the last name that has numbers.

    There the one behind "iter", else behind "epoch", else the last. A file's ending, a loss and
    other fractions are no steps, nor is a timestep of diffusion.
    """
    text = NO_STEP.sub("", ENDING.sub("", place.as_posix()))
    if steps := re.findall(r"(?<!time)steps?[=_-]?(\d+)", text, re.IGNORECASE):
        return int(steps[-1])
    numbered = [name for name in text.split("/") if re.search(r"\d", name)]
    for behind in (r"iter(?:ation)?s?[=_-]?", r"epochs?[=_-]?", ""):
        found = re.findall(rf"{behind}(\d+)", numbered[-1] if numbered else "", re.IGNORECASE)
        if found:
            return int(found[-1])
    return None


@dataclass
class Settling:
    """Tells which checkpoints are written to the end, from what it sees of them over time."""

    seconds: float = SETTLED_S
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    """In which files have their times of change."""
    _seen: dict[Path, tuple[str, float]] = field(default_factory=dict)

    def is_complete(self, checkpoint: Checkpoint) -> bool:
        """Whether it has files and LeRobot went on, or none of them changed for some time."""
        return not checkpoint.is_empty and (checkpoint.is_followed or self._rests(checkpoint))

    def is_left_empty(self, checkpoint: Checkpoint, is_passed: bool) -> bool:
        """Whether nothing will come into it: the run went on, and for some time nothing came.

        `is_passed` says that a later checkpoint is there, or that nobody waits for this one.
        """
        return checkpoint.is_empty and (
            checkpoint.is_followed or (is_passed and self._rests(checkpoint))
        )

    def _rests(self, checkpoint: Checkpoint) -> bool:
        """Whether none of its files and folders changed for some time."""
        try:
            inside = [path for path in checkpoint.path.rglob("*") if path.exists()]
            changed = max(path.stat().st_mtime for path in (checkpoint.path, *inside))
            now_seen = checkpoint.fingerprint
        except OSError:  # a file that was there a moment ago: it is being written
            return False
        before, since = self._seen.get(checkpoint.path, ("", 0.0))
        if now_seen != before:
            since = self.clock()
            self._seen[checkpoint.path] = now_seen, since
        is_old = self.wall_clock() - changed >= self.seconds
        return is_old or self.clock() - since >= self.seconds


@dataclass(frozen=True)
class Watched:
    """Which checkpoints are waited for, and how long."""

    run: Path
    pattern: str | None = None
    template: str | None = None
    once: bool = False
    """Those that are there, then stop."""
    until_step: int | None = None
    """Stop when a checkpoint of that step, or a later one, is there."""
    interval_s: float = 30.0


def completed(
    watched: Watched, settling: Settling, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Checkpoint, str]]:
    """Checkpoints and the names of their policies, in the order of steps, as they are completed.

    One that is still being written is waited for, and those after it with it. One that the run
    left empty comes too: it cannot be audited. Raises MonitorError as `layout_of`, and where there
    is none and none is waited for.
    """
    done = -1
    while True:
        layout = layout_of(watched.run, watched.pattern, watched.template)
        found = [] if layout is None else find_checkpoints(watched.run, layout.pattern)
        if watched.once and not found:
            looked_for = watched.pattern or ", ".join(each.pattern for each in LAYOUTS)
            raise MonitorError(
                "{run} has no checkpoints with a number in their path (looked for {looked_for}); "
                "give --checkpoints GLOB and --policy.",
                run=watched.run,
                looked_for=looked_for,
            )
        last = watched.until_step
        is_all_there = last is not None and any(each.step >= last for each in found)
        written = max((each.step for each in found if not each.is_empty), default=-1)
        found = [each for each in found if last is None or each.step <= last]
        waiting = [each for each in found if each.step > done]
        while waiting:
            checkpoint = waiting[0]
            is_passed = watched.once or checkpoint.step < written
            if not (
                settling.is_complete(checkpoint) or settling.is_left_empty(checkpoint, is_passed)
            ):
                break
            waiting.pop(0)
            done = checkpoint.step
            assert layout is not None
            yield checkpoint, layout.policy_of(checkpoint)
        if not waiting and (watched.once or is_all_there):
            return
        sleep(min(watched.interval_s, settling.seconds) if waiting else watched.interval_s)
