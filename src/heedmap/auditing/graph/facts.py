"""What an attention graph says of rungs 2 to 4: pure, no policy runs here."""

from __future__ import annotations

from collections.abc import Sequence, Set

import torch

from heedmap.auditing.graph.rollout import rollout_of
from heedmap.auditing.graph.rows import ACTION, MIXED, REST, WORDS, Graph, Rows, Shares
from heedmap.auditing.measures.heads import ALIVE_SHARE
from heedmap.ladder.evidence import Bypass
from heedmap.ladder.measurements import (
    AttendedFacts,
    Computation,
    HeadOnInstruction,
    PresenceFacts,
    StackInfo,
    VisibilityFacts,
)
from heedmap.ladder.thresholds import ZERO_VALUE_SHARE
from heedmap.record.regions import is_image
from heedmap.tracing.capture.stacks import pattern_of

TOP_HEADS = 5


def computations(graph: Graph, shares: Sequence[Shares]) -> tuple[Computation, ...]:
    """One for each node, in the order in which they ran."""
    return tuple(_computation(*each) for each in zip(graph.rows, shares, strict=True))


def stacks(graph: Graph, shares: Sequence[Shares]) -> tuple[StackInfo, ...]:
    """Computations of like modules; those that the action is decoded from are taken."""
    by_pattern: dict[str, list[Rows]] = {}
    reading_words: set[int] = set()
    for rows, share in zip(graph.rows, shares, strict=True):
        by_pattern.setdefault(pattern_of(rows.node.module), []).append(rows)
        if WORDS in share and bool((share[WORDS] > 0).any()) and not bool(rows.asking.all()):
            reading_words.add(rows.node.number)
    return tuple(_stack(*each, reading_words) for each in by_pattern.items())


def _stack(pattern: str, held: Sequence[Rows], reading_words: Set[int]) -> StackInfo:
    readers = [rows for rows in held if rows.reads]
    counted = readers or held  # a call that the action is not decoded from reads for something else
    reading = {rows.node.call for rows in counted if rows.node.number in reading_words}
    return StackInfo(
        pattern=pattern,
        layers=len({rows.node.module for rows in held}),
        positions=max(rows.node.key_count for rows in held),
        backend="softmax" if held[0].node.fused is None else "sdpa",
        taken=bool(readers),
        reason=_READS if readers else _FEEDS,
        reads_words=any(rows.node.number in reading_words for rows in held),
        calls=1 + max(rows.node.call for rows in counted),
        calls_reading=tuple(sorted(reading)),
        holds_words=any(bool(rows.words.any()) for rows in held),
        image_only=_image_only(readers),
    )


def _image_only(readers: Sequence[Rows]) -> tuple[str, ...]:
    """Modules whose rows see image positions alone, in every call that the action rests on.

    And no words that got to these positions before.
    """
    is_only: dict[str, bool] = {}
    for rows in readers:
        seen, still = rows.seen, torch.zeros_like(rows.seen)
        if rows.moving is not None:
            still = rows.images & ~rows.moving
        only = bool(seen.any()) and not bool((seen & ~still).any())
        is_only[rows.node.module] = is_only.get(rows.node.module, True) and only
    return tuple(module for module, only in is_only.items() if only)


_READS = "the action is decoded from its rows"
_FEEDS = (
    "it encodes one kind of input, or the action rests on its rows through other attention only, "
    "or not at all"
)


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
    images = max((_count(rows.images) for rows in looked), default=0)
    direct = max((_count(rows.seen & rows.words) for rows in graph.readers), default=0)
    image_direct = max((_count(rows.seen & rows.images) for rows in graph.readers), default=0)
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


def attended(graph: Graph, shares: Sequence[Shares]) -> AttendedFacts | None:
    """Where action rows may see words; else where rows do that feed them; None where none do."""
    seeing = _seeing(graph, shares)
    if not seeing:
        return None
    words = [share[WORDS] for _, share in seeing]
    images = [
        sum((s for n, s in share.items() if is_image(n)), start=torch.zeros(()))
        for _, share in seeing
    ]
    total = torch.cat([(one + two) for one, two in zip(words, images, strict=True)])
    by_head = torch.cat(words)
    lifts = [_lift(rows, share[WORDS]) for rows, share in seeing]
    known = [lift for lift in lifts if lift is not None]
    rollout = rollout_of(graph)
    return AttendedFacts(
        share=_mean(words),
        last_layer_share=float(words[-1].mean()),
        lift=sum(known) / len(known) if known else None,
        sinks=(),
        value_share=None,
        rollout_share=rollout.by_region.get(WORDS, 0.0) if rollout.by_region else None,
        rollout_by_region=rollout.by_region,
        rollout_unknown=rollout.unknown,
        largest_share=max(float(share[WORDS].max()) for _, share in _pairs(graph, shares)),
        values_are_zero=all(_is_zero(rows) for rows, _ in seeing),
        heads_alive_by_layer=tuple(int((s >= ALIVE_SHARE).sum()) for s in words),
        top_heads=_top_heads(words),
        ivar=float(by_head.mean() / total.mean()) if float(total.mean()) > 0 else None,
    )


def words_share(graph: Graph, shares: Sequence[Shares]) -> float | None:
    """As `AttendedFacts.share`; None where no row may see words."""
    seeing = _seeing(graph, shares)
    return _mean([share[WORDS] for _, share in seeing]) if seeing else None


def _pairs(graph: Graph, shares: Sequence[Shares]) -> list[tuple[Rows, Shares]]:
    """Computations in which rows that count may see words."""
    return [
        (rows, share)
        for rows, share in zip(graph.rows, shares, strict=True)
        if (rows.seen & rows.words).any()
    ]


def _seeing(graph: Graph, shares: Sequence[Shares]) -> list[tuple[Rows, Shares]]:
    """Those of them that the action is decoded from; where there are none, all."""
    pairs = _pairs(graph, shares)
    return [pair for pair in pairs if pair[0].reads] or pairs


def bypass(graph: Graph, floor: float) -> Bypass:
    """A way beside attention, if it moves the action by more than `floor`."""
    if not graph.word_texts or any(rows.decodes_words for rows in graph.readers):
        return Bypass(status="not measured")
    if graph.beside is None or graph.beside.change <= floor:
        return Bypass(status="none")
    return Bypass(
        status="found", kind="after", module=graph.beside.module, change=graph.beside.change
    )


def _computation(rows: Rows, shares: Shares) -> Computation:
    node = rows.node
    means = {name: float(share.mean()) for name, share in shares.items()}
    return Computation(
        module=node.module,
        call=node.call,
        queries=node.query_count,
        keys=node.key_count,
        groups=node.groups,
        action_rows=tuple(torch.nonzero(rows.action).flatten().tolist()),
        shares={**means, REST: max(0.0, 1.0 - sum(means.values()))},
        words=_count(rows.words),
        words_seen=_count(rows.seen & rows.words),
    )


def _lift(rows: Rows, share: torch.Tensor) -> float | None:
    """Share for each visible key of the instruction, against attention spread evenly."""
    seen = rows.seen
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
