"""Hundreds of audits in one process: does memory stay flat, and is everything left as it was?

    .venv/bin/python -m benchmarks.steady [--audits 300] [--warm-up 30] [--stride 1]

After warming up, audits one policy again and again. Then the policy raises at each of its calls in
turn, is interrupted (Ctrl-C) at each, and calls `sys.exit` at each. After every audit are compared:
weights, hooks, training flags, generators (also the policy's own), gradient mode, default type,
filters of warnings, handlers of signals, threads, attention paths. Exits 1 where anything differs,
or memory grew by more than 5 %.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from heedmap.data.trials import Trial
from heedmap.errors import PolicyRunError
from tests.failing import Counting, is_as_before, plain, state_of, trials_of

MOST_GROWTH = 0.05
"""Of resident memory, from the end of the warm-up."""


def main() -> None:
    """Run all, print, and exit with 1 where something was not as before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--audits", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=30)
    parser.add_argument("--stride", type=int, default=1, help="from one failing call to the next")
    given = parser.parse_args()
    counting, trials = plain(), trials_of(2)
    memory = steady(counting, trials, given.audits, given.warm_up)
    grown = max(memory) / memory[0] - 1
    print(
        f"{given.audits} audits: {memory[0] >> 20} MiB after the warm-up, {memory[-1] >> 20} MiB "
        f"at the end, at most {100 * grown:+.1f} %",
        flush=True,
    )
    for error in (RuntimeError, KeyboardInterrupt, SystemExit):
        begun = time.perf_counter()
        before = resident_bytes()
        calls = stopped_at_calls(counting, trials, error, given.stride)
        after = 100 * (resident_bytes() / before - 1)
        seconds = time.perf_counter() - begun
        print(
            f"{error.__name__} at {calls} calls: all as before, memory {after:+.1f} %, "
            f"{seconds:.0f} s",
            flush=True,
        )
        grown = max(grown, after / 100)
    raise SystemExit(grown > MOST_GROWTH)


def steady(counting: Counting, trials: list[Trial], audits: int, warm_up: int) -> list[int]:
    """Resident bytes after the warm-up and after every tenth audit.

    Raises AssertionError where an audit left anything changed, or found something else.
    """
    expected = counting.audited(trials).measurements
    for _ in range(warm_up):
        counting.audited(trials)
    before, memory = state_of(counting), [resident_bytes()]
    for number in range(1, audits + 1):
        assert counting.audited(trials).measurements == expected, f"audit {number} found others"
        assert is_as_before(counting, before), f"audit {number} left something changed"
        if number % 10 == 0 or number == audits:
            memory.append(resident_bytes())
    return memory


def stopped_at_calls(
    counting: Counting, trials: list[Trial], error: Callable[[str], BaseException], stride: int
) -> int:
    """Stop the audit at each of the policy's calls; gives at how many.

    Raises AssertionError where one was not stopped, or left anything changed.
    """
    counting.at = None
    counting.audited(trials)
    calls, before = range(1, len(counting.sizes) + 1, stride), state_of(counting)
    counting.error = error
    for at in calls:
        counting.at, said = at, "nothing"
        try:
            counting.audited(trials)
        except (PolicyRunError, KeyboardInterrupt) as raised:
            said = str(raised)
        assert f"boom {at}" in said, f"{said} stopped the audit at call {at}"
        assert is_as_before(counting, before), f"call {at} left something changed"
    counting.at = None
    return len(calls)


def resident_bytes() -> int:
    """Of this process, without what only waits to be collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
