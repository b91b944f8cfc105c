"""What an audit of the eight shipped specimens said, stored, to be compared with what one says now.

    python -m tests.testbed.specimens.stored

writes `stored.json` anew. Do so only where a change of verdicts or numbers is meant, and say in the
commit which of them changed and why: the difference of the file shows them line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.testbed.demo import run_demo

FILE = Path(__file__).with_suffix(".json")
DIGITS = 5
"""Significant ones, of every number that is stored."""
RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""How far numbers may differ. Another processor adds up in another order, which float32 shows at
1e-6; distances between actions that are all but equal are mostly that."""
TRIALS = 4
LEFT_OUT = {"actions", "n", "clusters", "left_out", "knockouts"}
"""Counts of trials, distributions that other numbers are made of, and which way cuts were run."""

Flat = dict[str, Any]
"""Dotted keys to a number, a word, a truth value, or None where nothing was measured."""


def audited() -> Result:
    """The demo, on few trials and without the map, on which no verdict rests."""
    return run_demo(("monavla", "sound"), case_seed=0, trials=TRIALS, until="cut", workers=2)


def flat_of(result: Result) -> dict[str, Flat]:
    """Verdict, evidence and actions of every policy."""
    return {policy.name: dict(_flat_policy(policy)) for policy in result.record.policies}


def differences(stored: Mapping[str, Flat], found: Mapping[str, Flat]) -> list[str]:
    """One line for everything that is not as it was stored."""
    lines: list[str] = []
    for policy in sorted({*stored, *found}):
        was, now = stored.get(policy, {}), found.get(policy, {})
        for key in sorted({*was, *now}):
            one, two = was.get(key, "absent"), now.get(key, "absent")
            if not _is_same(one, two):
                lines.append(f"{policy}: {key} was {one}, is {two}")
    return lines


def _is_same(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) <= max(ABSOLUTE, RELATIVE * abs(one))
    return one == two


def _flat_policy(policy: PolicyResult) -> Iterator[tuple[str, Any]]:
    verdict, facts = policy.verdict, policy.measurements
    yield "cause", verdict.cause
    yield "first_failing", verdict.first_failing
    yield "bypass", verdict.bypass.module
    for name, rung in verdict.rungs.items():
        yield f"rung.{name}", rung.status
    for name in ("needed", "competent"):
        yield f"gate.{name}", getattr(verdict, name).status
    for name in ("presence", "visibility", "attended", "used", "obeyed"):
        part = getattr(facts, name)
        yield from _flat(name, None if part is None else part.model_dump(mode="json"))
    for case in policy.cases:
        yield from _flat(f"action.{case.instruction}", case.action.model_dump(mode="json"))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        value = {str(number): each for number, each in enumerate(value)}
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in LEFT_OUT:
                yield from _flat(f"{name}.{key}", each)
    elif isinstance(value, float):
        yield name, float(f"{value:.{DIGITS}g}")
    else:
        yield name, value


if __name__ == "__main__":
    FILE.write_text(json.dumps(flat_of(audited()), indent=0) + "\n")
