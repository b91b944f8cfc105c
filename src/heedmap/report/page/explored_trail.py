"""The trail as the explorer shows it: where the difference enters, how it lives, where it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.figures.trail import Call, lost_in, outer_calls

_LAYER = re.compile(r"\.(\d+)(?=\.|$)")


def explored_trail(result: Result, policy: PolicyResult) -> dict[str, Any] | None:
    """Calls with their differences under another instruction and frame; None without a trail.

    A call is [module, instruction, frame, layer]; a layer is that of the transformer that the
    explorer shows, null for a call outside of its layers.
    """
    calls = outer_calls(result.trail.filter(pc.field("policy") == policy.name))
    if not any(call["instruction"] is not None for call in calls):
        return None
    lost = lost_in(calls, policy)
    return {
        "calls": [
            [
                call["module"] or call["kind"],
                _rounded(call["instruction"]),
                _rounded(call["frame"]),
                _layer(call["module"], policy),
            ]
            for call in calls
        ],
        "lost": lost,
        "said": {language: _sentence(calls, lost, language) for language in LANGUAGES},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _layer(module: str, policy: PolicyResult) -> int | None:
    """The number of the layer that a module is in, of the stack that was taken."""
    starts = [s.pattern.partition("*")[0] for s in policy.measurements.stacks if s.taken]
    found = _LAYER.search(module)
    if found is None or not any(start and module.startswith(start) for start in starts):
        return None
    return number if (number := int(found[1])) < policy.layers else None


def _sentence(calls: Sequence[Call], lost: int | None, language: Language) -> str:
    moved = [call for call in calls if call["instruction"]]
    if not moved:
        return say("trail_never", language)
    enters = moved[0]["module"] or moved[0]["kind"]
    if lost is not None:
        ends = calls[lost]["module"] or calls[lost]["kind"]
        return say("trail_enters_and_ends", language, enters=enters, ends=ends)
    left = f"{calls[-1]['instruction'] or 0:.2g}"
    return say("trail_enters_and_arrives", language, enters=enters, left=left)
