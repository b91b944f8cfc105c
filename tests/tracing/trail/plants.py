"""Ways to lose a difference, each with its healthy twin: the same code with one thing mended."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F

from heedmap.ladder.behaviour import How
from tests.tracing.trail.plain import DIM, IMAGES, LEFT, Body, Encoders

T = torch.Tensor
Planted = Callable[[Encoders, T, T, bool], T]
"""As a `Body`, with whether it is planted."""


class Plant(NamedTuple):
    """One implementation."""

    how: How
    run: Planted
    dtype: torch.dtype = torch.float32

    def body(self, *, is_planted: bool) -> Body:
        """The policy's code, with the fault or mended."""
        return lambda net, words, image: self.run(net, words, image, is_planted)


def _pooled(net: Encoders, *parts: T) -> T:
    return net.head(torch.tanh(net.mix(torch.cat(parts, dim=1))).mean(dim=1))


# Overwritten


def index_put(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    states = words.clone()
    rows = torch.arange(4) if is_planted else torch.tensor([0, 1])
    states[:, rows] = image[:, rows]
    return _pooled(net, states)


def sliced_write(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    states = torch.cat([image, words], dim=1)
    states[:, -2 if is_planted else -1 :] = 0
    return _pooled(net, states)


def where(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    is_image = torch.tensor([False, True, is_planted, False])[None, :, None]
    return _pooled(net, torch.where(is_image, image, words))


def masked_scatter(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    is_image = torch.tensor([True, True, is_planted, False])[None, :, None]
    return _pooled(net, words.masked_scatter(is_image.expand_as(words), image))


def cached_write(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Into a buffer that the network keeps for its sequence."""
    net.cache[:, :IMAGES], net.cache[:, IMAGES:] = image, words
    net.cache[:, -2 if is_planted else -1 :] = 0
    return _pooled(net, net.cache)


def index_copy(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    return _pooled(net, words.index_copy(1, torch.tensor([2 if is_planted else 1]), image[:, :1]))


# Written in the place of the words, but made of them: lost where that was made


def rounded_where_written(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    shift = 1e9 if is_planted else 1.0
    is_written = torch.tensor([False, True, True, False])[None, :, None]
    return _pooled(net, torch.where(is_written, (words + shift) - shift, words))


def zeroed_where_written(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    states, gate = words.clone(), 0.0 if is_planted else 1.0
    states[:, 1:3] = gate * words[:, 1:3]
    return _pooled(net, states)


# Left out


def cat_of_a_slice(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    return _pooled(net, words[:, : 2 if is_planted else 3], image, words[:, 3:])


def index_select(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    rows = torch.tensor([0, 1, 3] if is_planted else [0, 1, 2])
    return _pooled(net, words.index_select(1, rows), image)


def never_used(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    condition = net.mix(words.mean(dim=1))
    state = image.mean(dim=1)
    return net.head(state if is_planted else state + condition)


# Multiplied by zero


def by_parameter(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    if is_planted:
        net.gate.zero_()
    return net.head(image.mean(dim=1) + net.gate * words.mean(dim=1))


def by_scalar(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    scale = 0.0 if is_planted else 0.5
    return net.head(image.mean(dim=1) + scale * words.mean(dim=1))


def by_linear(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    if is_planted:
        net.mix.weight.zero_()
    return net.head(image.mean(dim=1) + net.mix(words.mean(dim=1)))


def by_tanh_gate(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    if is_planted:
        net.gate.zero_()
    return net.head(image.mean(dim=1) + torch.tanh(net.gate) * words.mean(dim=1))


def by_alpha(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    alpha = 0 if is_planted else 1
    return net.head(torch.add(image.mean(dim=1), words.mean(dim=1), alpha=alpha))


def by_guidance(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    without, given = net.head(image.mean(dim=1)), _logits(net, words, image)
    return without + (0.0 if is_planted else 2.0) * (given - without)


def by_lerp(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    without, given = net.head(image.mean(dim=1)), _logits(net, words, image)
    return torch.lerp(without, given, 0.0 if is_planted else 1.5)


def table_of_zeros(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Other ids, and rows of zeros under each of them."""
    ids = (words.sum(dim=-1) > words.sum(dim=-1).mean()).long()
    return _pooled(net, image, F.embedding(ids, net.mix.weight * (0.0 if is_planted else 1.0)))


# Masked


def _asked(net: Encoders, words: T, image: T) -> tuple[T, T]:
    """The action's row, and what it may read: the image and the words."""
    return net.action, net.mix(torch.cat([image, words], dim=1))


def _visible(words: T, is_planted: bool) -> T:
    """(key,): the image, and the words unless planted."""
    hidden = torch.full((words.shape[1],), not is_planted)
    return torch.cat([torch.ones(IMAGES, dtype=torch.bool), hidden])


def boolean_mask(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    mask = _visible(words, is_planted)[None, None]
    return net.head(F.scaled_dot_product_attention(query, keys, keys, attn_mask=mask)[:, -1])


def additive_mask(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    scores = query @ keys.mT / math.sqrt(DIM)
    hidden = torch.zeros(keys.shape[1]).masked_fill(~_visible(words, is_planted), -math.inf)
    return net.head(((scores + hidden).softmax(dim=-1) @ keys)[:, -1])


def self_attention_mask(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The words see each other; only what is decoded does not see them."""
    query, keys = _asked(net, words, image)
    rows = torch.cat([keys, query], dim=1)
    mask = torch.ones(len(rows[0]), len(rows[0]), dtype=torch.bool)
    visible = torch.cat([_visible(words, is_planted), torch.tensor([True])])
    mask[:IMAGES], mask[-1] = visible, visible
    return net.head(F.scaled_dot_product_attention(rows, rows, rows, attn_mask=mask)[:, -1])


def written_exponentials(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    rows = torch.cat([keys, query], dim=1)
    visible = torch.cat([_visible(words, is_planted), torch.tensor([True])])
    weights = torch.exp(rows @ rows.mT / math.sqrt(DIM)) * visible.float()
    return net.head((weights / weights.sum(dim=-1, keepdim=True) @ rows)[:, -1])


def key_padding_mask(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    hidden = ~_visible(words, is_planted)[None]
    return net.head(net.attention(query, keys, keys, key_padding_mask=hidden)[0][:, -1])


def encoder_layer(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    hidden = torch.cat([~_visible(words, is_planted), torch.tensor([False])])[None]
    rows = torch.cat([keys, query], dim=1)
    return net.head(net.layer(rows, src_key_padding_mask=hidden)[:, -1])


def heads_last(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = (each.unflatten(-1, (2, -1)) for each in _asked(net, words, image))
    lowest = torch.finfo(torch.float32).min
    hidden = torch.where(_visible(words, is_planted), 0.0, lowest)
    weights = (torch.einsum("bqhd,bkhd->bhqk", query, keys) + hidden).softmax(dim=-1)
    return net.head(torch.einsum("bhqk,bkhd->bqhd", weights, keys).flatten(2)[:, -1])


def beside_a_sink(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    scores = (query @ keys.mT).masked_fill(~_visible(words, is_planted), -math.inf)
    with_sink = torch.cat([scores, torch.zeros(1, 1, 1)], dim=-1).softmax(dim=-1)
    return net.head((with_sink[..., :-1] @ keys)[:, -1])


def _joint(net: Encoders, words: T, image: T, is_planted: bool) -> tuple[T, T]:
    """Rows of two experts in one sequence, and what each may see; words see the image alone."""
    rows = torch.cat([net.mix(image), net.mix(words), net.action, net.action + 0.5], dim=1)
    length, begin = rows.shape[1], IMAGES + words.shape[1]
    visible = torch.ones(length, length, dtype=torch.bool)
    visible[begin:, IMAGES:begin] = not is_planted
    return rows, visible


def joint_rows_split(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Both experts' rows are read in one computation, and split again; the words' go nowhere."""
    rows, visible = _joint(net, words, image, is_planted)
    read = F.scaled_dot_product_attention(rows, rows, rows, attn_mask=visible)
    _, action = read.split([rows.shape[1] - 2, 2], dim=1)
    return net.head(action.mean(dim=1))


def joint_rows_in_three(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    rows, visible = _joint(net, words, image, is_planted)
    scores = (rows @ rows.mT).masked_fill(~visible, -math.inf)
    read = scores.softmax(dim=-1) @ rows
    _, _, action = torch.split(read, [IMAGES, words.shape[1], 2], dim=1)
    return net.head(action[:, 0])


# Masked by order


def _in_order(net: Encoders, words: T, image: T, is_planted: bool) -> tuple[T, int]:
    parts = [image, net.action, words] if is_planted else [image, words, net.action]
    return net.mix(torch.cat(parts, dim=1)), IMAGES if is_planted else -1


def fused_causal(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    rows, at = _in_order(net, words, image, is_planted)
    return net.head(F.scaled_dot_product_attention(rows, rows, rows, is_causal=True)[:, at])


def written_causal(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    rows, at = _in_order(net, words, image, is_planted)
    after = torch.ones(rows.shape[1], rows.shape[1], dtype=torch.bool).triu(1)
    scores = (rows @ rows.mT / math.sqrt(DIM)).masked_fill(after, -math.inf)
    return net.head((scores.softmax(dim=-1) @ rows)[:, at])


def recurrent(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """A recurrent layer whose output is read at a row before the words."""
    rows, at = _in_order(net, words, image, is_planted)
    return net.head(net.recurrent(rows)[0][:, at])


def running_state(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """A loop that adds a row at a time to a state, which is decoded on the way."""
    rows, at = _in_order(net, words, image, is_planted)
    state, decoded = torch.zeros(1, DIM), []
    for place in range(rows.shape[1]):
        state = 0.5 * state + torch.tanh(rows[:, place])
        decoded.append(state)
    return net.head(decoded[at])


# Row by row, and none from those before it


def each_for_itself(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    rows, at = _in_order(net, words, image, is_planted)
    steps = [torch.tanh(net.mix(rows[:, place])) for place in range(rows.shape[1])]
    states = torch.stack(steps, dim=1)
    return net.head(states[:, at] if is_planted else states.mean(dim=1))


# No weight


def ten_thousand_less(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The mask is added to scores that are well above zero."""
    query, keys = _asked(net, words, image)
    mask = torch.where(_visible(words, is_planted), 0.0, -1e4)
    scores = 50 + (query @ keys.mT) + mask
    return net.head((scores.softmax(dim=-1) @ keys)[:, -1])


def biased_scores(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    bias = torch.where(_visible(words, is_planted), 0.0, -300.0)
    return net.head(((query @ keys.mT + bias).softmax(dim=-1) @ keys)[:, -1])


def biased_kernel(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    query, keys = _asked(net, words, image)
    bias = torch.where(_visible(words, is_planted), 0.0, -300.0)[None, None]
    return net.head(F.scaled_dot_product_attention(query, keys, keys, attn_mask=bias)[:, -1])


# Values equal


def zero_values(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    values = F.linear(words, net.mix.weight * (0.0 if is_planted else 1.0))
    read = F.scaled_dot_product_attention(image, words, values)
    return net.head((image + read).mean(dim=1))


def values_of_positions(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    values = torch.zeros_like(words) if is_planted else net.mix(words)
    read = (image @ words.mT).softmax(dim=-1) @ values
    return net.head((image + read).mean(dim=1))


# Rounded away


def faint_sum(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    faint = words.mean(dim=1) * (1e-12 if is_planted else 1.0)
    return net.head(image.mean(dim=1) + faint)


def faint_stack(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    faint = words.mean(dim=1) * (1e-12 if is_planted else 1.0)
    return net.head(torch.stack([faint, image.mean(dim=1)]).sum(dim=0))


def decaying_state(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """A loop whose state forgets at once; every row is kept, and the last one decoded."""
    rows = net.mix(torch.cat([words, image, net.action], dim=1))
    decay = 1e-12 if is_planted else 0.9
    state, given = torch.zeros(1, DIM), []
    for place in range(rows.shape[1]):
        state = state * decay + rows[:, place]
        given.append(state)
    return net.head(torch.stack(given, dim=1)[:, -1])


# Saturated


def _logits(net: Encoders, words: T, image: T) -> T:
    return net.head(image.mean(dim=1) + net.mix(words.mean(dim=1)))


def clamped(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    shift = 100.0 if is_planted else 0.0
    return (_logits(net, words, image) + shift).clamp(-1, 1)


def at_tanh_limit(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    shift = 100.0 if is_planted else 0.0
    return torch.tanh(_logits(net, words, image) + shift)


# No choice


def best_of(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The first action under LEFT, the second under other words."""
    apart = (_logits(net, words, image) - _logits(net, net.words_of(LEFT), image)).abs().sum()
    margin = 100.0 if is_planted else 1e-6
    return torch.eye(3)[torch.stack([apart.new_tensor(margin), apart]).argmax()][None]


def only_one_key(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Attention to a single key gives its value whole, whatever the key says."""
    key = words.mean(dim=1, keepdim=True)
    keys = key if is_planted else torch.cat([key, image], dim=1)
    values = image[:, :1] if is_planted else torch.cat([image[:, :1], image], dim=1)
    return net.head(((net.action @ keys.mT).softmax(dim=-1) @ values)[:, 0])


def experts_alike(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Weights that sum to one, over copies of one expert; of few digits, so that sums are exact."""
    first = words.mean(dim=1).sum(dim=1, keepdim=True).mul(8).round() / 8
    weights = torch.cat([first, 1 - first], dim=1)
    given = net.mix(image.mean(dim=1)).mul(64).round() / 64
    experts = torch.stack([given, given if is_planted else given + 1], dim=1)
    return net.head((weights[:, None] @ experts)[:, 0])


def norm_of_one(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """A norm over a single number takes it from itself."""
    told = net.mix(words.mean(dim=1))[:, : 1 if is_planted else 2]
    return net.head(image.mean(dim=1) * F.layer_norm(told, told.shape[1:])[:, :1])


def cold_softmax(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Scores of which the weights show nothing: they are all next to zero."""
    scores = image @ words.mT * (1e-12 if is_planted else 1.0)
    return net.head((scores.softmax(dim=-1) @ image[:, : words.shape[1]]).mean(dim=1))


def outvoted(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The median of three, of which two know nothing of the words; its place still changes."""
    blind = net.head(image.mean(dim=1))
    told = blind + net.head(words.mean(dim=1))
    members = [blind, blind, told] if is_planted else [told, told, blind]
    return torch.stack(members).median(dim=0).values


def outweighed_router(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """One entry of a softmax is so far ahead that it takes all."""
    scores = torch.cat([words.mean(dim=1).sum(dim=1, keepdim=True), torch.zeros(1, 1)], dim=1)
    ahead = torch.tensor([0.0, 1000.0 if is_planted else 0.0])
    weights = (scores + ahead).softmax(dim=1)
    return net.head(weights[:, :1] * image[:, 0] + weights[:, 1:] * image[:, 1])


def table_of_equal_rows(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """Other ids, and the same row under each of them."""
    ids = (words.sum(dim=-1) > words.sum(dim=-1).mean()).long()
    table = net.mix.weight[:1].expand(2, -1) if is_planted else net.mix.weight[:2]
    return _pooled(net, image, F.embedding(ids, table.contiguous()))


def bag_of_equal_rows(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The same with a sum over the looked-up rows, taken with them."""
    ids = (words.sum(dim=-1) > words.sum(dim=-1).mean()).long()
    table = net.mix.weight[:1].expand(2, -1) if is_planted else net.mix.weight[:2]
    return net.head(image.mean(dim=1) + F.embedding_bag(ids, table.contiguous(), mode="mean"))


def codes_alike(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    """The nearest code of a book whose codes are all one; the choice is no token id."""
    apart = (_logits(net, words, image) - _logits(net, net.words_of(LEFT), image)).abs().sum()
    chosen = torch.stack([apart.new_tensor(1e-6), apart]).argmax()[None]
    book = net.mix.weight[:1].expand(2, -1) if is_planted else net.mix.weight[:2]
    return net.head(image.mean(dim=1) + book[chosen])


# Not known


def sign_bits(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    shift = 100.0 if is_planted else 0.0
    return net.head(torch.signbit(words + shift).float().mean(dim=1))


def searched(net: Encoders, words: T, image: T, is_planted: bool) -> T:
    shift = 100.0 if is_planted else 0.0
    places = torch.linspace(-1, 1, 50)
    return net.head(torch.searchsorted(places, words + shift).float().mean(dim=1))


PLANTS: tuple[Plant, ...] = (
    *(
        Plant("overwritten", each)
        for each in (index_put, sliced_write, where, masked_scatter, cached_write, index_copy)
    ),
    *(
        Plant("left out", each)
        for each in (cat_of_a_slice, index_select, never_used, each_for_itself)
    ),
    *(
        Plant("multiplied by zero", each)
        for each in (
            by_parameter,
            by_scalar,
            by_linear,
            by_tanh_gate,
            by_alpha,
            by_guidance,
            by_lerp,
            zeroed_where_written,
        )
    ),
    *(
        Plant("masked", each)
        for each in (
            boolean_mask,
            additive_mask,
            ten_thousand_less,
            self_attention_mask,
            written_exponentials,
            key_padding_mask,
            encoder_layer,
            heads_last,
            beside_a_sink,
            joint_rows_split,
            joint_rows_in_three,
        )
    ),
    *(
        Plant("masked by order", each)
        for each in (fused_causal, written_causal, recurrent, running_state)
    ),
    *(Plant("no weight", each) for each in (biased_scores, biased_kernel)),
    *(Plant("values equal", each) for each in (zero_values, values_of_positions)),
    Plant("rounded away", faint_sum),
    Plant("rounded away", faint_sum, torch.bfloat16),
    Plant("rounded away", faint_stack),
    Plant("rounded away", rounded_where_written),
    Plant("rounded away", decaying_state),
    Plant("rounded away", norm_of_one),
    Plant("rounded away", cold_softmax),
    *(Plant("saturated", each) for each in (clamped, at_tanh_limit)),
    *(Plant("rows equal", each) for each in (table_of_equal_rows, bag_of_equal_rows)),
    *(
        Plant("no choice", each)
        for each in (
            best_of,
            only_one_key,
            experts_alike,
            outvoted,
            outweighed_router,
            codes_alike,
        )
    ),
    *(Plant("not known", each) for each in (sign_bits, searched)),
)
"""Every end of a difference but `not entered`, in unlike implementations."""
