"""Audits whether a robot policy follows its language instruction.

Where it does not, heedmap finds the step at which the instruction was lost.

Names are imported when first used, so that reading and reporting results needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heedmap.record.shown import Shown, show_by

if TYPE_CHECKING:
    from heedmap.auditing.api import audit
    from heedmap.data.observation import Observation
    from heedmap.data.trials import Trial
    from heedmap.errors import HeedmapError
    from heedmap.monitor.watch import Monitor
    from heedmap.policies.base import Policy
    from heedmap.policies.callable import CallablePolicy
    from heedmap.policies.checkpoints.permissions import Permissions
    from heedmap.policies.registry import load_policy
    from heedmap.record.layout import Layout
    from heedmap.record.record import Record
    from heedmap.record.result import Result
    from heedmap.report.notebook import explore
    from heedmap.tracing.capture.attention import AttentionCapture, capture_attention
    from heedmap.tracing.shared_prefix.attend import Attended, attend

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
    "explore",
    "load_policy",
]

_HOME_OF = {
    "Attended": "heedmap.tracing.shared_prefix.attend",
    "AttentionCapture": "heedmap.tracing.capture.attention",
    "CallablePolicy": "heedmap.policies.callable",
    "HeedmapError": "heedmap.errors",
    "Layout": "heedmap.record.layout",
    "Monitor": "heedmap.monitor.watch",
    "Observation": "heedmap.data.observation",
    "Permissions": "heedmap.policies.checkpoints.permissions",
    "Policy": "heedmap.policies.base",
    "Record": "heedmap.record.record",
    "Result": "heedmap.record.result",
    "Trial": "heedmap.data.trials",
    "attend": "heedmap.tracing.shared_prefix.attend",
    "audit": "heedmap.auditing.api",
    "capture_attention": "heedmap.tracing.capture.attention",
    "explore": "heedmap.report.notebook",
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
