"""Files that others make, read as users read them: frames, data sets, tables, checkpoints."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

from tests.fuzz.kind import Read, command
from tests.fuzz.mutate import spoil

# ---- frames and data sets


def frames(*locators: str) -> Read:
    def read(folder: Path) -> None:
        from heedmap.data.sources import frames_at

        for locator in locators:
            for frame in frames_at(f"{folder}/{locator}"):
                assert frame.pixels.ndim == 3
                assert frame.instruction is None or frame.instruction == str(frame.instruction)

    return read


def data_set(folder: Path) -> None:
    from heedmap.data.tasks import case_at, case_places, data_set_trials
    from heedmap.errors import InstructionError
    from heedmap.report.words.findings import find_all
    from heedmap.report.words.sources import read_source

    frames("set#episode=1&frames=0,2:4")(folder)
    for place in case_places(folder / "set"):
        assert case_at(place.place).instructions
    with suppress(InstructionError):
        assert data_set_trials(str(folder / "set"), 2)
    find_all([read_source(folder / "set", "trained")])


def cases(folder: Path) -> None:
    from heedmap.data.cases import load_cases

    assert load_cases(folder)


def table_of_words(folder: Path) -> None:
    from heedmap.data.counterfactuals import counterfactuals, load_table

    counterfactuals("turn left at the red ball", load_table(folder / "table.yaml"))


def grid(folder: Path) -> None:
    from heedmap.sweep.grid_file import GridFile
    from heedmap.sweep.planning import make_plan

    make_plan(GridFile(folder / "grid.yaml"))


def needed(folder: Path) -> None:
    from heedmap.data.examples import load_examples

    assert len(load_examples(folder / "data.csv"))


def words(folder: Path) -> None:
    for name in ("tasks", "log.jsonl", "list.json", "list.yaml", "list.csv", "list.txt"):
        command(folder, "words", name, "--lang", "en")
    command(folder, "words", "list.parquet", "--json", "-")


# ---- checkpoints


def weights(folder: Path) -> None:
    from heedmap.policies.checkpoints.read import read_weights

    for name in ("model.safetensors", "last.pt"):
        if not (folder / name).exists() or (folder / name).stat().st_size:
            read_weights(folder / name)


def sharded(folder: Path) -> None:
    from heedmap.policies.checkpoints.read import read_weights

    read_weights(folder)


def vlm(folder: Path) -> None:
    from heedmap.policies.registry import load_policy

    load_policy(f"vlm:{folder}?actions=left,right,forward")


def kosmos2(folder: Path) -> None:
    from heedmap.policies.registry import load_policy

    load_policy(f"kosmos2:{folder}")


def spoil_config(folder: Path, draw: Random) -> str:
    names = ["config.json"] * 6 + [f.name for f in sorted(folder.glob("*.json"))]
    places = [f for f in sorted(folder.rglob("*.json")) if f.name in names]
    return spoil(folder, draw.choice(places or sorted(folder.iterdir())), draw)
