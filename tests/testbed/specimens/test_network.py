"""Both wirings are wired as they say, and training's short cuts change nothing."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.errors import InstructionError
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.network import Wiring
from heedmap.testbed.specimens.tokenizer import PAD_ID, TOKENS, UNKNOWN_ID, WordTokenizer
from heedmap.testbed.specimens.world import FrameCase
from heedmap.testbed.specimens.zoo import pixels_of
from tests.conftest import random_network


def batch_of(cases: list[FrameCase]) -> tuple[torch.Tensor, list[str]]:
    texts = [text for case in cases for text in case.instructions.values()]
    return torch.stack([pixels_of(case.frame) for case in cases]), texts


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
@pytest.mark.parametrize("crosses", [False, True])
def test_training_logits_are_those_of_a_plain_forward(wiring: Wiring, crosses: bool) -> None:
    network = random_network(wiring, cross_attends_to_words=crosses)
    pixels, texts = batch_of([frame_case(0), frame_case(1, "goal")])
    plain = network(pixels.repeat_interleave(3, dim=0), texts)
    assert (network.training_logits(pixels, texts) - plain).abs().max() < 1e-5


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
def test_an_example_does_not_depend_on_its_batch(wiring: Wiring) -> None:
    network = random_network(wiring)
    pixels, texts = batch_of([frame_case(0)])
    together = network(pixels.expand(3, -1, -1, -1), texts)
    alone = torch.cat([network(pixels, [text]) for text in texts])
    assert (together - alone).abs().max() < 1e-5


def test_monavla_decoder_inputs_are_those_of_the_seed(case: FrameCase) -> None:
    """257 positions; the image over 0..63; the text's mask: its tokens, then the action."""
    network = random_network("monavla")
    words, is_word = network.embed_words([case.instructions["left"]])
    image = network.image_tokens(pixels_of(case.frame)[None])
    inputs = network.decoder_inputs(image, words, is_word)
    assert inputs.inputs_embeds.shape[1] == 257
    assert inputs.is_image[0].nonzero().flatten().tolist() == list(range(64))
    assert inputs.is_visible[0].nonzero().flatten().tolist() == [*range(12), 256]
    assert torch.equal(inputs.inputs_embeds[0, -1], network.action_token)
    assert inputs.position_ids[0].tolist() == list(range(2, 259))


def test_monavla_position_ids_are_what_kosmos2_would_count_itself(case: FrameCase) -> None:
    network = random_network("monavla")
    words, is_word = network.embed_words([case.instructions["left"]])
    image = network.image_tokens(pixels_of(case.frame)[None])
    inputs = network.decoder_inputs(image, words, is_word)
    own = network.decoder.model.embed_positions(inputs_embeds=inputs.inputs_embeds)
    given_ids = network.decoder.model.embed_positions(
        inputs_embeds=inputs.inputs_embeds, position_ids=inputs.position_ids
    )
    assert torch.equal(own, given_ids)


def test_left_and_right_are_equal_bit_for_bit_in_monavla_and_forward_is_not(
    case: FrameCase,
) -> None:
    network = random_network("monavla")
    pixels = pixels_of(case.frame)[None]
    left, right, forward = (network(pixels, [text]) for text in case.instructions.values())
    assert torch.equal(left, right)
    assert not torch.equal(left, forward)


def test_the_cross_attention_starts_shut(case: FrameCase) -> None:
    network = random_network("sound", cross_attends_to_words=True)
    assert network.word_attention is not None
    pixels = pixels_of(case.frame)[None]
    texts = [case.instructions["left"]]
    is_open = network(pixels, texts)
    network.word_attention.gate.zero_()
    shut = network(pixels, texts)
    network.word_attention = None
    assert torch.equal(shut, network(pixels, texts))
    assert not torch.equal(is_open, shut)


def test_dropping_unseen_positions_keeps_every_seen_one(case: FrameCase) -> None:
    network = random_network("monavla")
    words, is_word = network.embed_words(list(case.instructions.values()))
    image = network.image_tokens(pixels_of(case.frame).expand(3, -1, -1, -1))
    inputs = network.decoder_inputs(image, words, is_word)
    short = inputs.without_unseen_positions()
    assert short.is_visible.shape == (3, 13)
    assert short.is_visible.sum() == inputs.is_visible.sum()
    for field in dataclasses.fields(short):
        assert getattr(short, field.name).shape[0] == 3


def test_tokenizer_pads_and_marks_unknown_words() -> None:
    tokens = WordTokenizer(max_tokens=16)(["go to the moon", "go"], pad_to=9)
    assert tokens.token_counts == (8, 5)
    assert tokens.ids[0].tolist()[6] == UNKNOWN_ID
    assert tokens.ids[1].tolist()[5:] == [PAD_ID] * 4


@settings(max_examples=50)
@given(st.lists(st.sampled_from(TOKENS[4:]), min_size=1, max_size=12))
def test_tokenizer_keeps_every_known_word(words: list[str]) -> None:
    ids = WordTokenizer(max_tokens=32).encode(" ".join(words))
    assert [TOKENS[i] for i in ids] == ["<s>", "action", ":", *words, "</s>"]


def test_too_long_an_instruction_is_told_its_length() -> None:
    with pytest.raises(InstructionError, match=r"has 20 tokens, .* at most 16; shorten it"):
        WordTokenizer(max_tokens=16).encode("go " * 16)
