"""From a folder of LeRobot's to a policy that an audit can run: the family `lerobot`.

LeRobot's own functions read its configuration, weights, processors and statistics. What is added
is said in one sentence where they would fail deep inside, print, or go on without weights.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from pydantic import Field

from heedmap.errors import (
    CheckpointError,
    HeedmapError,
    MissingExtraError,
    PolicyError,
    first_line_of,
)
from heedmap.frozen import Frozen
from heedmap.policies.checkpoints.adapters import merge_adapter
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.checkpoints.read import check_finite
from heedmap.policies.family import Target
from heedmap.policies.lerobot.hub import (
    ids_in,
    is_id,
    missing_id,
    offline,
    parse_pairs,
    without_code,
)
from heedmap.policies.lerobot.locate import (
    ADAPTER,
    CONFIG,
    WEIGHTS,
    folder_of,
    name_of,
    read_json,
    type_of,
)
from heedmap.policies.lerobot.policy import LeRobotPolicy, Parts
from heedmap.policies.lerobot.processors import (
    Processors,
    check_no_code,
    read_steps,
    refuse_code_in,
)
from heedmap.policies.lerobot.quiet import quiet
from heedmap.policies.lerobot.weights import fit_of
from heedmap.record.record import Loaded

PYTHON = (3, 12)
"""The least that LeRobot runs on."""


class LeRobotOptions(Frozen):
    """What may follow `lerobot:PATH?`."""

    device: str | None = Field(default=None, pattern=r"^(cpu|mps|cuda(:\d+)?)$")
    """Left out, the one of the configuration, or what LeRobot takes where that is not there."""
    rename: str | None = None
    """The data's cameras as the policy's: `front:top,hand:wrist`."""
    local: str | None = None
    """Folders for what the files name on the hub: `OWNER/NAME:FOLDER,...`."""
    adapter: Path | None = None
    """A folder of low-rank adapters (peft) over the policy."""
    action_steps: int | None = Field(default=None, ge=1, le=10_000)
    """Steps of the chunk that make up the action; left out, those that LeRobot executes."""
    noise_seed: int = 0


def load(target: Target, permissions: Permissions) -> LeRobotPolicy:
    """The family `lerobot`."""
    options = target.options(LeRobotOptions)
    _check_library()
    place = target.place
    if permissions.hub and is_id(place):
        place = _fetched(place)
    folder = folder_of(place)
    name = target.given_name or f"{target.family}:{name_of(folder)}"
    return load_lerobot(name, folder, options, permissions)


def load_lerobot(
    name: str, folder: Path, options: LeRobotOptions, permissions: Permissions = SAFE
) -> LeRobotPolicy:
    """A policy with its processors. Raises PolicyError, in one sentence, for what cannot be used.

    Nothing is fetched unless that is allowed, and no Python file of a checkpoint runs.
    """
    local = {} if options.local is None else parse_pairs(options.local, "local")
    _check_local(local, permissions)
    known: set[str] = set()
    forbidden = not permissions.trust_remote_code
    with (
        quiet(loading=True),
        offline(not permissions.hub),
        without_code(forbidden),
        _told(folder, known),
    ):
        importlib.import_module("lerobot.utils.import_utils").register_third_party_plugins()
        config = _config(folder, options, local)
        known |= set(ids_in(vars(config)).values())
        if forbidden:
            check_no_code(vars(config), folder / CONFIG)
        steps = read_steps(folder, config, local, permissions)
        known |= steps.ids
        model, loaded = _model(folder, config, options, permissions, local)
        made = importlib.import_module("lerobot.policies.factory").make_pre_post_processors(
            config,
            pretrained_path=str(folder),
            preprocessor_overrides=steps.before,
            postprocessor_overrides=steps.after,
        )
        parts = Parts(config, model, Processors(*made))
        rename = {} if options.rename is None else parse_pairs(options.rename, "rename")
        return LeRobotPolicy(
            name,
            parts,
            rename=rename,
            action_steps=options.action_steps,
            noise_seed=options.noise_seed,
            loaded=loaded,
        )


def _check_library() -> None:
    if importlib.util.find_spec("lerobot") is not None:
        return
    if sys.version_info < PYTHON:
        raise PolicyError(
            "LeRobot's own policies need the package 'lerobot', which runs on Python {python} and "
            "later; this is Python {major}.{minor}. Make an environment with a later one and "
            "install heedmap and lerobot there.",
            python=".".join(map(str, PYTHON)),
            major=sys.version_info.major,
            minor=sys.version_info.minor,
        )
    raise MissingExtraError("lerobot", "lerobot")


def _fetched(name: str) -> str:
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(name)
    except Exception as error:  # the hub's library raises what it likes
        raise CheckpointError(
            "'{name}' cannot be fetched from the hub ({why}).", name=name, why=first_line_of(error)
        ) from error


def _check_local(local: dict[str, str], permissions: Permissions) -> None:
    for name, folder in local.items():
        if not Path(folder).is_dir():
            raise CheckpointError(
                "The folder '{folder}' given for '{name}' does not exist.", folder=folder, name=name
            )
        if not permissions.trust_remote_code:
            refuse_code_in(Path(folder))


@contextmanager
def _told(folder: Path, known: set[str]) -> Iterator[None]:
    """Inside, what LeRobot raises becomes one sentence; `known` are ids that its files name."""
    try:
        yield
    except HeedmapError:
        raise
    except Exception as error:
        if isinstance(error, ImportError):
            raise PolicyError(
                "The policy in {folder} needs a package that is not installed ({why}).",
                folder=folder,
                why=first_line_of(error),
            ) from error
        if (name := missing_id(error, known)) is not None:
            raise CheckpointError(
                "The policy in {folder} needs '{name}' from the Hugging Face hub, which is not on "
                "this machine; give a folder that holds it, ?local={name}:FOLDER, or add --hub to "
                "fetch it.",
                folder=folder,
                name=name,
            ) from error
        raise CheckpointError(
            "The policy in {folder} cannot be loaded ({error_kind}: {why}); check that this "
            "version of lerobot is the one that wrote it.",
            folder=folder,
            error_kind=type(error).__name__,
            why=first_line_of(error),
        ) from error


def _config(folder: Path, options: LeRobotOptions, local: dict[str, str]) -> Any:
    """Its configuration, with local folders for ids of the hub."""
    read_json(folder / CONFIG)
    named = type_of(folder)
    if named is None:
        raise CheckpointError(
            "{config} names no 'type' of a LeRobot policy; models in transformers' form are given "
            "as vlm:{folder} or pi0:{folder}.",
            config=folder / CONFIG,
            folder=folder,
        )
    importlib.import_module("lerobot.policies")  # registers LeRobot's own types
    base = importlib.import_module("lerobot.configs").PreTrainedConfig
    if named not in (types := base.get_known_choices()):
        raise CheckpointError(
            "{config} is of the type '{named}', which this lerobot does not know; it knows "
            "{types}. Install the package that adds it (lerobot_policy_...), or the version of "
            "lerobot that wrote it.",
            config=folder / CONFIG,
            named=named,
            types=", ".join(sorted(types)),
        )
    config = base.from_pretrained(folder)
    config.pretrained_path = folder  # as LeRobot sets it: EO-1 then loads no backbone's weights
    for name, wanted in ids_in(vars(config)).items():
        setattr(config, name, local.get(wanted, wanted))
    if options.device is not None:
        config.device = _available(options.device)
    if hasattr(config, "pretrained_backbone_weights"):
        config.pretrained_backbone_weights = None  # the checkpoint has them; these are fetched
    if hasattr(config, "compile_model"):
        config.compile_model = False  # nothing can be seen in a compiled graph
    return config


def _available(device: str) -> str:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise PolicyError(
            "The device '{device}' cannot be used here ({why}).",
            device=device,
            why=first_line_of(error),
        ) from error
    return device


def _model(
    folder: Path,
    config: Any,
    options: LeRobotOptions,
    permissions: Permissions,
    local: dict[str, str],
) -> tuple[Any, Loaded]:
    """LeRobot's module with its weights, adapters merged into them."""
    adapter = options.adapter
    if config.use_peft and adapter is None:
        adapter = folder
    base = folder
    if adapter is not None:
        written = read_json(adapter / ADAPTER).get("base_model_name_or_path")
        base = _base_of(folder, written, permissions, local) if adapter == folder else folder
    if not (base / WEIGHTS).is_file():
        raise CheckpointError("The folder {base} holds no {weights}.", base=base, weights=WEIGHTS)
    factory = importlib.import_module("lerobot.policies.factory")
    model: Any = factory.get_policy_class(config.type).from_pretrained(str(base), config=config)
    for weight, tensor in model.state_dict().items():
        check_finite(weight, tensor, base)
    fit = fit_of(model, base / WEIGHTS)
    fit.check(base, permissions)
    if adapter is not None:
        model = merge_adapter(model, adapter)
    choices = {
        "type": config.type,
        "device": str(config.device),
        "lerobot": importlib.import_module("lerobot").__version__,
        "noise_seed": str(options.noise_seed),
        **({} if adapter is None else {"adapter": str(adapter)}),
        **({} if options.rename is None else {"rename": options.rename}),
    }
    loaded = Loaded(
        checkpoint=str(folder),
        choices=choices,
        random_weights=fit.missing,
        ignored_weights=(*fit.unexpected, *fit.mismatched),
    )
    return model.eval().requires_grad_(False), loaded


def _base_of(folder: Path, written: Any, permissions: Permissions, local: dict[str, str]) -> Path:
    """The policy that the adapters in a folder were trained on."""
    place = local.get(str(written), str(written))
    if is_id(place) and permissions.hub:
        place = _fetched(place)
    if not written or not Path(place).is_dir():
        raise CheckpointError(
            "The folder {folder} holds adapters of '{written}', which is no folder on this "
            "machine; give it, ?local={written}:FOLDER, or add --hub to fetch it.",
            folder=folder,
            written=written,
        )
    return folder_of(place)
