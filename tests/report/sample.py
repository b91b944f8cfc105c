"""Results made without a model: what an audit of the two wirings looks like, small.

`monavla` writes 64 image embeddings over the words and keeps the words' mask: S = 257, the
action last, only as many image positions visible as the instruction has tokens. `sound`
has BOS, 64 image embeddings, the words, and the action.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from PIL import Image

from heedmap.ladder.evidence import Bypass
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import (
    Facts,
    InstructionPair,
    Measurements,
    PresenceFacts,
    StackInfo,
    TokenFacts,
    VisibilityFacts,
)
from heedmap.record.record import (
    ActionResult,
    Case,
    HeldOutAccuracy,
    Instruction,
    LayoutInfo,
    PolicyResult,
    Record,
    RegionCount,
    RunInfo,
    WordPositions,
    frame_info,
)
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind, share_table

TEXT_LEN = {"left": 12, "right": 12, "forward": 11}
ACTIONS = ("left", "right", "forward")
Shares = Mapping[str, Sequence[Sequence[float]]]
"""Region to shares by layer and head."""


def span(start: int, stop: int) -> tuple[int, ...]:
    return tuple(range(start, stop))


def layout(regions: Mapping[str, tuple[int, ...]], visible: Sequence[int]) -> LayoutInfo:
    counts = {
        name: RegionCount(visible=len(set(held) & set(visible)), total=len(held))
        for name, held in regions.items()
    }
    return LayoutInfo(regions=dict(regions), visible_counts=counts)


def monavla_case(instruction: str, frame: str = "case", *, text_len: int | None = None) -> Case:
    length = TEXT_LEN[instruction]
    visible = (*span(0, length), 256)
    declared = {
        "image": span(0, 64),
        "text": span(64, 64 + length),
        "undeclared": span(64 + length, 257),
    }
    measured = {"image": span(0, 64), "action": (256,), "padding": span(64, 256)}
    return Case(
        frame=frame,
        instruction=instruction,
        token_count=length if text_len is None else text_len,
        sequence_length=257,
        action_rows=(256,),
        action=ActionResult(
            name="left", values=(2.0, 0.5, 0.0), probabilities={"left": 0.7, "right": 0.3}
        ),
        visible_positions=visible,
        layouts={"declared": layout(declared, visible), "measured": layout(measured, visible)},
        words=tuple(WordPositions(word=word, positions=()) for word in ("go", "left")),
    )


def sound_case(instruction: str, frame: str = "case") -> Case:
    length = TEXT_LEN[instruction]
    size = 65 + length + 1
    visible = span(0, size)
    declared = {"image": span(0, 64), "text": span(64, 64 + length)}
    declared["undeclared"] = span(64 + length, size)
    measured = {
        "image": span(1, 65),
        "instruction": span(65, size - 1),
        "special": (0,),
        "action": (size - 1,),
    }
    return Case(
        frame=frame,
        instruction=instruction,
        token_count=length,
        sequence_length=size,
        action_rows=(size - 1,),
        action=ActionResult(name=instruction, values=(0.0, 1.0, 0.5)),
        visible_positions=visible,
        layouts={"declared": layout(declared, visible), "measured": layout(measured, visible)},
        words=(WordPositions(word="go", positions=(65,)),),
    )


def facts(cases: Sequence[Case], *, attention_identical: bool) -> Facts:
    regions = [case.layouts["measured"].regions for case in cases]
    counts = [case.layouts["measured"].visible_counts["image"] for case in cases]
    seen = {p for case, r in zip(cases, regions, strict=True) for p in r["image"]} & {
        p for case in cases for p in case.visible_positions
    }
    pair = InstructionPair(
        first="left",
        second="right",
        same_token_count=True,
        attention_identical=attention_identical,
        action_identical=attention_identical,
        choice_identical=attention_identical,
    )
    return Facts(
        instruction_positions=tuple(sorted({p for r in regions for p in r.get("instruction", ())})),
        instruction_measured=True,
        mixed_positions=(),
        seen_image_positions=tuple(sorted(seen)),
        image_total=64,
        image_visible_min=min(count.visible for count in counts),
        image_visible_max=max(count.visible for count in counts),
        pairs=(pair,),
        layouts_disagree=True,
    )


def measurements(known: Facts) -> Measurements:
    """What the ladder would be judged from; `monavla` where nothing moves with the words."""
    words = len(known.instruction_positions)
    return Measurements(
        stacks=(
            StackInfo(
                pattern="layers.*.self_attn",
                layers=2,
                positions=257,
                backend="sdpa",
                taken=True,
                reason="the only one",
            ),
        ),
        tokens=TokenFacts(module="embed", ids={"left": (0, 5, 2)}, follows_instruction=True),
        presence=PresenceFacts(
            measured=True,
            positions=known.instruction_positions,
            mixed_positions=(),
            overwritten_positions=() if words else span(3, 11),
            length_changes_attention=None if words else True,
        ),
        visibility=VisibilityFacts(
            instruction_total=words,
            instruction_direct=words,
            instruction_reachable=words,
            instruction_hops=1 if words else None,
            instruction_after_action=False,
            image_total=known.image_total,
            image_direct=known.image_visible_min,
            image_reachable=known.image_visible_min,
        ),
        attended=None,
        bypass=Bypass(status="none"),
    )


def policy(
    name: str,
    cases: Sequence[Case],
    *,
    layers: int,
    heads: int,
    attention_identical: bool = False,
    accuracy: tuple[HeldOutAccuracy, ...] = (),
) -> PolicyResult:
    known = facts(cases, attention_identical=attention_identical)
    return PolicyResult(
        name=name,
        family="specimen",
        weights_sha256="ab" * 32,
        layers=layers,
        heads=heads,
        action_names=ACTIONS,
        attention_layers=tuple(f"layers.{i}.self_attn" for i in range(layers)),
        attention_implementation="heedmap",
        outputs_unchanged=True,
        verdict=(verdict := judge(found := measurements(known))),
        measurements=found,
        cases=tuple(cases),
        facts=known,
        sentence=verdict.sentence,
        held_out_accuracy=accuracy,
    )


def result(
    policies: Sequence[PolicyResult],
    tables: Sequence[pa.Table],
    *,
    frames: Sequence[str] = ("case",),
) -> Result:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    pixels = pixels.repeat(7, 0).repeat(7, 1)
    Image.fromarray(pixels).save(buffer, "PNG")
    record = Record(
        run=RunInfo(
            created_utc="2026-11-23T15:00:00+00:00",
            arguments={"command": "demo", "wiring": "monavla"},
            versions={"python": "3.11.7", "torch": "2.13.0"},
            commit="0123456789abcdef",
            seed=7,
        ),
        frames=tuple(frame_info(index, name, "array", pixels) for index, name in enumerate(frames)),
        instructions=tuple(
            Instruction(name=name, text=f"navigate to the {name}", expected_action=name)
            for name in ACTIONS
        ),
        policies=tuple(policies),
    )
    return Result(
        record,
        {"attention": pa.concat_tables(tables)},
        {name: buffer.getvalue() for name in frames},
    )


def table(name: str, case: Case, kind: LayoutKind, shares: Shares) -> pa.Table:
    arrays = {region: np.array(values, dtype=float) for region, values in shares.items()}
    return share_table(name, case.frame, case.instruction, kind, arrays)


def random_tables(name: str, cases: Sequence[Case], layers: int, heads: int) -> list[pa.Table]:
    """Attention over positions, drawn once per case and summed over each layout's regions.

    The seed is the same for instructions of equal length, as under the MoNaVLA wiring.
    """
    tables: list[pa.Table] = []
    for case in cases:
        rng = np.random.default_rng(case.token_count)
        visible = list(case.visible_positions)
        tilt = np.linspace(0.0, 4.0, layers)[:, None, None]
        scores = rng.normal(size=(layers, heads, len(visible)))
        scores[..., :-1] += tilt  # later layers look more at the sequence than at themselves
        weights = np.zeros((layers, heads, case.sequence_length))
        weights[..., visible] = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        for kind, info in case.layouts.items():
            sums = {
                region: weights[..., list(held)].sum(-1) for region, held in info.regions.items()
            }
            tables.append(share_table(name, case.frame, case.instruction, kind, sums))
    return tables


def realistic(
    layers: int = 8,
    heads: int = 4,
    names: tuple[str, str] = ("exp41b_resume_exp40_pta@monavla", "exp41b_resume_exp40_pta@sound"),
    frames: Sequence[str] = ("case",),
) -> Result:
    """Both wirings under three instructions, with held-out accuracies for the first."""
    overwritten = [monavla_case(name, frame) for frame in frames for name in ACTIONS]
    heeded = [sound_case(name, frame) for frame in frames for name in ACTIONS]
    accuracy = HeldOutAccuracy(
        style="navigate",
        frame_cases=500,
        per_instruction={"left": 1.0, "right": 0.004, "forward": 0.33},
        all_three=0.0,
    )
    policies = [
        policy(
            names[0],
            overwritten,
            layers=layers,
            heads=heads,
            attention_identical=True,
            accuracy=(accuracy,),
        ),
        policy(names[1], heeded, layers=layers, heads=heads),
    ]
    tables = [
        *random_tables(names[0], overwritten, layers, heads),
        *random_tables(names[1], heeded, layers, heads),
    ]
    return result(policies, tables, frames=frames)


def without_token_counts(built: Result) -> Result:
    """The same of policies that do not tell how many tokens an instruction has."""
    policies = [
        policy.model_copy(
            update={
                "cases": tuple(c.model_copy(update={"token_count": None}) for c in policy.cases)
            }
        )
        for policy in built.record.policies
    ]
    record = built.record.model_copy(update={"policies": tuple(policies)})
    return Result(record, {"attention": built.attention}, built.frame_png)
