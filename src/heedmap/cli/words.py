"""The command `words`: the static audit of instructions, without a model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heedmap.cli.console import out, print_line
from heedmap.cli.findings import FOUND, FailOn, show_or_pipe
from heedmap.cli.language import Lang, Language
from heedmap.errors import InstructionError, first_line_of
from heedmap.ladder.messages import say
from heedmap.visible import whole_characters

if TYPE_CHECKING:
    import numpy as np

    from heedmap.report.words.findings import CountTokens
    from heedmap.report.words.nearest import Encode


ENCODED_TOGETHER = 64


class Says(StrEnum):
    """From where an evaluation on BDDL tasks takes its words."""

    file_name = "name"
    field = "language"


def words(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Data sets, benchmarks or lists: LeRobot, RLDS, HDF5 or BDDL folders, .txt, "
            ".jsonl, .json, .yaml, .csv, .parquet files."
        ),
    ] = None,
    trained: Annotated[
        list[Path] | None, typer.Option(help="What the policy was trained on; can be repeated.")
    ] = None,
    asked: Annotated[
        list[Path] | None, typer.Option(help="What an evaluation says; can be repeated.")
    ] = None,
    says: Annotated[
        Says,
        typer.Option(
            help="Of BDDL tasks, what the policy is given: words of the file name, as LIBERO does, "
            "or the (:language ...) field."
        ),
    ] = Says.file_name,
    tokenizer: Annotated[
        Path | None, typer.Option(help="A tokenizer's folder, to find truncated instructions.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Tokens that the policy allows for the instruction.")
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(help="A sentence encoder's folder (transformers): nearest by its meaning."),
    ] = None,
    texts_only: Annotated[
        bool,
        typer.Option("--texts-only", help="Read no frame: do not ask whether it foretells words."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--out", help="A folder for words.html and words.json.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="A file for the findings as JSON; - prints them.")
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit code 3 where something this grave, or graver, is found."),
    ] = None,
    lang: Lang = Language.en,
    full: Annotated[
        bool, typer.Option("--full", help="Print up to 200 texts of every finding.")
    ] = False,
) -> None:
    """Check the instructions themselves: said, asked and trained. No model is loaded.

    Instructions are often lost before the policy: the evaluation says other words than the task
    asks for, or words in a form that training never had.
    """
    from heedmap.report.words.as_json import audit_json
    from heedmap.report.words.findings import find_all
    from heedmap.report.words.sources import read_source
    from heedmap.report.words.terminal import print_audit

    if not (sources or trained or asked):
        raise InstructionError("Nothing was given; give SOURCE..., --trained and --asked.")
    if (tokenizer is None) != (max_tokens is None):
        raise InstructionError("--tokenizer and --max-tokens belong together; give both.")
    read = [read_source(path, "trained") for path in trained or ()]
    read += [read_source(path, "asked", says.value) for path in asked or ()]
    read += [read_source(path, "given", says.value) for path in sources or ()]
    count = None if tokenizer is None else _counter(tokenizer)
    encode = None if encoder is None else _encoder(encoder)
    audit = find_all(read, count, max_tokens, with_frames=not texts_only, encode=encode)
    console = show_or_pipe(
        as_json,
        lambda: audit_json(audit),
        lambda: print_audit(audit, out, lang.value, full=full),
        "words_json_at",
        lang.value,
    )
    if output is not None:
        from heedmap.report.words.page import write_pages

        page = write_pages(audit, output, lang.value)
        print_line(console, say("report_at", lang.value, path=str(page.resolve())))
    if fail_on is not None and audit.is_as_grave_as(fail_on.value):
        raise typer.Exit(FOUND)


def _counter(folder: Path) -> CountTokens:
    """Counts tokens as the policy's own tokenizer does, special tokens included.

    Raises InstructionError where the folder holds no tokenizer; no code of it runs.
    """
    tokenizer = _tokenizer(folder)
    return lambda texts: [
        len(ids) for ids in tokenizer([*map(whole_characters, texts)])["input_ids"]
    ]


def _encoder(folder: Path) -> Encode:
    """The mean of a transformers encoder's last states over the words of a text.

    Raises InstructionError where the folder holds no encoder; no code of it runs, and only
    safetensors are read.
    """
    tokenizer = _tokenizer(folder)
    import torch
    from transformers import AutoModel

    try:
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
        ).eval()
    except (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InstructionError(
            "The encoder in {folder} cannot be read ({why}); give the folder of a sentence "
            "encoder with config.json and model.safetensors.",
            folder=folder,
            why=first_line_of(error),
        ) from error

    @torch.inference_mode()
    def encode(texts: list[str]) -> np.ndarray:
        rows: list[torch.Tensor] = []
        for start in range(0, len(texts), ENCODED_TOGETHER):
            given = [*map(whole_characters, texts[start : start + ENCODED_TOGETHER])]
            inputs = tokenizer(given, return_tensors="pt", padding=True, truncation=True)
            mask = inputs["attention_mask"][..., None]
            states = model(**inputs).last_hidden_state
            rows.append((states * mask).sum(dim=1) / mask.sum(dim=1))
        return torch.cat(rows).double().numpy()

    return encode


def _tokenizer(folder: Path) -> Any:
    if not folder.is_dir():
        raise InstructionError("The tokenizer's folder {folder} does not exist.", folder=folder)
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ImportError, OSError, ValueError, KeyError, TypeError) as error:
        raise InstructionError(
            "The tokenizer in {folder} cannot be read ({why}); copy tokenizer.json and "
            "tokenizer_config.json of the base model there.",
            folder=folder,
            why=first_line_of(error),
        ) from error
