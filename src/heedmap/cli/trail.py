"""The command `trail`: where one policy loses its instruction, module call by module call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out, print_line, progress_bar
from heedmap.cli.input_options import CaseFolder, Instructions, OneFrame, OnePolicy, Seed
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.ladder import messages
from heedmap.ladder.messages import say, words_in
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.visible import unobeyed_json

if TYPE_CHECKING:
    from heedmap.auditing.steps import Followed
    from heedmap.data.observation import NamedFrame
    from heedmap.data.trials import Trial
    from heedmap.ladder.behaviour import TrailFacts
    from heedmap.policies.base import Policy
    from heedmap.tracing.trail.steps import Step

SHOWN_DEPTH = 3
"""Calls inside of up to so many other modules are shown without --all."""
SHOWN_AROUND = 3
"""Calls on either side of the one in which the instruction is lost that are shown, too."""


def trail(
    policy: OnePolicy,
    frame: OneFrame = None,
    instruction: Instructions = None,
    paraphrase: Annotated[
        list[str] | None, typer.Option(help="A paraphrase: name=text; can be repeated.")
    ] = None,
    case: CaseFolder = None,
    patch: Annotated[
        bool, typer.Option("--patch", help="Patch every call that differs; one run each.")
    ] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every module call.")] = False,
    seed: Seed = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print verdict and module calls as JSON.")
    ] = False,
) -> None:
    """Follow the difference between two instructions through a policy's module calls.

    Specimens have a frame of their own; other policies need --frame and --instruction, or --case.
    """
    from heedmap.auditing.steps import follow
    from heedmap.policies.registry import load_policy

    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    loaded = load_policy(policy, permissions)
    named, trial = _input(loaded, frame, instruction or (), paraphrase or (), case)
    with progress_bar() as advance:
        found = follow(loaded, named, trial, seed=seed, patch=patch, on_progress=advance)
    if as_json:
        typer.echo(_as_json(loaded.name, named.name, found))
        return
    _print(loaded.name, named.name, found, lang.value, show_all=show_all)


def _input(
    policy: Policy,
    frame: str | None,
    instructions: Sequence[str],
    paraphrases: Sequence[str],
    case: Path | None,
) -> tuple[NamedFrame, Trial]:
    """The first frame and its instructions: as given, or the policy's own example."""
    from heedmap.cli.inputs import InputOptions, gather_inputs
    from heedmap.data.frames import named_frames
    from heedmap.data.trials import trials_of

    example = policy.example()
    if example is not None and frame is None and case is None:
        named, texts, others = named_frames(example[0])[0], example[1], {}
    else:
        given = InputOptions(
            [frame] if frame else (), instructions, case=case, paraphrases=paraphrases
        )
        inputs = gather_inputs(given)
        named, texts, others = inputs.frames[0], inputs.instructions, inputs.paraphrases
    return named, trials_of([named], texts, {}, others)[0]


def _as_json(policy: str, frame: str, found: Followed) -> str:
    """Everything that was measured; what was not is null."""
    sentence, fix = _words(found, "en")
    whole = {
        "policy": policy,
        "frame": frame,
        "base": found.texts[0],
        "other": found.texts[1],
        "responds": found.responds,
        "cause": None if found.responds else found.verdict.cause,
        "sentence": sentence,
        "fix": fix,
        "trail": None if found.trail is None else found.trail.model_dump(mode="json"),
        "steps": [asdict(step) for step in found.steps],
    }
    return unobeyed_json(whole)


def _words(found: Followed, lang: messages.Language) -> tuple[str, str | None]:
    """Where it was lost, or that it was not; and what to do, where anything is to be done."""
    from heedmap.ladder.wording import verdict_text

    if found.responds:
        return say("cause_none_as_it_acts", lang), None
    return verdict_text(found.verdict, lang)


def _print(
    policy: str, frame: str, found: Followed, lang: messages.Language, *, show_all: bool
) -> None:
    from heedmap.visible import one_line

    words = words_in(lang)
    sentence, fix = _words(found, lang)
    print_line(out, one_line(sentence))
    if fix is not None:
        print_line(out, one_line(words("trail_fix", fix=fix)))
    lost = _lost_at(found.steps, found.trail)
    shown = [step for step in found.steps if show_all or _is_shown(step, lost)]
    one, two = found.texts
    title = words("trail_heading", policy=policy, one=one, two=two, frame=frame)
    out.print()
    out.print(_table(title, shown, lost, lang))
    if hidden := len(found.steps) - len(shown):
        out.print(Text(words("trail_hidden", count=hidden), style="dim"))


def _lost_at(steps: Sequence[Step], trail: TrailFacts | None) -> int | None:
    """Order of the call in which the instruction was lost; None where it was not, or nowhere."""
    if trail is None or trail.module is None:
        return None
    place = trail.module, trail.call
    return next((step.order for step in steps if (step.module, step.call) == place), None)


def _is_shown(step: Step, lost: int | None) -> bool:
    is_near = lost is not None and abs(step.order - lost) <= SHOWN_AROUND
    return is_near or step.depth <= SHOWN_DEPTH


def _table(title: str, steps: Sequence[Step], lost: int | None, lang: messages.Language) -> Table:
    """One row a module call, indented by its depth; columns that nothing was measured in go."""
    from heedmap.report.rich_tables import plain_table
    from heedmap.visible import one_line

    words = words_in(lang)
    table = plain_table(title)
    heads = {
        "instruction": words("trail_instruction"),
        "frame": words("trail_frame"),
        "paraphrase": words("trail_paraphrase"),
        "same": words("trail_same"),
        "carried": words("trail_carried"),
    }
    measured = [n for n in heads if any(getattr(step, n) is not None for step in steps)]
    table.add_column(words("trail_module"), no_wrap=True)
    table.add_column(words("trail_kind"), overflow="ellipsis")
    table.add_column(words("trail_call"), justify="right")
    for name in measured:
        table.add_column(heads[name], justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for step in steps:
        is_lost = step.order == lost
        name = one_line(step.module) or words("trail_outermost")
        table.add_row(
            Text(" " * step.depth + name),
            Text(one_line(step.kind)),
            str(step.call),
            *(_figure(getattr(step, n), is_share=n == "carried") for n in measured),
            f"← {words('trail_lost_here')}" if is_lost else "",
            style="bold red" if is_lost else None,
        )
    table.caption = Text(words("trail_note"), style="dim")
    return table


def _figure(value: float | None, *, is_share: bool) -> Text:
    """A figure of three digits; nothing at all is dimmed, and what was not measured a dash."""
    from heedmap.ladder.messages.numbers import ABSENT

    if value is None:
        return Text(ABSENT, style="dim")
    if value == 0:
        return Text("0", style="dim")
    return Text(f"{value:.2f}" if is_share or 0.01 <= value < 100 else f"{value:.0e}")
