"""From a policy's name on the command line to a policy."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import parse_qsl

import torch
from pydantic import BaseModel, ValidationError
from torch import nn

from heedmap.errors import HeedmapError, MissingExtraError, PolicyError, first_line_of
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.checkpoints.permissions import SAFE, Permissions

FORMS = (
    "'specimen:NAME@WIRING', 'kosmos2:CHECKPOINT', 'vlm:FOLDER', 'pi0:FOLDER', "
    "'server:ws://HOST:PORT' or 'package.module:factory'"
)
Options = TypeVar("Options", bound=BaseModel)


def load_policy(spec: str, permissions: Permissions = SAFE) -> Policy:
    """The policy that `spec` names.

    `specimen:NAME@WIRING` is one of heedmap's own; `kosmos2:`, `vlm:` and `pi0:PATH` read a
    checkpoint, and settings may follow its path (`?name=exp42&dtype=bfloat16`);
    `server:ws://HOST:PORT` asks a server that speaks openpi's protocol;
    `package.module:factory` calls a function without arguments that returns `(run, module)` or
    a `Policy`. The module may lie in the current folder. `permissions` are what the user
    allowed beyond the safe defaults. Raises PolicyError, in one sentence, when there is none
    to be had.
    """
    kind, separator, rest = spec.partition(":")
    if not separator or not kind or not rest:
        raise PolicyError(f"'{spec}' is not a policy; give {FORMS}.")
    if kind == "specimen":
        from heedmap.testbed.specimens.policy import SpecimenPolicy  # needs the extra `specimens`

        return SpecimenPolicy(rest)
    if kind in ("kosmos2", "vlm", "pi0"):
        options_model, load = _loader(kind, rest)
        name, written, options = _parsed(rest, options_model, spec)
        return load(name or _short_name(kind, written), written, options, permissions)
    if kind == "server":
        return _server(rest, spec)
    return _from_factory(kind, rest)


def _loader(kind: str, rest: str) -> tuple[type[BaseModel], Callable[..., Policy]]:
    """The settings of a kind of checkpoint, and what loads it; imported when it is asked for.

    A folder of transformers' own Kosmos-2, without an action head, is a model that writes
    its actions.
    """
    weights = Path(rest.partition("?")[0]).expanduser() / "model.safetensors"
    if kind == "kosmos2" and not weights.is_file():
        from heedmap.policies.kosmos2 import Kosmos2Options, load_kosmos2

        return Kosmos2Options, load_kosmos2
    if kind == "pi0":
        from heedmap.policies.pi0 import Pi0Options, load_pi0

        return Pi0Options, load_pi0
    from heedmap.policies.load_vlm import VlmOptions, load_vlm

    return VlmOptions, load_vlm


def _server(rest: str, spec: str) -> Policy:
    try:
        from heedmap.policies.server import ServerOptions, ServerPolicy
    except ModuleNotFoundError as error:
        raise MissingExtraError("server", error.name or "websockets") from error
    _, address, options = _parsed(rest, ServerOptions, spec)
    if not address.startswith(("ws://", "wss://")):
        address = f"ws://{address}"
    return ServerPolicy(address, options)


def _short_name(kind: str, written: str) -> str:
    """The folder's name, and a file's behind it: what fits into a table."""
    path = Path(written).expanduser()
    parts = [path.parent.name, path.stem] if path.is_file() else [path.name or written]
    return f"{kind}:{'/'.join(part for part in parts if part)}"


def _parsed(rest: str, model: type[Options], spec: str) -> tuple[str | None, str, Options]:
    """Read `TARGET?key=value&key=value`: a name if one is given, the target, and its options.

    Raises PolicyError for an option that is not known.
    """
    written, _, query = rest.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    name = given.pop("name", None)
    try:
        options = model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise PolicyError(
            f"'{spec}' has the setting '{first['loc'][0]}' that cannot be used ({first['msg']}); "
            f"known are name, {', '.join(model.model_fields)}, as in ?key=value&key=value."
        ) from error
    return name, written, options


def _from_factory(module_name: str, factory_name: str) -> Policy:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise PolicyError(
            f"The module '{module_name}' cannot be imported ({_told(error)}); policies are "
            f"given as {FORMS}."
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise PolicyError(f"The module '{module_name}' has no function '{factory_name}'.")
    try:
        policy = factory()
    except HeedmapError:
        raise
    except Exception as error:
        raise PolicyError(
            f"The factory '{module_name}:{factory_name}' raised {_told(error)}."
        ) from error
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, tuple) and len(policy) == 2 and callable(policy[0]):
        run, network = cast("tuple[Callable[..., torch.Tensor], object]", policy)
        if isinstance(network, nn.Module):
            return CallablePolicy(f"{module_name}:{factory_name}", run, network)
    raise PolicyError(
        f"The factory '{module_name}:{factory_name}' returned a {type(policy).__name__}, expected "
        f"(run, module) or a heedmap Policy, such as heedmap.CallablePolicy(name, run, module)."
    )


def _told(error: Exception) -> str:
    first_line = first_line_of(error)
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
