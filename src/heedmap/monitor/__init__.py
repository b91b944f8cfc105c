"""Watching a policy at work: while it is trained, and behind a server.

`Monitor` reads at which step of a training run the policy begins to follow its instruction, in a
loop of one's own; `LightningMonitor` and `TrainerMonitor` do so in theirs. `tap` reads what passes
between a client and a policy server, and `delivered` which of its words arrived. Names are imported
when first used: the others do not need Lightning.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heedmap.monitor.lightning import LightningMonitor
    from heedmap.monitor.reading import Reading
    from heedmap.monitor.trainer import TrainerMonitor
    from heedmap.monitor.watch import Monitor

__all__ = ["LightningMonitor", "Monitor", "Reading", "TrainerMonitor"]

_HOME_OF = {
    "LightningMonitor": "heedmap.monitor.lightning",
    "Monitor": "heedmap.monitor.watch",
    "Reading": "heedmap.monitor.reading",
    "TrainerMonitor": "heedmap.monitor.trainer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'heedmap.monitor' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
