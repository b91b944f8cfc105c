"""What an attention graph says of rungs 2 to 4: pure, no policy runs here."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from heedmap.auditing.graph.regions import ACTION, MIXED, Graph, Rows
from heedmap.ladder.evidence import Bypass
from heedmap.ladder.thresholds import ZERO_VALUE_SHARE
from heedmap.ladder.verdict import (
    AttendedFacts,
    Computation,
    HeadOnInstruction,
    PresenceFacts,
    StackInfo,
    VisibilityFacts,
)
from heedmap.measures.heads import ALIVE_SHARE
from heedmap.record.regions import is_image
from heedmap.tracing.capture.stacks import pattern_of

REST = "rest"
TOP_HEADS = 5


def computations(graph: Graph) -> tuple[Computation, ...]:
    """One for each node, in the order in which they ran."""
    return tuple(_computation(rows) for rows in graph.rows)


def stacks(graph: Graph) -> tuple[StackInfo, ...]:
    """Computations of like modules; those that the action is decoded from are taken."""
    by_pattern: dict[str, list[Rows]] = {}
    for rows in graph.rows:
        by_pattern.setdefault(pattern_of(rows.node.module), []).append(rows)
    return tuple(
        StackInfo(
            pattern=pattern,
            layers=len({rows.node.module for rows in held}),
            positions=max(rows.node.key_count for rows in held),
            backend="softmax" if held[0].node.fused is None else "sdpa",
            taken=any(rows.reads for rows in held),
            reason=_READS if any(rows.reads for rows in held) else _FEEDS,
            reads_words=any(_reads_words(rows) for rows in held),
            calls=1 + max(rows.node.call for rows in held),
            calls_reading=tuple(sorted({r.node.call for r in held if _reads_words(r)})),
        )
        for pattern, held in by_pattern.items()
    )


_READS = "the action is decoded from its rows"
_FEEDS = "the action rests on its rows through other attention only, or not at all"


def _reads_words(rows: Rows) -> bool:
    """Whether any row that counts has attention on words."""
    return bool((_share(rows, rows.words) > 0).any()) and not bool(rows.asking.all())


def presence(graph: Graph) -> PresenceFacts:
    """Keys that hold words, in the first computation that has any."""
    held = next((rows for rows in graph.rows if rows.words.any()), None)
    asking = next((r for r in graph.rows if r.asking.any() or r.decodes_words), None)
    mixed = next((rows for rows in graph.rows if MIXED in rows.regions), None)
    return PresenceFacts(
        measured=bool(graph.word_texts),
        positions=_positions(held.words) if held is not None else _places(asking),
        mixed_positions=() if mixed is None else _positions(mixed.regions[MIXED]),
    )


def _places(asking: Rows | None) -> tuple[int, ...]:
    """Of queries that hold words: an image may be what is read by them."""
    if asking is None:
        return ()
    return tuple(torch.nonzero(asking.word_queries).flatten().tolist())


def visibility(graph: Graph) -> VisibilityFacts:
    """What the masks let through to the action rows, in any of the computations that have some."""
    # Where no reader has words among its keys, and none come to it over others, no mask hides them.
    asked = graph.rows if graph.words_reach else graph.readers
    words = max((_count(rows.words) for rows in asked), default=0)
    looked = graph.rows if graph.frame_reaches else graph.readers
    images = max((_count(_image(rows)) for rows in looked), default=0)
    direct = max((_count(_seen(rows) & rows.words) for rows in graph.readers), default=0)
    image_direct = max((_count(_seen(rows) & _image(rows)) for rows in graph.readers), default=0)
    reachable = direct or (words if graph.words_reach else 0)
    blind = {
        row
        for rows in graph.readers
        for row in torch.nonzero(rows.action & ~rows.node.seen.any(dim=2).any(dim=0)).flatten()
    }
    return VisibilityFacts(
        instruction_total=words,
        instruction_direct=direct,
        instruction_reachable=reachable,
        instruction_hops=1 if direct else 2 if reachable else None,
        instruction_after_action=not reachable and _are_after(graph),
        image_total=images,
        image_direct=image_direct,
        image_reachable=image_direct or (images if graph.frame_reaches else 0),
        blind_rows=tuple(sorted(int(row) for row in blind)),
    )


def attended(graph: Graph) -> AttendedFacts | None:
    """Where action rows may see words; else where rows do that feed them; None where none do."""
    seeing = [r for r in graph.readers if (_seen(r) & r.words).any()]
    seeing = seeing or [r for r in graph.rows if (_seen(r) & r.words).any() and not r.reads]
    if not seeing:
        return None
    shares = [_share(rows, rows.words) for rows in seeing]
    images = [_share(rows, _image(rows)) for rows in seeing]
    by_head = torch.cat([each.flatten() for each in shares])
    total = by_head + torch.cat([each.flatten() for each in images])
    lifts = [_lift(rows, share) for rows, share in zip(seeing, shares, strict=True)]
    known = [lift for lift in lifts if lift is not None]
    zero = [_is_zero(rows) for rows in seeing]
    return AttendedFacts(
        share=_mean(shares),
        last_layer_share=float(shares[-1].mean()),
        lift=sum(known) / len(known) if known else None,
        sinks=(),
        value_share=None,
        rollout_share=None,
        largest_share=max(
            float(_share(r, r.words).max()) for r in graph.rows if (_seen(r) & r.words).any()
        ),
        values_are_zero=all(zero),
        heads_alive_by_layer=tuple(int((s >= ALIVE_SHARE).sum()) for s in shares),
        top_heads=_top_heads(shares),
        ivar=float(by_head.mean() / total.mean()) if float(total.mean()) > 0 else None,
    )


def bypass(graph: Graph, floor: float) -> Bypass:
    """A way beside attention, if it moves the action by more than `floor`."""
    if not graph.word_texts or any(rows.decodes_words for rows in graph.readers):
        return Bypass(status="not measured")
    if graph.beside is None or graph.beside.change <= floor:
        return Bypass(status="none")
    return Bypass(
        status="found", kind="after", module=graph.beside.module, change=graph.beside.change
    )


def _computation(rows: Rows) -> Computation:
    node = rows.node
    shares = {name: float(_share(rows, held).mean()) for name, held in rows.regions.items()}
    return Computation(
        module=node.module,
        call=node.call,
        queries=node.query_count,
        keys=node.key_count,
        groups=node.groups,
        action_rows=tuple(torch.nonzero(rows.action).flatten().tolist()),
        shares={**shares, REST: max(0.0, 1.0 - sum(shares.values()))},
        words=_count(rows.words),
        words_seen=_count(_seen(rows) & rows.words),
    )


def _asking(rows: Rows) -> torch.Tensor:
    """The rows whose attention counts: the action's, else all that hold no words."""
    chosen = rows.action if rows.reads else ~rows.asking
    return chosen if bool(chosen.any()) else torch.ones_like(chosen)


