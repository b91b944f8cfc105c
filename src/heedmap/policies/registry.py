"""From a policy's name on the command line to a policy."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from torch import nn

from heedmap.errors import HeedmapError, PolicyError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy

FORMS = "'specimen:NAME@sound', 'specimen:NAME@monavla' or 'package.module:factory'"


def load_policy(spec: str) -> Policy:
    """The policy that `spec` names.

    `specimen:NAME@WIRING` is one of heedmap's own; `package.module:factory` calls a
    function without arguments that returns `(run, module)` or a `Policy`. The module may
    lie in the current folder. Raises PolicyError, in one sentence, when there is none to be had.
    """
    kind, separator, rest = spec.partition(":")
    if not separator or not kind or not rest:
        raise PolicyError(f"'{spec}' is not a policy; give {FORMS}.")
    if kind == "specimen":
        from heedmap.policies.specimen import SpecimenPolicy  # needs the extra `specimens`

        return SpecimenPolicy(rest)
    return _from_factory(kind, rest)


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
    first_line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
