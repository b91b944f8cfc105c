"""LeRobot's pre- and postprocessors: what their files say, and the steps once they are made."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from heedmap.errors import CheckpointError
from heedmap.phrase import Phrase
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.lerobot.hub import ids_in
from heedmap.policies.lerobot.locate import read_json

TASK = "task"
"""Where LeRobot puts the instruction, in training and in deployment."""
OWN_PACKAGES = ("lerobot.", "lerobot_policy_")

Overrides = dict[str, dict[str, Any]]
"""Settings by the step's name, as LeRobot takes them."""


@dataclass
class Steps:
    """What the files of both processors say, and what is to be set otherwise."""

    before: Overrides = field(default_factory=dict)
    after: Overrides = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    """Ids of the hub for which no folder was given."""


def read_steps(
    folder: Path, config: Any, local: Mapping[str, str], permissions: Permissions
) -> Steps:
    """Read both files; `local` are folders for ids of the hub.

    Raises CheckpointError for a file that is missing or names code from elsewhere.
    """
    module = type(config).__module__.replace("configuration_", "processor_")
    if importlib.util.find_spec(module) is not None:
        importlib.import_module(module)  # registers the policy's own steps
    names = importlib.import_module("lerobot.utils.constants")
    found = Steps()
    for name, overrides in (
        (names.POLICY_PREPROCESSOR_DEFAULT_NAME, found.before),
        (names.POLICY_POSTPROCESSOR_DEFAULT_NAME, found.after),
    ):
        file = folder / f"{name}.json"
        if not file.is_file():
            raise CheckpointError(
                "The folder {folder} holds no {file}; give one as LeRobot's save_pretrained "
                "leaves it. Those of older versions are converted by python -m "
                "lerobot.processor.migrate_policy_normalization.",
                folder=folder,
                file=file.name,
            )
        for step in read_json(file).get("steps", ()):
            _read_step(step, file, local, permissions, overrides, found.ids)
    if "device_processor" in found.before:
        found.before["device_processor"]["device"] = str(config.device)
    return Steps(
        {name: each for name, each in found.before.items() if each},
        {name: each for name, each in found.after.items() if each},
        found.ids,
    )


def _read_step(
    step: Any,
    file: Path,
    local: Mapping[str, str],
    permissions: Permissions,
    overrides: Overrides,
    ids: set[str],
) -> None:
    """Adds what is to be set otherwise in one step, and the ids that it needs."""
    if not isinstance(step, dict) or not isinstance(step.get("config", {}), dict):
        raise CheckpointError("{file} does not list its steps as LeRobot writes them.", file=file)
    path = str(step.get("class", ""))
    if "registry_name" not in step and not permissions.trust_remote_code:
        _check_own_step(path, file)
    name = str(step.get("registry_name") or path.rpartition(".")[2])
    settings = {**_defaults(name, path), **step.get("config", {})}
    own = overrides.setdefault(name, {})
    if not permissions.trust_remote_code:
        check_no_code(settings, file)
        if settings.get("trust_remote_code"):
            own["trust_remote_code"] = False
    for key, wanted in ids_in(settings).items():
        if wanted in local:
            own[key] = local[wanted]
            continue
        ids.add(wanted)
        if settings.get("trust_remote_code") and not permissions.trust_remote_code:
            raise CheckpointError(
                "{file} loads '{wanted}' from the Hugging Face hub with the Python code that "
                "comes with it; nothing was run. If you trust it, add --trust-remote-code, with "
                "--hub or ?local={wanted}:FOLDER.",
                file=file,
                wanted=wanted,
            )


def check_no_code(settings: Mapping[str, Any], file: Path) -> None:
    """Raises CheckpointError where settings name a local folder that brings Python code."""
    for key, value in settings.items():
        if isinstance(value, str) and Path(value).is_dir():
            refuse_code_in(Path(value), Phrase(" ('{key}' in {file})", key=key, file=file))


def refuse_code_in(folder: Path, named: str = "") -> None:
    """Raises CheckpointError where a folder brings Python files; `named` says who names it."""
    if files := sorted(each.name for each in folder.glob("*.py")):
        raise CheckpointError(
            "The folder {folder}{named} brings Python code of its own ({files}); nothing was run. "
            "Read it, and if you trust it, add --trust-remote-code.",
            folder=folder,
            named=named,
            files=", ".join(files[:4]),
        )


def _check_own_step(path: str, file: Path) -> None:
    """Raises CheckpointError for what is no step of LeRobot's, before anything of it is called."""
    found = _class_at(path) if path.startswith(OWN_PACKAGES) else None
    base = importlib.import_module("lerobot.processor").ProcessorStep
    is_step = isinstance(found, type) and issubclass(found, base)
    if not is_step or not found.__module__.startswith(OWN_PACKAGES):
        raise CheckpointError(
            "{file} runs code from outside of LeRobot ('{path}' is no processor step of its own); "
            "nothing was run. If you trust it, add --trust-remote-code.",
            file=file,
            path=path,
        )


def _class_at(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def _defaults(name: str, path: str) -> dict[str, Any]:
    """A step's settings where its file leaves them out."""
    registry = importlib.import_module("lerobot.processor").ProcessorStepRegistry
    try:
        found = registry.get(name)
    except KeyError:
        found = _class_at(path) if path.startswith(OWN_PACKAGES) else None
    if found is None:
        return {}
    return {each.name: each.default for each in fields(found)} if is_dataclass(found) else {}


@dataclass(frozen=True)
class Processors:
    """Both pipelines of a policy, as LeRobot made them."""

    before: Any
    after: Any

    @property
    def rename_map(self) -> dict[str, str]:
        """What the preprocessor renames, such as the data's cameras to the policy's."""
        renamed: dict[str, str] = {}
        for step in self.before.steps:
            renamed |= getattr(step, "rename_map", None) or {}
        return renamed

    @property
    def tokenizers(self) -> list[Any]:
        """Of the preprocessor's steps."""
        return list(tokenizers_of(*self.before.steps))

    @property
    def task_keys(self) -> set[str]:
        """Where the steps that read words look for them."""
        return {step.task_key for step in self.before.steps if hasattr(step, "task_key")}


def tokenizers_of(*owners: object) -> Iterator[Any]:
    """Tokenizers that objects hold, alone or within a processor for images and text."""
    for value in (each for owner in owners for each in vars(owner).values()):
        inner = getattr(value, "tokenizer", value)
        if callable(inner) and hasattr(inner, "all_special_ids"):
            yield inner
