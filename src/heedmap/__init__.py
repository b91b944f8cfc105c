"""Tells whether a robot policy follows its language instruction.

Where it does not, heedmap tells at which step the instruction was lost.

Names are imported when first used, so that reading and reporting results needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heedmap.shown import Shown, show_by

if TYPE_CHECKING:
    from heedmap.branching.attend import Attended, attend
    from heedmap.capture.attention import AttentionCapture, capture_attention
    from heedmap.checkpoints.permissions import Permissions
    from heedmap.errors import HeedmapError
    from heedmap.inputs.observation import Observation
    from heedmap.inputs.trials import Trial
    from heedmap.layout import Layout
    from heedmap.monitor.watch import Monitor
    from heedmap.pipeline import audit
    from heedmap.policies.base import Policy
    from heedmap.policies.callable import CallablePolicy
    from heedmap.policies.registry import load_policy
    from heedmap.record import Record
    from heedmap.result import Result

__version__ = "0.1.0"
__all__ = [
    "Attended",
    "AttentionCapture",
    "CallablePolicy",
    "HeedmapError",
    "Layout",
    "Monitor",
    "Observation",
    "Permissions",
    "Policy",
    "Record",
    "Result",
    "Trial",
    "attend",
    "audit",
    "capture_attention",
    "load_policy",
]

_HOME_OF = {
    "Attended": "heedmap.branching.attend",
    "AttentionCapture": "heedmap.capture.attention",
    "CallablePolicy": "heedmap.policies.callable",
    "HeedmapError": "heedmap.errors",
    "Layout": "heedmap.layout",
    "Monitor": "heedmap.monitor.watch",
    "Observation": "heedmap.inputs.observation",
    "Permissions": "heedmap.checkpoints.permissions",
    "Policy": "heedmap.policies.base",
    "Record": "heedmap.record",
    "Result": "heedmap.result",
    "Trial": "heedmap.inputs.trials",
    "attend": "heedmap.branching.attend",
    "audit": "heedmap.pipeline",
    "capture_attention": "heedmap.capture.attention",
    "load_policy": "heedmap.policies.registry",
}


def _drawn(thing: Shown) -> str:
    return import_module("heedmap.report.notebook").to_html(thing)


show_by(_drawn)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'heedmap' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
