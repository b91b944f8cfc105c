"""What a family of policies registers: a function from a target, and permissions, to a policy.

Any installed package may add a family, by an entry point of the group `heedmap.policies`; see
docs/new-family.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from heedmap.errors import PolicyError
from heedmap.policies.base import Policy
from heedmap.policies.checkpoints.permissions import Permissions

Options = TypeVar("Options", bound=BaseModel)


def escaped(place: str) -> str:
    """A place as it is written in a policy's name, where `?` begins the settings: as `%3F`."""
    return place.replace("%", "%25").replace("?", "%3F")


@dataclass(frozen=True)
class Target:
    """One policy of a family, as users name it: `FAMILY:PLACE?name=exp42&dtype=bfloat16`."""

    spec: str
    """The whole of it."""

    @property
    def family(self) -> str:
        """The part before the colon."""
        return self.spec.partition(":")[0]

    @property
    def whole(self) -> str:
        """Everything behind the colon, for families that know no settings."""
        return self.spec.partition(":")[2]

    @property
    def place(self) -> str:
        """The path, name or address that the family reads, without settings; see `escaped`."""
        written = self.whole.partition("?")[0]
        return written.replace("%3F", "?").replace("%25", "%")

    @property
    def path(self) -> Path:
        """The place as a path on this machine, which may not exist."""
        return Path(self.place).expanduser()

    @property
    def given_name(self) -> str | None:
        """What the user calls the policy; None where that was not said."""
        return self._settings.get("name") or None

    @property
    def name(self) -> str:
        """What to call the policy: as given, or its folder's name, with a file's after it."""
        if self.given_name is not None:
            return self.given_name
        parts = [self.path.parent.name, self.path.stem] if self.path.is_file() else [self.path.name]
        return f"{self.family}:{'/'.join(part for part in parts if part) or self.place}"

    @cached_property
    def _settings(self) -> dict[str, str]:
        return dict(parse_qsl(self.whole.partition("?")[2], keep_blank_values=True))

    def options(self, model: type[Options]) -> Options:
        """The settings but `name`, checked. Raises PolicyError for one that cannot be used."""
        given = {key: value for key, value in self._settings.items() if key != "name"}
        try:
            return model.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            raise PolicyError(
                "'{spec}' has the setting '{setting}' that cannot be used ({misfit}); known are "
                "name, {known}, as in ?key=value&key=value.",
                spec=self.spec,
                setting=first["loc"][0],
                misfit=first["msg"],
                known=", ".join(model.model_fields),
            ) from error


@runtime_checkable
class Registered(Protocol):
    """An entry point: importlib's, or its backport's, which puts itself in that one's place."""

    @property
    def name(self) -> str:
        """Of the family."""
        ...

    @property
    def value(self) -> str:
        """`module:function` of its loader."""
        ...

    def load(self) -> Any:
        """Import the loader."""
        ...


Loader = Callable[[Target, Permissions], Policy]
"""What an entry point of the group `heedmap.policies` names.

It is given what the user wrote and allowed, and raises a HeedmapError, in one sentence, for what
is missing, broken or not allowed.
"""
