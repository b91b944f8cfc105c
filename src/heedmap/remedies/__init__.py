"""Remedies for a policy that does not follow its instruction, tried and judged.

`guided(policy, weight=2)` is a policy under guidance, for a loop of one's own; `try_remedies` tries
what fits a cause, before and after, on the same frames. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heedmap.remedies.guidance import guided
    from heedmap.remedies.result import Remedies
    from heedmap.remedies.trying import try_remedies

__all__ = ["Remedies", "guided", "try_remedies"]

_HOME_OF = {
    "Remedies": "heedmap.remedies.result",
    "guided": "heedmap.remedies.guidance",
    "try_remedies": "heedmap.remedies.trying",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'heedmap.remedies' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)
