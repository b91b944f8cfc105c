"""One process that tries inputs, as it is told line by line; `run` starts and ends it.

`python -m tests.fuzz.worker ROOT`: reads `KIND<tab>SEED` from standard input and answers with
one line of JSON each. It may hang, run out of memory or be aborted: that is a finding.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.fuzz.kinds import KINDS
from tests.fuzz.mutate import spoil_a_file
from tests.fuzz.outcome import Outcome, tried

SIGNED_SHARE = 0.7
"""Of inputs whose checksums are made right again."""


def sample_of(name: str, root: Path) -> Path:
    """The valid sample of a kind, written once. Raises RuntimeError where it is not accepted."""
    kind, place = KINDS[name], root / "samples" / name.replace(" ", "-").replace(",", "")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=root))
        kind.write(part)
        part.rename(place)
    copy = Path(tempfile.mkdtemp(dir=root))
    try:
        shutil.copytree(place, copy, dirs_exist_ok=True)
        found = tried(kind.read, copy)
    finally:
        shutil.rmtree(copy)
    if found.kind != "accepted":
        raise RuntimeError(f"the sample of {name} itself: {found}")
    return place


def spoilt(name: str, folder: Path, seed: int) -> str:
    """Change a copy of the sample as the seed says; equal seeds give equal inputs."""
    kind, draw = KINDS[name], Random(f"{name} {seed}")
    done = (kind.spoil or spoil_a_file)(folder, draw)
    if kind.sign is not None and draw.random() < SIGNED_SHARE:
        kind.sign(folder)
        done += ", signed"
    return done


def one(name: str, seed: int, sample: Path, root: Path) -> dict[str, object]:
    """Try one input; what was done and what became of it."""
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        shutil.copytree(sample, folder, dirs_exist_ok=True)
        done = spoilt(name, folder, seed)
        before = _names(root)
        found = tried(KINDS[name].read, folder)
        if _names(root) - before:
            gc.collect()  # what hangs on objects goes with them
        if not found.is_finding and (left := _names(root) - before):
            found = Outcome("left behind", ", ".join(sorted(left)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"done": done, "kind": found.kind, "told": found.told, "seconds": found.seconds}


def _names(root: Path) -> set[str]:
    """Also of the folder for temporary files, which is inside."""
    places = (root, Path(tempfile.gettempdir()))
    return {path.name for place in places for path in place.iterdir() if "lock" not in path.name}


def main() -> None:
    """Answer until standard input ends."""
    root = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    samples: dict[str, Path] = {}
    for line in sys.stdin:
        name, _, seed = line.rstrip("\n").partition("\t")
        if name not in samples:
            samples[name] = sample_of(name, root)
            print("{}", file=answers, flush=True)
        print(json.dumps(one(name, int(seed), samples[name], root)), file=answers, flush=True)


if __name__ == "__main__":
    main()
