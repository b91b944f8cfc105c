"""From a policy's name on the command line to a policy.

Families are entry points of the group `heedmap.policies`, heedmap's own among them: only the
only the requested one is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

import torch
from torch import nn

from heedmap.errors import HeedmapError, PolicyError, ends_program
from heedmap.phrase import Phrase, in_a_row
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.checkpoints.folder import check_place
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.factories import call_factory, described, import_from_here
from heedmap.policies.family import Loader, Registered, Target

GROUP = "heedmap.policies"
FORMS = Phrase(
    "'specimen:NAME@WIRING', 'kosmos2:CHECKPOINT', 'vlm:FOLDER', 'pi0:FOLDER', "
    "'lerobot:FOLDER', 'server:ws://HOST:PORT'"
)


def load_policy(spec: str, permissions: Permissions = SAFE) -> Policy:
    """The policy that `spec` names.

    `specimen:NAME@WIRING` is one of heedmap's own; `kosmos2:`, `vlm:`, `pi0:` and `lerobot:PATH`
    read a checkpoint, and settings may follow its path (`?name=exp42&dtype=bfloat16`);
    `server:ws://HOST:PORT` asks a policy server, of openpi, vla-eval, GR00T or LeRobot; installed
    packages may add families. `package.module:factory` calls a function without arguments that
    returns `(run, module)` or a `Policy`. The module may lie in the current folder. `permissions`
    are what the user allowed beyond the safe defaults. Raises PolicyError, in one sentence, when
    there is none to be had.
    """
    kind, separator, rest = spec.partition(":")
    if not separator or not kind or not rest:
        raise PolicyError("'{spec}' is not a policy; give {forms}.", spec=spec, forms=_forms())
    registered = [entry for entry in entry_points(group=GROUP) if entry.name == kind]
    if not registered:
        return _from_factory(kind, rest)
    if len(registered) > 1:  # no package may put itself in another's place
        owners = in_a_row(sorted(_owner(entry) for entry in registered), Phrase(" and "))
        raise PolicyError(
            "The policy family '{kind}' is registered more than once, by {owners}; uninstall all "
            "but one.",
            kind=kind,
            owners=owners,
        )
    return _from_family(registered[0], Target(spec), permissions)


def _from_family(entry: Registered, target: Target, permissions: Permissions) -> Policy:
    """Raises PolicyError for whatever goes wrong in a family's code, and names its package."""
    subject = Phrase(
        "The policy family '{entry}' of the package {owner}", entry=entry.name, owner=_owner(entry)
    )
    try:
        load = cast(Loader, entry.load())
    except HeedmapError:
        raise
    except BaseException as error:
        if ends_program(error):
            raise
        raise PolicyError(
            "{subject} cannot be imported ({why}); mend or uninstall that package.",
            subject=subject,
            why=described(error),
        ) from error
    check_place(target.path)
    try:
        policy = load(target, permissions)
    except HeedmapError:
        raise
    except BaseException as error:
        if ends_program(error):
            raise
        raise PolicyError(
            "{subject} raised {why} for '{target}'.",
            subject=subject,
            why=described(error),
            target=target.spec,
        ) from error
    if not isinstance(policy, Policy):
        raise PolicyError(
            "{subject} returned a {kind}, expected a heedmap Policy.",
            subject=subject,
            kind=type(policy).__name__,
        )
    return policy


def _owner(entry: Registered) -> str:
    package = getattr(entry, "dist", None)  # None where it is not known
    return f"{package.name} {package.version}" if package else entry.value


def _forms() -> str:
    """Every form that a policy's name may have, those of other packages' families included."""
    families = {entry.name: _owner(entry) for entry in entry_points(group=GROUP)}
    if not any(owner.startswith("heedmap ") for owner in families.values()):
        return Phrase(
            "'package.module:factory', or install heedmap again (pip install), for its own "
            "families are not registered"
        )
    others = sorted(name for name, owner in families.items() if not owner.startswith("heedmap "))
    forms = in_a_row([FORMS, *(f"'{name}:...'" for name in others)])
    return Phrase("{forms} or 'package.module:factory'", forms=forms)


def _from_factory(module_name: str, factory_name: str) -> Policy:
    module = import_from_here(
        module_name, PolicyError, lambda: Phrase("policies are given as {forms}", forms=_forms())
    )
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise PolicyError(
            "The module '{module_name}' has no function '{factory_name}'.",
            module_name=module_name,
            factory_name=factory_name,
        )
    policy = call_factory(factory, f"{module_name}:{factory_name}", PolicyError)
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, tuple) and len(policy) == 2 and callable(policy[0]):
        run, network = cast("tuple[Callable[..., torch.Tensor], object]", policy)
        if isinstance(network, nn.Module):
            return CallablePolicy(f"{module_name}:{factory_name}", run, network)
    raise PolicyError(
        "The factory '{module_name}:{factory_name}' returned a {kind}, expected (run, module) or "
        "a heedmap Policy, such as heedmap.CallablePolicy(name, run, module).",
        module_name=module_name,
        factory_name=factory_name,
        kind=type(policy).__name__,
    )
