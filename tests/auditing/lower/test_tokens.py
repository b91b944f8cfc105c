"""Rung 1's measurements: ids as they reach the model, and the words that do not."""

from __future__ import annotations

import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.lower.tokens import _only_difference, measure_tokens
from heedmap.data.observation import of_frame
from heedmap.ladder.measurements import TokenFacts
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens import faults
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy
from heedmap.testbed.specimens.policy import SpecimenPolicy
from heedmap.testbed.specimens.tokenizer import TOKENS
from heedmap.testbed.specimens.world import FrameCase
from tests.conftest import random_network


def tokens_of(network: torch.nn.Module, case: FrameCase) -> TokenFacts:
    return measure_tokens(bare_policy("own", network), of_frame(case.frame), case.instructions)


def test_the_ids_are_those_of_the_tokenizer(case: FrameCase) -> None:
    network = random_network("sound")
    facts = tokens_of(network, case)
    assert facts.module == "decoder.model.embed_tokens"
    for name, text in case.instructions.items():
        assert list(facts.ids[name]) == network.tokenizer.encode(text)
    assert facts.follows_instruction
    assert facts.grows_with_instruction
    assert facts.lost_words == {}
    assert facts.identical_pairs == ()


def test_words_behind_the_cut_are_named(case: FrameCase) -> None:
    facts = tokens_of(faults.Truncated(random_network("sound")), case)
    for name, text in case.instructions.items():
        assert facts.lost_words[name] == tuple(text.split()[faults.KEPT_WORDS :])
    assert not facts.grows_with_instruction


def test_unknown_words_are_named(case: FrameCase) -> None:
    facts = tokens_of(faults.UnknownDirections(random_network("sound")), case)
    assert facts.lost_words == {"left": ("left",), "right": ("right",)}
    assert facts.grows_with_instruction


def test_a_stale_instruction_follows_nothing(case: FrameCase) -> None:
    facts = tokens_of(faults.StaleInstruction(random_network("sound")), case)
    assert not facts.follows_instruction
    assert len(set(facts.ids.values())) == 1
    words = [TOKENS[index] for index in facts.ids["forward"]]
    assert " ".join(words) == f"<s> action : {case.instructions['left']} </s>"
    assert set(facts.identical_pairs) == {
        ("left", "right"),
        ("left", "forward"),
        ("right", "forward"),
    }


def test_an_instruction_that_just_fits_can_be_audited(case: FrameCase) -> None:
    """One more word would be refused: that is no truncation."""
    torch.manual_seed(0)
    config = NetworkConfig(dim=24, layers=2, padded_text_tokens=12)
    network = TinyKosmos2Policy(config).eval().requires_grad_(False)
    policy = SpecimenPolicy("tight@sound", network)
    result = audit(policy, case.frame, case.instructions, until="cut").record.policies[0]
    assert result.verdict.cause == "none"


@pytest.mark.parametrize(
    ("words", "others", "place"),
    [
        ("go left now", "go right now", 1),
        ("go left now", "go left now", None),
        ("go left now", "go right then", None),
        ("go left", "go left now", None),
    ],
)
def test_the_only_word_in_which_two_texts_differ(
    words: str, others: str, place: int | None
) -> None:
    assert _only_difference(words.split(), others.split()) == place
