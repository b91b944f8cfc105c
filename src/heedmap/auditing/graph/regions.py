"""What each row of each attention computation holds: image, words, state, or the action.

Rows are traced by intervention. One run is repeated with the frame (or the words, or the state)
exchanged while what the readers' attention gave is held as it was: then only the rows that are made
of it differ, by projections, caches and residual streams, and not those that have read it. Held are
computations that feed the action directly, and those that take in both frame and words; an encoder
of one kind of input runs freely, so that what it pools still holds that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field

import torch

from heedmap.auditing.graph.apart import Apart, any_of, regions_of
from heedmap.auditing.graph.beside import way_beside
from heedmap.auditing.graph.carrier import carriers
from heedmap.auditing.graph.rows import ACTION, STATE, WORDS, Beside, Flags, Graph, Rows
from heedmap.auditing.trails import Trails, recorded
from heedmap.auditing.variants import observation_variants, state_variants
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.capture.stacks import pattern_of
from heedmap.tracing.graph.dependence import direct_dependence
from heedmap.tracing.graph.nodes import Node, nodes_of
from heedmap.tracing.trail.recording import OperatorKey, Recording, Value

ROTATIONS = 2
"""Ways to move the instruction's words on by some places, so that each has another one's place."""


@stage(Phrase("finding what each attention computation reads"))
def graph_of(trails: Trails, text: str, others: Sequence[str]) -> Graph:
    """The attention graph of the run under `text`; `others` are further instructions of the frame.

    Raises CaptureError where no attention was seen, the run was too large to be recorded whole, or
    the action does not rest on any attention directly.
    """
    base = trails.of(text)
    if not base.is_whole:
        raise CaptureError("the run is too large to be recorded whole")
    nodes = nodes_of(base)
    if not nodes:
        raise CaptureError("no attention computation was seen in its run")
    made_of = [base.action] if base.action is not None else carriers(trails, text, base)
    if not made_of:
        raise CaptureError("what the action is made from was not found in its run")
    dependence = direct_dependence(base, made_of, {node.number for node in nodes})
    action = {
        node.key: node.output_rows(dependence[node.number])
        if node.number in dependence
        else torch.zeros(node.query_count, dtype=torch.bool)
        for node in nodes
    }
    if not any(bool(rows.any()) for rows in action.values()):
        raise CaptureError("the action rests on no attention computation directly")
    tracing = _Tracing(trails, text, base, nodes, action, made_of)
    return tracing.graph(_as_long(trails, text, others, nodes))


def _as_long(trails: Trails, text: str, others: Sequence[str], nodes: Sequence[Node]) -> list[str]:
    """Other instructions, and the words in other places, that run in the same shapes."""
    words = text.split()
    moved = [" ".join([*words[n:], *words[:n]]) for n in range(1, 1 + ROTATIONS)]
    shapes = {node.key: (node.query_count, node.key_count) for node in nodes}
    found: list[str] = []
    for other in dict.fromkeys([*others, *moved]):
        if other == text or len(other.split()) != len(words):
            continue
        with suppress(InstructionError):
            if trails.policy.token_count(other) != trails.policy.token_count(text):
                continue
            run = trails.of(other)
            if {n.key: (n.query_count, n.key_count) for n in nodes_of(run)} == shapes:
                found.append(other)
    return found


@dataclass
class _Tracing:
    """One run, repeated with one input exchanged."""

    trails: Trails
    text: str
    base: Recording
    nodes: Sequence[Node]
    action: dict[OperatorKey, Flags]
    made_of: Sequence[Value]
    """What the action is, or is made from."""
    _held: dict[OperatorKey, torch.Tensor] = field(default_factory=dict)

    def graph(self, texts: Sequence[str]) -> Graph:
        free_words = [self._apart(self.trails.of(other)) for other in texts]
        free_frames = [
            self._apart(run) for views in self._frames().values() for run in self._runs(views)
        ]
        mixed = {
            node.key
            for node in self.nodes
            if any(each.any_at(node.key) for each in free_words)
            and any(each.any_at(node.key) for each in free_frames)
        }
        self._leave_encoders_out(mixed)
        for node in self.nodes:
            if node.key in mixed or bool(self.action[node.key].any()):
                self._held[node.key] = node.output.tensor
        words = [self._held_apart(self.trails.observation, other) for other in texts]
        regions = {
            camera: [self._held_apart(view, self.text) for view in views]
            for camera, views in self._frames().items()
        }
        states = state_variants(self.trails.observation)
        regions[STATE] = [self._held_apart(state, self.text) for state in states]
        own = self._own_keys()
        rows = tuple(
            self._rows(node, own.get(node.key), words, regions, free_words) for node in self.nodes
        )
        readers = [each for each in rows if each.reads]
        return Graph(
            self.base,
            self.made_of,
            rows,
            tuple(texts),
            words_reach=any(_is_reached(each, free_words) for each in readers),
            frame_reaches=any(_is_reached(each, free_frames) for each in readers),
            beside=None if any(r.decodes_words for r in readers) else self._beside(texts, words),
        )

    def _leave_encoders_out(self, mixed: Set[OperatorKey]) -> None:
        """What an encoder of one kind of input pools may feed the action, but is not decoded.

        `mixed` are computations that take in both frame and words. Where any of them feeds the
        action directly, others do only if they are of the same modules, or their rows are rows of
        the mixed ones' queries: noise on one of them reaches one row there, and not all.
        """
        feeding = [n for n in self.nodes if bool(self.action[n.key].any())]
        readers = [n for n in feeding if n.key in mixed]
        if not readers:
            return
        kept = {pattern_of(node.module) for node in readers}
        for node in feeding:
            if pattern_of(node.module) not in kept and self._is_same_stream(node, readers):
                kept.add(pattern_of(node.module))
        for node in self.nodes:
            if pattern_of(node.module) not in kept:
                self.action[node.key] = torch.zeros_like(self.action[node.key])

    def _is_same_stream(self, node: Node, readers: Sequence[Node]) -> bool:
        """Whether a row of what this gave becomes a row of what the readers ask with."""
        held = {reader.key: reader.output.tensor for reader in readers}
        given = node.output.tensor
        row = int(torch.nonzero(self.action[node.key]).flatten()[0])
        noisy = given.clone()
        noisy.movedim(node.query_axis, 0)[row] += given.std() + 1e-3
        try:
            run = recorded(
                self.trails.policy, self.trails.observation, self.text, held | {node.key: noisy}
            )
        except (InstructionError, CaptureError):
            return False
        queries = self._apart(run).queries
        for reader in readers:
            if (by_group := queries.get(reader.key)) is not None and bool(by_group.any()):
                reached = by_group.any(dim=0)
                is_one_of_one = len(reached) == 1 == node.query_count
                return is_one_of_one or not bool(reached.all())
        return False

    def _beside(self, texts: Sequence[str], words: Sequence[Apart]) -> Beside | None:
        changes = [(each.score_change, text) for each, text in zip(words, texts, strict=True)]
        change, other = max(changes, default=(0.0, ""))
        if not change:
            return None
        return way_beside(self.trails, self.text, other, change, self._held)

    def _own_keys(self) -> dict[OperatorKey, torch.Tensor]:
        """Keys that are made of the action rows, in this computation or one before.

        Found by noise on what all readers gave to their action rows, and on what their queries were
        projected from.
        """
        noisy = dict(self._held)
        generator = torch.Generator().manual_seed(self.trails.seed)
        for node in self.nodes:
            if bool((action := self.action[node.key]).any()):
                given = node.output.tensor
                noise = torch.randn(given.shape, generator=generator).to(given)
                is_action = torch.zeros_like(given, dtype=torch.bool)
                is_action.movedim(node.query_axis, 0)[action] = True
                noisy[node.key] = given + noise * given.std() * is_action
                noisy |= self._noise_on_source(node, action, generator)
        try:
            run = recorded(self.trails.policy, self.trails.observation, self.text, noisy)
        except (InstructionError, CaptureError):
            return {}  # under noise it takes another way
        return dict(self._apart(run).keys)

    def _noise_on_source(
        self, node: Node, action: Flags, generator: torch.Generator
    ) -> dict[OperatorKey, torch.Tensor]:
        """On the rows that a reader's queries were projected from, where they are as many."""
        hidden = node.hidden
        if hidden is None or not hidden.made_by or hidden.tensor.ndim < 2:
            return {}
        maker = self.base.operators[hidden.made_by[-1]]
        rows = hidden.tensor.shape[-2]
        is_output = maker.outputs[0].tensor.shape == hidden.tensor.shape
        if rows != node.query_count or not is_output or maker.key in self._held:
            return {}
        given = maker.outputs[0].tensor
        noise = torch.randn(given.shape, generator=generator).to(given)
        spread = given.std() if given.numel() > 1 else given.abs().max()
        return {maker.key: given + noise * (spread + 1e-3) * action[:, None]}

    def _frames(self) -> dict[str, list[Observation]]:
        cameras = observation_variants(self.trails.observation, self.trails.seed)
        return {("image" if len(cameras) == 1 else f"image:{c}"): v for c, v in cameras.items()}

    def _runs(self, observations: Sequence[Observation]) -> Iterator[Recording]:
        for observation in observations:
            with suppress(InstructionError):
                yield self.trails.anew(self.text, observation)

    def _held_apart(self, observation: Observation, text: str) -> Apart:
        try:
            run = recorded(self.trails.policy, observation, text, self._held)
        except InstructionError as error:
            raise CaptureError("it cannot be run with attention held: {why}", why=error) from error
        return self._apart(run)

    def _apart(self, run: Recording) -> Apart:
        return Apart.between(self.base, self.nodes, run)

    def _rows(
        self,
        node: Node,
        own: torch.Tensor | None,
        words: Sequence[Apart],
        others: Mapping[str, Sequence[Apart]],
        free_words: Sequence[Apart],
    ) -> Rows:
        inputs = {WORDS: words, **others}
        keys = {name: [each.keys.get(node.key) for each in runs] for name, runs in inputs.items()}
        no_keys = torch.zeros(node.groups, node.key_count, dtype=torch.bool)
        regions = regions_of(keys, no_keys, own)
        queries = {n: [each.queries.get(node.key) for each in runs] for n, runs in inputs.items()}
        action = self.action[node.key]
        none = torch.zeros(node.groups, node.query_count, dtype=torch.bool)
        is_known = any(each is not None for found in queries.values() for each in found)
        starts = regions_of(queries, none, action.expand_as(none)) if is_known else None
        asking = [each.any(dim=0) for each in queries[WORDS] if each is not None]
        holds_words = any_of(asking, torch.zeros(node.query_count, dtype=torch.bool))
        # Where all rows differ, or just the action's, they are modulated, and hold no word.
        decodes = any(
            bool((q & action).any()) and not bool(q.all()) and not torch.equal(q, action)
            for q in asking
        )
        free = [each.keys[node.key] for each in free_words if node.key in each.keys]
        moving = any_of(free, no_keys) if free else None
        return Rows(node, action, holds_words, decodes, regions, starts, moving)


def _is_reached(rows: Rows, free: Sequence[Apart]) -> bool:
    """Whether anything that the action rows may see changes with the input, beside themselves."""
    seen = rows.node.seen[:, rows.action].any(dim=1)
    if (own := rows.regions.get(ACTION)) is not None:
        seen = seen & ~own
    return any(
        bool((seen & each.keys[rows.node.key]).any()) for each in free if rows.node.key in each.keys
    )
