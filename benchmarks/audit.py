"""Whole audits under three instructions, against three plain forwards.

    .venv/bin/python -m benchmarks.audit [--size real|small] [--dtype float32] [--rounds 3]
        [--model kosmos2|paligemma|qwen2_5_vl] [--frames 1] [--until exchange cut map] [--trail]

Rungs 1 to 4, and six rungs until each stage of `--until`. With `--trail`, behaviour and trail under
two instructions on one frame (what `heedmap trail` runs), against one plain forward.

The whole policy, vision tower included.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from functools import partial

import torch

from benchmarks.instructions import policy_of
from benchmarks.measure import Way, interleaved, print_timings, write_json
from benchmarks.options import add_common, frame_of
from heedmap import CallablePolicy, audit
from heedmap.auditing.steps import follow
from heedmap.data.observation import NamedFrame, of_frame
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import INTERVENTIONS, Intervention

INSTRUCTIONS = {
    "left": "please navigate to the left side until you reach the door there",
    "right": "please navigate to the right side until you reach the door there",
    "forward": "please navigate to the forward side until you reach the door there",
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_common(parser, lengths=False)
    models = ("kosmos2", "paligemma", "qwen2_5_vl")
    parser.add_argument("--model", choices=models, default="kosmos2")
    parser.add_argument("--frames", type=int, default=1)
    parser.add_argument("--until", nargs="*", choices=INTERVENTIONS, default=["cut", "map"])
    parser.add_argument("--profile", action="store_true", help="print where the audit's time goes")
    parser.add_argument("--trail", action="store_true", help="time behaviour and trail instead")
    given = parser.parse_args()
    policy = policy_of(given.model, given.size, getattr(torch, given.dtype))
    if given.trail:
        _time_trail(policy, given)
        return
    frames = {f"frame_{number}": frame_of(number) for number in range(given.frames)}

    def plain() -> None:
        for frame in frames.values():
            for text in INSTRUCTIONS.values():
                policy([of_frame(frame)], [text])

    def audited(until: Intervention | None) -> None:
        if until is None:
            audit(policy, frames, INSTRUCTIONS, trials=())
        else:
            audit(policy, frames, INSTRUCTIONS, until=until)

    if given.profile:
        with cProfile.Profile() as profile:
            audited(given.until[-1] if given.until else None)
        pstats.Stats(profile).sort_stats("cumulative").print_stats("heedmap", 40)
    name = f"{3 * given.frames} plain forwards"
    ways: dict[str, Way] = {name: plain, "audit, rungs 1-4": partial(audited, None)}
    ways |= {f"audit, six rungs, until {each}": partial(audited, each) for each in given.until}
    timings = interleaved(ways, given.rounds)
    title = f"Audit, {policy.name}, {given.dtype}, {given.frames} frame(s)"
    print_timings(title, timings, {})
    more = {"model": policy.name, "dtype": given.dtype, "frames": given.frames}
    write_json(given.json, "audit", timings, **more)


def _time_trail(policy: CallablePolicy, given: argparse.Namespace) -> None:
    observation = of_frame(frame_of(0))
    frame = NamedFrame("frame_0", "drawn", observation)
    two = {name: INSTRUCTIONS[name] for name in ("left", "right")}
    trial = Trial("frame_0", observation, two)
    ways = {
        "1 plain forward": lambda: policy([observation], [two["left"]]),
        "behaviour and trail": lambda: follow(policy, frame, trial),
    }
    timings = interleaved(ways, given.rounds)
    before = policy.act_calls
    follow(policy, frame, trial)
    runs = policy.act_calls - before
    title = f"Behaviour and trail ({runs} runs), {policy.name}, {given.dtype}"
    print_timings(title, timings, {})
    write_json(given.json, "trail", timings, model=policy.name, dtype=given.dtype, runs=runs)


if __name__ == "__main__":
    main()