def _share(rows: Rows, held: torch.Tensor) -> torch.Tensor:
    """Of each group's attention, mean over the rows that count."""
    chosen = torch.nonzero(_asking(rows)).flatten().tolist()
    weights = rows.node.weights(chosen).double()
    return (weights * held[:, None]).sum(dim=-1).mean(dim=-1)


def _seen(rows: Rows) -> torch.Tensor:
    """Keys that any of the rows that count may see, group by group."""
    return rows.node.seen[:, _asking(rows)].any(dim=1)


def _image(rows: Rows) -> torch.Tensor:
    found = torch.zeros(rows.node.groups, rows.node.key_count, dtype=torch.bool)
    for name, held in rows.regions.items():
        if is_image(name):
            found = found | held
    return found


def _lift(rows: Rows, share: torch.Tensor) -> float | None:
    """Share for each visible key of the instruction, against attention spread evenly."""
    seen = _seen(rows)
    even = (seen & rows.words).sum().double() / seen.sum().double()
    return float(share.mean() / even) if 0 < float(even) < 1 else None


def _is_zero(rows: Rows) -> bool:
    """Whether the values at the words are nothing beside the others'."""
    lengths = rows.node.values.float().norm(dim=-1)
    others = lengths[~rows.words]
    usual = others.median() if others.numel() else lengths.median()
    return bool(lengths[rows.words].max() <= ZERO_VALUE_SHARE * usual)


def _are_after(graph: Graph) -> bool:
    """Whether all words come behind all action rows, wherever both are keys."""
    both = [rows for rows in graph.readers if ACTION in rows.regions and rows.words.any()]
    return bool(both) and all(
        min(_positions(rows.words)) > max(_positions(rows.regions[ACTION])) for rows in both
    )


def _top_heads(shares: Sequence[torch.Tensor]) -> tuple[HeadOnInstruction, ...]:
    heads = [
        HeadOnInstruction(layer=number, head=head, share=float(value))
        for number, share in enumerate(shares)
        for head, value in enumerate(share.tolist())
    ]
    return tuple(sorted(heads, key=lambda each: -each.share)[:TOP_HEADS])


def _mean(shares: Sequence[torch.Tensor]) -> float:
    return float(torch.stack([share.mean() for share in shares]).mean())


def _positions(held: torch.Tensor) -> tuple[int, ...]:
    return tuple(torch.nonzero(held.any(dim=0)).flatten().tolist())


def _count(held: torch.Tensor) -> int:
    return int(held.any(dim=0).sum())
