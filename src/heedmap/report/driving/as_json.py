"""A drive as JSON: rates, differences and the curve; the episodes lie in the folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from heedmap.frozen import Frozen
from heedmap.report.driving.rates import curve, difference, foretold, phases, rate_of, same_actions
from heedmap.report.driving.result import Drive
from heedmap.report.driving.wording import notes, steering, verdict


def drive_json(drive: Drive) -> str:
    """Everything that the sentences are made of, and the sentences in English; ASCII."""
    content = {
        "settings": drive.settings,
        "episodes": len(drive.episodes),
        "passed_over": drive.passed_over,
        "sentence": verdict(drive),
        "notes": [*notes(drive), *steering(drive)],
        "conditions": {
            condition: {
                "target": rate_of(drive, condition),
                "other": rate_of(drive, condition, "other"),
                "difference_to_right": difference(drive, condition),
                "same_actions_as_right": same_actions(drive, condition),
            }
            for condition in drive.settings.conditions
        },
        "exchanges_by_step": curve(drive),
        "exchanges_by_phase": phases(drive),
        "foretold": foretold(drive),
    }
    return json.dumps(content, indent=1, default=_plain)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, Frozen) else asdict(value)
