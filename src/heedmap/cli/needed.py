"""The command `needed`: how well the frames of a data set alone predict the action."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out
from heedmap.cli.language import Lang, Language
from heedmap.ladder.messages import say
from heedmap.ladder.messages.numbers import interval

if TYPE_CHECKING:
    from heedmap.auditing.needed import Foretold


class Target(StrEnum):
    """What is predicted from the frame."""

    instruction = "instruction"
    action = "action"
    both = "both"


def needed(
    dataset: Annotated[
        Path,
        typer.Argument(help="A folder of cases, or a .csv, .jsonl or .parquet file with columns."),
    ],
    target: Annotated[Target, typer.Option(help="What to predict from the frame.")] = Target.both,
    policy: Annotated[
        str | None,
        typer.Option(help="Probe this policy's image embeddings instead of the pixels."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds and the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    lang: Lang = Language.en,
) -> None:
    """Estimate how well the frame alone predicts the instruction and the action.

    A table has the columns `frame` (an image file, relative to it), `instruction`, and
    optionally `action` and `episode`. Where the frame alone predicts the action, a policy can
    fit the data without reading the instruction.
    """
    from heedmap.auditing.needed import foretold
    from heedmap.data.examples import load_examples

    examples = load_examples(dataset)
    embed, features = None, "mean colours on a grid"
    if policy is not None:
        from heedmap.auditing.embeddings import pooled_embeddings
        from heedmap.policies.registry import load_policy

        embed = pooled_embeddings(load_policy(policy), examples.instruction[0], seed)
        features = f"image embeddings of {policy}"
    targets = ["action", "instruction"] if target is Target.both else [target.value]
    if target is Target.both and all(action is None for action in examples.action):
        targets = ["instruction"]
    found = [
        foretold(examples, each, embed, features=features, seed=seed)
        for each in ("action", "instruction")
        if each in targets
    ]
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in found]))
        return
    out.print(_table(found, policy))
    for each in found:
        out.print(Text(each.sentence))


def _table(found: list[Foretold], policy: str | None) -> Table:
    from heedmap.report.rich_tables import plain_table

    pixels = policy is None
    features = say("needed_on_pixels") if pixels else say("needed_on_embeddings", policy=policy)
    table = plain_table(say("needed_title", features=features))
    table.add_column(say("needed_target"), no_wrap=True)
    keys = (
        *("needed_entropy", "needed_gain", "attended_share"),
        *("needed_accuracy", "needed_majority", "needed_examples"),
    )
    for key in keys:
        table.add_column(say(key), justify="right")
    for each in found:
        gain = each.foretold_bits
        value = round(gain.value, 2) + 0.0  # no "-0.00"
        table.add_row(
            say(f"needed_target_{each.target}"),
            f"{each.entropy_bits:.2f}",
            interval(gain.model_copy(update={"value": value})),
            f"{each.foretold_share:.0%}",
            f"{each.accuracy:.1%}",
            f"{each.majority:.1%}",
            f"{each.examples}/{each.examples + each.left_out}",
        )
    table.caption = Text(say("needed_note"), style="dim")
    return table
