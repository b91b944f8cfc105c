"""Rules of rows that are picked, and of attention before them: why did nothing come into these?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from heedmap.tracing.capture.calls import WrittenOutCall
from heedmap.tracing.trail.attention import Read
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import Loss
from heedmap.tracing.trail.losses import find_loss
from heedmap.tracing.trail.picks import picked, why_not_read
from heedmap.tracing.trail.recording import Operator
from tests.tracing.trail.plain import IMAGES, Body, Encoders, between, policy_of, recorded
from tests.tracing.trail.plants import PLANTS
from tests.tracing.trail.test_end_rules import operator_of, runs_of

T = torch.Tensor
TOLD = 2
"""The word in which the two instructions differ."""


# ---- attention


def read_of(
    hidden: T | None = None,
    weights: T | None = None,
    *,
    keys: tuple[int, ...] = (2,),
    batch: int = 1,
    **more: Any,
) -> Read:
    """Four queries and four keys in two heads; `hidden` and `weights` of (batch, query, key)."""
    scores = torch.zeros(batch, 2, 4, 4)
    if hidden is not None:
        scores = scores.masked_fill(hidden.expand(batch, 4, 4)[:, None].bool(), -torch.inf)
    given = torch.full((batch, 2, 4, 4), 0.25)
    if weights is not None:
        given[:, 1] = weights  # the other head gives none
        given[:, 0] = 0
    call = WrittenOutCall(module_name="", backend="softmax", scores=scores, weights=given)
    usual = {"differing_queries": (), "values_are_equal": False, "is_causal": False}
    operator = Operator(0, "aten::bmm", "", 0, 0, None, (), {}, (), ())
    return Read(operator, call, differing_keys=keys, **{**usual, **more})


NO_WORDS: Any = Differences.__new__(Differences)
"""Nothing is asked of the runs."""
AFTER = torch.ones(4, 4).triu(1)


def test_where_no_key_differs_the_queries_do() -> None:
    read = read_of(keys=(), differing_queries=(1, 3))
    assert why_not_read(NO_WORDS, read, None) == ("values equal", (1, 3))


@pytest.mark.parametrize(
    ("keys", "rows", "is_causal", "how"),
    [
        ((2,), (0, 1), True, "masked by order"),
        ((2, 3), (1,), True, "masked by order"),
        ((2, 3), (1,), False, "masked"),
        ((2,), (1, 2), True, "rounded away"),  # the row itself sees it
        ((2,), (3,), True, "rounded away"),
        ((3,), None, True, "rounded away"),  # all rows: the last one sees it
    ],
)
def test_rows_before_the_keys_are_masked_by_order(
    keys: tuple[int, ...], rows: tuple[int, ...] | None, is_causal: bool, how: str
) -> None:
    read = read_of(AFTER, keys=keys, is_causal=is_causal)
    assert why_not_read(NO_WORDS, read, rows) == (how, keys)


@pytest.mark.parametrize("rows", [(2,), (0, 3)])
def test_keys_that_are_hidden_from_rows_after_them_are_masked(rows: tuple[int, ...]) -> None:
    hidden = torch.zeros(4, 4)
    hidden[:, 2] = 1
    read = read_of(hidden, is_causal=True)
    assert why_not_read(NO_WORDS, read, rows) == ("masked", (2,))


def test_one_row_that_sees_one_key_is_enough() -> None:
    hidden = torch.ones(4, 4)
    hidden[3, 1] = 0
    read = read_of(hidden, keys=(1, 2))
    assert why_not_read(NO_WORDS, read, (0, 3))[0] == "rounded away"
    assert why_not_read(NO_WORDS, read, (0, 1))[0] == "masked"


@pytest.mark.parametrize(("weight", "how"), [(0.0, "no weight"), (1e-30, "rounded away")])
def test_weights_of_any_head_count(weight: float, how: str) -> None:
    weights = torch.full((4, 4), 0.3)
    weights[1, 2] = weight
    assert why_not_read(NO_WORDS, read_of(weights=weights), (1,)) == (how, (2,))
    assert why_not_read(NO_WORDS, read_of(weights=weights), (0, 1))[0] == "rounded away"


def test_values_that_are_alike_are_named_before_rounding_and_after_masks() -> None:
    assert why_not_read(NO_WORDS, read_of(values_are_equal=True), (0,)) == ("values equal", (2,))
    masked = read_of(AFTER, values_are_equal=True)
    assert why_not_read(NO_WORDS, masked, (0,))[0] == "masked"


def test_only_examples_that_differ_count() -> None:
    """Another branch of a batch sees its own words."""
    hidden = torch.stack([torch.ones(4, 4), torch.zeros(4, 4)])
    first: dict[str, Any] = {"differing_examples": (0,)}
    both: dict[str, Any] = {"differing_examples": (0, 1)}
    assert why_not_read(NO_WORDS, read_of(hidden, batch=2, **first), None)[0] == "masked"
    assert why_not_read(NO_WORDS, read_of(hidden, batch=2, **both), None)[0] == "rounded away"
    assert why_not_read(NO_WORDS, read_of(hidden, batch=2), None)[0] == "rounded away"
    weights = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])
    of: dict[str, Any] = {"weights": weights, "batch": 2}
    assert why_not_read(NO_WORDS, read_of(**of, **first), None)[0] == "no weight"
    assert why_not_read(NO_WORDS, read_of(**of, **both), None)[0] == "rounded away"
    assert why_not_read(NO_WORDS, read_of(**of), None)[0] == "rounded away"


# ---- rows


def lost(body: Body) -> Loss:
    """Beside another frame."""
    policy = policy_of(body)
    frame = Differences(recorded(policy), recorded(policy, seed=1))
    return find_loss(between(policy), frame)


def told(net: Encoders, words: T, image: T) -> T:
    """States of words and image, each for itself."""
    return torch.tanh(net.mix(torch.cat([words, image], dim=1)))


@pytest.mark.parametrize(
    ("pick", "kept", "holds_frame"),
    [
        (lambda states: states[:, 0], (0,), False),
        (lambda states: states[:, 6], (6,), True),
        (lambda states: states[:, 3:6].mean(1), (3, 4, 5), True),
        (lambda states: states[:, [0, 1, 7]].mean(1), (0, 1, 7), True),
        (lambda states: states.index_select(1, torch.tensor([1, 3])).mean(1), (1, 3), False),
        (lambda states: states.split([4, 4], dim=1)[1].mean(1), (4, 5, 6, 7), True),
        (lambda states: states.transpose(0, 1)[1], (1,), False),
        (lambda states: states[0].unbind(0)[3][None], (0, 1, 3, 4, 5, 6, 7), True),
    ],
)
def test_rows_that_are_left_out_and_that_go_on(
    pick: Callable[[T], T], kept: tuple[int, ...], holds_frame: bool
) -> None:
    loss = lost(lambda net, words, image: net.head(pick(told(net, words, image))))
    assert (loss.how, loss.positions, loss.kept) == ("left out", (TOLD,), kept)
    assert loss.is_inside_reader is holds_frame


def test_entries_that_are_picked_here_and_there_lie_along_no_axis() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        states = torch.tanh(words) * torch.eye(8)[0]  # one dimension alone has words in it
        rows = states[:, [TOLD, 0], [1, 0]]
        return net.head(image[:, 0] + rows.sum(dim=1, keepdim=True))

    loss = lost(body)
    assert (loss.how, loss.positions, loss.kept) == ("left out", (), ())
    assert loss.operator is not None
    assert loss.operator.short_name == "index"


@pytest.mark.parametrize("error", [RuntimeError, TypeError, IndexError])
def test_rows_that_cannot_be_told_are_left_out_all_the_same(error: type[Exception]) -> None:
    def refuses(*args: Any, **kwargs: Any) -> T:
        raise error

    words = runs_of(lambda net, words, image: net.head(told(net, words, image)[:, 0]))
    operator = replace(operator_of(words, "select"), func=refuses)
    assert picked(words, None, operator) == Loss("left out", operator)


def test_what_says_which_rows_are_picked_is_a_choice() -> None:
    """Other places of rows that are alike."""

    def body(net: Encoders, words: T, image: T) -> T:
        place = (words[:, TOLD].sum(dim=1) > -(10.0**9)).long() + (words[0, TOLD, 0] > 0).long()
        alike = net.mix.weight[:1].expand(3, -1)
        return net.head(image[:, 0] + alike[place])

    loss = lost(body)
    assert (loss.how, loss.positions) == ("no choice", ())


PICKED = {plant.run.__name__: plant for plant in PLANTS}


@pytest.mark.parametrize(
    ("name", "positions"),
    [
        ("self_attention_mask", (IMAGES + TOLD,)),
        ("written_exponentials", (IMAGES + TOLD,)),
        ("encoder_layer", (IMAGES + TOLD,)),
        ("joint_rows_split", (IMAGES + TOLD,)),
        ("joint_rows_in_three", (IMAGES + TOLD,)),
        ("fused_causal", (IMAGES + 1 + TOLD,)),
        ("written_causal", (IMAGES + 1 + TOLD,)),
    ],
)
def test_of_rows_the_attention_before_is_asked(name: str, positions: tuple[int, ...]) -> None:
    plant = PICKED[name]
    loss = lost(plant.body(is_planted=True))
    assert (loss.how, loss.positions) == (plant.how, positions)
    assert loss.is_inside_reader
    assert loss.operator is not None
    assert loss.operator.short_name in ("_scaled_dot_product_flash_attention_for_cpu", "bmm")


@pytest.mark.parametrize("length", [3, 5])
def test_attention_over_other_rows_is_not_asked(length: int) -> None:
    """The words read each other, behind a mask; the rows that are picked are more, or fewer."""

    def body(net: Encoders, words: T, image: T) -> T:
        hidden = torch.zeros(4, 4, dtype=torch.bool)
        hidden[:, TOLD] = True
        scores = (words @ words.mT).masked_fill(hidden, -torch.inf)
        read = words + scores.softmax(dim=-1) @ words
        rows = read[:, 1:] if length == 3 else torch.cat([read, image[:, :1]], dim=1)
        return net.head(torch.tanh(rows)[:, -1] + image[:, 0])

    assert lost(body).how == "left out"


def test_sinks_beside_the_keys_are_no_other_rows() -> None:
    def body(sinks: int) -> Body:
        def run(net: Encoders, words: T, image: T) -> T:
            rows = torch.cat([words, net.action], dim=1)
            keys = torch.cat([rows, image[:, :1].expand(-1, sinks, -1)], dim=1)
            mask = torch.ones(5, 5 + sinks, dtype=torch.bool)
            mask[-1, :4] = False
            return net.head(F.scaled_dot_product_attention(rows, keys, keys, attn_mask=mask)[:, -1])

        return run

    assert lost(body(1)).how == "masked"
    assert lost(body(4)).how == "masked"
    assert lost(body(5)).how == "left out"


def test_rows_of_a_cache_that_come_before_the_words_are_left_out_only() -> None:
    """Attention takes in what was picked: it is not what is decoded yet."""

    def body(net: Encoders, words: T, image: T) -> T:
        rows = torch.cat([image, words], dim=1)
        read = F.scaled_dot_product_attention(rows, rows, rows, is_causal=True)
        kept = read[:, :IMAGES]
        return net.head(F.scaled_dot_product_attention(net.action, kept, kept)[:, -1])

    loss = lost(body)
    assert (loss.how, loss.kept) == ("left out", (0, 1, 2, 3))
    assert loss.positions == (IMAGES + TOLD, IMAGES + TOLD + 1), "the row after it read it"


def test_a_product_before_the_rows_is_where_it_was_lost() -> None:
    """A gate closes on the words; the row that is picked then has none, and is not asked."""

    def body(net: Encoders, words: T, image: T) -> T:
        gated = words * torch.zeros(4, 1)
        rows = torch.cat([gated + net.embed.weight[:4], words], dim=1)
        return net.head(rows[:, 0] + image[:, 0])

    loss = lost(body)
    assert loss.how == "multiplied by zero"
    assert loss.positions == (TOLD,)


@pytest.mark.parametrize("operation", [torch.add, torch.sub, torch.rsub])
def test_so_is_a_sum_in_which_they_are_too_small(operation: Callable[[T, T], T]) -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        faint = operation(words * 1e-12, net.embed.weight[:4] + 10)
        rows = torch.cat([faint, words], dim=1)
        return net.head(rows[:, 0] + image[:, 0])

    loss = lost(body)
    assert (loss.how, loss.positions) == ("rounded away", (TOLD,))


@pytest.mark.parametrize("reads_image", [True, False])
def test_attention_that_reads_the_frame_elsewhere_is_the_readers(reads_image: bool) -> None:
    """The row that is picked sees itself alone; other rows of that attention may hold the frame."""

    def body(net: Encoders, words: T, image: T) -> T:
        beside = image if reads_image else words
        rows = torch.cat([words, beside, net.action], dim=1)
        mask = torch.ones(9, 9, dtype=torch.bool)
        mask[-1, :-1] = False
        read = F.scaled_dot_product_attention(rows, rows, rows, attn_mask=mask)[:, -1]
        return net.head(read + image[:, 0])

    loss = lost(body)
    assert loss.how == "masked"
    assert loss.is_inside_reader is reads_image
    assert not find_loss(between(policy_of(body)), None).is_inside_reader, "no frame to tell by"


def test_values_that_are_written_over_before_the_rows_are_values_equal() -> None:
    """What is picked are rows of an attention whose values are nothing, beside the words."""

    def body(net: Encoders, words: T, image: T) -> T:
        values = words.masked_fill(torch.ones(1, 4, 8, dtype=torch.bool), 0.5)
        read = F.scaled_dot_product_attention(words, words, values)
        return net.head(torch.cat([read.round(decimals=3), words], dim=1)[:, 0] + image[:, 0])

    loss = lost(body)
    assert (loss.how, loss.positions) == ("values equal", (TOLD,))
