"""What a monitor's reading costs, against plain passes of its own batch, on a small specimen.

    .venv/bin/python -m benchmarks.monitor [--cases 2] [--rounds 15] [--until exchange]
        [--json FILE]

A reading of some cases (a frame under three instructions each), whole, and one between two whole
ones, which only exchanges instructions; the plain pass runs all of their frames and instructions
as one batch.
"""

from __future__ import annotations

import argparse
from itertools import count
from pathlib import Path

from benchmarks.measure import interleaved, print_timings, write_json
from heedmap.monitor.watch import Monitor
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.cases import case_trials


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--until", choices=("exchange", "cut", "map"), default="exchange")
    parser.add_argument("--json", type=Path, help="add the rows to this file of JSON lines")
    given = parser.parse_args()
    policy = load_policy("specimen:exp42_counterfactual_pta@sound")
    trials = case_trials(given.cases)
    observations = [trial.observation for trial in trials for _ in trial.instructions]
    texts = [text for trial in trials for text in trial.instructions.values()]
    options = {"every_steps": 1, "until": given.until, "most_cost_share": None}
    whole = Monitor(policy, trials, **options)
    between = Monitor(policy, trials, whole_every=10**9, **options)
    steps = count()
    between.at(next(steps))  # the first one is whole
    ways = {
        "plain pass": lambda: policy(observations, texts),
        "reading between whole ones": lambda: between.at(next(steps)),
        "whole reading": lambda: whole.at(next(steps)),
    }
    timings = interleaved(ways, given.rounds)
    print_timings(f"A reading of {given.cases} cases, until {given.until}", timings, {})
    write_json(given.json, "monitor", timings, cases=given.cases, until=given.until)


if __name__ == "__main__":
    main()
