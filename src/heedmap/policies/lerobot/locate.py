"""Where LeRobot's trainer leaves a policy: a `pretrained_model` folder, a checkpoint, a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heedmap.errors import CheckpointError
from heedmap.policies.checkpoints.folder import read_config

CONFIG = "config.json"
MODEL = "pretrained_model"
WEIGHTS = "model.safetensors"
ADAPTER = "adapter_config.json"


def folder_of(place: str) -> Path:
    """The folder with `config.json` that a path means.

    The folder itself, a checkpoint's (`RUN/checkpoints/005000`), or a run's (`RUN@last`,
    `RUN@005000`, `RUN@5000`). Raises CheckpointError, in one sentence, where there is none.
    """
    path = Path(place).expanduser()
    if not path.exists() and "@" in path.name:
        run, _, step = path.name.rpartition("@")
        return _of_run(path.with_name(run), step)
    if not path.is_dir():
        raise CheckpointError(
            "The policy '{place}' is no folder on this machine; give a pretrained_model folder, "
            "or RUN@last, or add --hub to fetch a name of the hub.",
            place=place,
        )
    for folder in (path, path / MODEL):
        if (folder / CONFIG).is_file():
            return folder
    if steps := _steps(path):
        raise CheckpointError(
            "The run {path} has the checkpoints {steps}; say which, as in {path}@{last}.",
            path=path,
            steps=", ".join(steps),
            last=steps[-1],
        )
    raise CheckpointError(
        "The folder {path} holds no {config}, no {model} and no checkpoints; give one as "
        "LeRobot's save_pretrained or lerobot-train leaves it.",
        path=path,
        config=CONFIG,
        model=MODEL,
    )


def _of_run(run: Path, step: str) -> Path:
    steps = _steps(run)
    if not steps:
        raise CheckpointError(
            "The folder {run} holds no checkpoints of a LeRobot training run.", run=run
        )
    for name in steps:
        if name == step or (name.isdigit() and step.isdigit() and int(name) == int(step)):
            return folder_of(str(run / "checkpoints" / name))
    raise CheckpointError(
        "The run {run} has no checkpoint '{step}'; it has {steps}.",
        run=run,
        step=step,
        steps=", ".join(steps),
    )


def _steps(run: Path) -> list[str]:
    """Names of a run's checkpoints, in order; `last` comes last."""
    found = run / "checkpoints"
    return sorted(each.name for each in found.iterdir() if each.is_dir()) if found.is_dir() else []


def name_of(folder: Path) -> str:
    """The folder's name; of a training run's, the run and the step: `run/005000`."""
    if folder.name != MODEL:
        return folder.name
    checkpoint = folder.resolve().parent
    is_run = checkpoint.parent.name == "checkpoints"
    return f"{checkpoint.parents[1].name}/{checkpoint.name}" if is_run else checkpoint.name


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises CheckpointError for what is missing or is none."""
    return read_config(path)


def refuse_lerobot(folder: Path) -> None:
    """For families of models in transformers' form. Raises CheckpointError for LeRobot's."""
    if (named := type_of(folder)) is not None:
        raise CheckpointError(
            "The folder {folder} holds a policy in LeRobot's form (type '{named}'); give it as "
            "lerobot:{folder}.",
            folder=folder,
            named=named,
        )


def type_of(folder: Path) -> str | None:
    """The type of the policy in a folder; None where it is not one of LeRobot's."""
    if not (folder / CONFIG).is_file():
        return None
    try:
        config = read_json(folder / CONFIG)
    except CheckpointError:
        return None  # whoever reads it says what is wrong with it
    named = config.get("type")
    return named if isinstance(named, str) and "model_type" not in config else None
