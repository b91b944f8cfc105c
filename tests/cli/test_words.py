"""The command `words` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.cli.words import FOUND
from tests.cli.conftest import Cli
from tests.report.words.tasks import BASE, write_suite


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """A base suite, and one whose changed instruction is never said."""
    write_suite(tmp_path / "bench/desk", BASE)
    write_suite(tmp_path / "bench/desk_task", dict.fromkeys(BASE, "close the upper box"))
    (tmp_path / "trained.txt").write_text("open the upper box\nput the cup on the tray\n")
    return tmp_path / "bench"


def test_a_change_that_is_not_said_is_found_shown_and_fails_the_build(
    cli: Cli, benchmark: Path, tmp_path: Path
) -> None:
    given = ("words", "--trained", "trained.txt", "--asked", "bench")
    ran = cli(*given, "--out", "out", "--json", "found.json", "--fail-on", "problem")
    assert (ran.code, ran.err) == (FOUND, "")
    assert "Problem [change_not_said] bench" in ran.out
    assert "2 of 4 tasks: the suite changes the instruction" in ran.out
    assert "given to the policy: open the upper box" in ran.out
    assert "asked by the task:   close the upper box" in ran.out
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["findings"][0]["suites"] == {"desk_task": [2, 2]}
    assert (tmp_path / "out/words.html").is_file()
    assert json.loads((tmp_path / "out/words.json").read_text()) == found
    # The base alone is harmless; the field as what is said, too, but training never had it.
    assert cli("words", "--asked", "bench/desk", "--fail-on", "warning").code == 0
    says = cli("words", *given[1:3], "--asked", "bench/desk_task", "--says", "language")
    assert says.code == 0
    assert "change_not_said" not in says.out
    assert "[outside_training]" in says.out


def test_json_is_all_there_is_on_standard_output(cli: Cli, benchmark: Path) -> None:
    ran = cli("words", "bench", "--json", "-")
    assert json.loads(ran.out)["sources"][0]["role"] == "given"


def test_korean_is_printed_where_asked_for(cli: Cli, benchmark: Path) -> None:
    assert "문제 [change_not_said]" in cli("words", "bench", "--lang", "ko").out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Nothing was given"),
        (("nowhere",), "does not exist"),
        (("trained.txt", "--max-tokens", "4"), "belong together"),
        (("trained.txt", "--tokenizer", "nowhere", "--max-tokens", "4"), "does not exist"),
        (("trained.txt", "--tokenizer", "bench", "--max-tokens", "4"), "cannot be read"),
        (("trained.txt", "--encoder", "nowhere"), "does not exist"),
        (("trained.txt", "--json", "no/such/folder.json"), "cannot be written"),
    ],
)
def test_mistakes_are_one_sentence(
    cli: Cli, benchmark: Path, arguments: tuple[str, ...], why: str
) -> None:
    ran = cli("words", *arguments)
    assert ran.code == 1
    assert why in ran.err
    assert ran.err.count("\n") == 1


def test_a_tokenizer_counts_what_is_cut_off(cli: Cli, benchmark: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
    fast.save_pretrained(tmp_path / "tokenizer")
    ran = cli("words", "trained.txt", "--tokenizer", "tokenizer", "--max-tokens", "5")
    assert "More than 5 tokens: 1 of 2 instructions (the longest: 6)" in ran.out
    (tmp_path / "half.json").write_text('["open \\ud800 it", "close it"]')
    ran = cli("words", "half.json", "--tokenizer", "tokenizer", "--max-tokens", "2")
    assert "More than 2 tokens: 1 of 2 instructions (the longest: 3)" in ran.out


def test_a_sentence_encoder_of_a_folder_finds_the_nearest(cli: Cli, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = [
        "[UNK]",
        "[PAD]",
        *["open", "the", "upper", "box", "put", "cup", "on", "tray", "please"],
    ]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", model_max_length=32
    )
    fast.save_pretrained(tmp_path / "encoder")
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(tmp_path / "encoder")
    (tmp_path / "trained.txt").write_text("open the upper box\nput the cup on the tray\n")
    (tmp_path / "asked.txt").write_text("please put the cup on the tray\n")
    ran = cli("words", "--trained", "trained.txt", "--asked", "asked.txt", "--encoder", "encoder")
    assert ran.code == 0, ran.err
    assert "put the cup on the tray" in ran.out.split("outside_training")[1]
