"""Every form of attention that torch can run, alone in a policy: read as it is, mask named."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.trails import Trails
from heedmap.ladder.causes import Cause
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.graph.flow import flow_of
from tests.graph_policies import (
    ACTIONS,
    DIM,
    HEADS,
    PATCHES,
    TEXTS,
    Base,
    Fault,
    apart,
    heads_of,
    policy,
    trials,
)

Tensor = torch.Tensor
Form = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""From queries, keys, values (batch, head, row, dim) and what may be seen (query, key)."""


def scaled(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(q.shape[-1])


def batch_key_head(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = torch.einsum("bhqd,bhkd->bkhq", q, k) / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(~seen.mT[None, :, None], -1e9).softmax(dim=1)
    return torch.einsum("bkhq,bhkd->bhqd", weights, v)


def product_and_sum(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = (q[..., None, :] * k[:, :, None]).sum(dim=-1) / math.sqrt(q.shape[-1])
    weights = torch.where(seen, scores, torch.tensor(-1e9)).softmax(dim=-1)
    return (weights[..., None] * v[:, :, None]).sum(dim=3)


def keys_first(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = scaled(k, q).masked_fill(~seen.mT, -1e9)
    return (v.mT @ scores.softmax(dim=2)).mT


def head_by_head(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    read = [
        scaled(q[:, head], k[:, head]).masked_fill(~seen, -torch.inf).softmax(dim=-1) @ v[:, head]
        for head in range(HEADS)
    ]
    return torch.stack(read, dim=1)


def sink_behind(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = scaled(q, k).masked_fill(~seen, -torch.inf)
    sink = torch.linspace(-1, 1, HEADS)[None, :, None, None].expand(*scores.shape[:3], 1)
    return torch.cat([scores, sink], dim=-1).softmax(dim=-1)[..., :-1] @ v


def sink_in_front(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    scores = scaled(q, k).masked_fill(~seen, -1e9)
    sink = torch.linspace(-1, 1, HEADS)[None, :, None, None].expand(*scores.shape[:3], 1)
    weights = torch.cat([sink, scores], dim=-1).softmax(dim=-1)
    return weights @ torch.cat([torch.zeros_like(v[:, :, :1]), v], dim=2)


def soft_cap(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    return (5 * torch.tanh(scaled(q, k) / 5)).masked_fill(~seen, -1e9).softmax(dim=-1) @ v


def alibi(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    apart_by = (torch.arange(seen.shape[0])[:, None] - torch.arange(seen.shape[1])).abs()
    bias = -apart_by * 2.0 ** -torch.arange(1.0, HEADS + 1)[:, None, None]
    mask = bias.masked_fill(~seen, -torch.inf)[None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
        del ctx
        return scaled(q, k).masked_fill(~seen, -1e9).softmax(dim=-1) @ v

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError


def autograd_function(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    read = _Function.apply(q, k, v, seen)
    assert isinstance(read, Tensor)
    return read


FORMS: tuple[Form, ...] = (
    batch_key_head,
    product_and_sum,
    keys_first,
    head_by_head,
    sink_behind,
    sink_in_front,
    soft_cap,
    alibi,
    autograd_function,
)


class InOneForward(Base):
    """Two layers computed in one forward, with no module of their own: image, words and action."""

    def __init__(self, form: Form, fault: Fault = "none") -> None:
        super().__init__(fault)
        torch.manual_seed(2)
        self.form = form
        self.projections = nn.ParameterList(
            nn.Parameter(torch.randn(DIM, 3 * DIM) / DIM**0.5) for _ in range(2)
        )
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor, words: Tensor) -> Tensor:
        count = words.shape[1]
        x = torch.cat([images, words, self.queries(images)], dim=1)
        seen = apart(PATCHES, count, ACTIONS)
        if (hidden := self.hidden(count)) is not None:
            seen[-ACTIONS:, : PATCHES + count] = hidden
        for projection in self.projections:
            q, k, v = (heads_of(each) for each in (x @ projection).chunk(3, dim=-1))
            x = x + self.form(q, k, v, seen).transpose(1, 2).flatten(2)
        return self.head(x[:, -ACTIONS:]).flatten(1)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_what_its_keys_hold_is_known_and_the_flow_is_whole(form: Form) -> None:
    net = InOneForward(form).eval()
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        found = graph_of(trails, TEXTS["left"], list(TEXTS.values()))
    sinks = int(form is sink_in_front)  # in front of the keys
    layers = 1 if form is not head_by_head else HEADS
    assert len(found.rows) == 2 * layers
    for rows in found.rows:
        held = {n: torch.nonzero(k.any(dim=0)).flatten().tolist() for n, k in rows.regions.items()}
        words = range(PATCHES + 1 + sinks, PATCHES + 6 + sinks)
        assert held["instruction"] == list(words)
        assert held["image"] == list(range(sinks, PATCHES + sinks))
        assert torch.nonzero(rows.action).flatten().tolist() == list(range(10, 14))
    flow = flow_of(found.base, [rows.node for rows in found.rows], found.made_of)
    assert flow.total == pytest.approx(1, abs=1e-6)
    if form is sink_behind:
        assert flow.nowhere > 0.01
    else:
        assert flow.nowhere == pytest.approx(0, abs=1e-6)


def cause_of(form: Form, fault: Fault) -> Cause:
    frames = trials(1)
    shown = {frame.name: frame.observation for frame in frames}
    net = policy(InOneForward(form, fault).eval())
    return (
        audit(net, shown, TEXTS, trials=frames, until="exchange").record.policies[0].verdict.cause
    )


@pytest.mark.parametrize(
    "form", [product_and_sum, keys_first, sink_in_front], ids=lambda form: form.__name__
)
def test_its_mask_is_named_where_nothing_else_attends(form: Form) -> None:
    assert cause_of(form, "masked") == "masked"


def test_a_healthy_twin_is_whole() -> None:
    assert cause_of(product_and_sum, "none") == "none"
