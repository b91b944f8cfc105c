"""The command `remedy`: what helps a policy that does not follow its instruction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heedmap.cli.console import Advance, out, print_line, progress_bar
from heedmap.cli.findings import show_or_pipe
from heedmap.cli.input_options import (
    CaseFolder,
    Cases,
    Expected,
    Frames,
    History,
    Instructions,
    InstructionsFile,
    OnePolicy,
    Paraphrases,
    Seed,
)
from heedmap.cli.inputs import AuditInputs, InputOptions, gather_inputs
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.errors import RemedyError
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.record.files import made_folder

if TYPE_CHECKING:
    from heedmap.ladder.causes import Cause
    from heedmap.policies.base import Policy

EXAMPLES = 24
"""Frames of a specimen's own, where none are given."""

Still = Annotated[
    str | None,
    typer.Option(help="The action that stands still: a class, or zero for a continuous action."),
]


def remedy(
    policy: OnePolicy,
    cases: Cases = None,
    case: CaseFolder = None,
    frame: Frames = None,
    instruction: Instructions = None,
    instructions: InstructionsFile = None,
    expect: Expected = None,
    paraphrase: Paraphrases = None,
    history: History = 0,
    words: Annotated[
        Path | None, typer.Option(help="A word table (YAML) for counterfactual instructions.")
    ] = None,
    try_only: Annotated[
        list[str] | None,
        typer.Option("--try", help="Remedies such as guidance,nearest; default: what fits."),
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option(min=0, max=100, help="Weight of guidance; can be repeated (1 is none)."),
    ] = None,
    training: Annotated[
        Path | None,
        typer.Option(help="A text file of the training's instructions, one a line."),
    ] = None,
    still: Still = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="A folder for remedies.html and remedies.json.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="A file for the result as JSON; - prints it.")
    ] = None,
    seed: Seed = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
) -> None:
    """Try the remedies that fit the audit's verdict, before and after on the same frames.

    Says for each what it does to following and what it does besides (the own instruction, other
    words, no words, frames that must win), and recommends one, or none. Cases need expected actions
    (expert_action); without them only whether the action moves can be measured.
    """
    from heedmap.policies.registry import load_policy
    from heedmap.remedies.remedy import shelf
    from heedmap.remedies.trying import try_remedies
    from heedmap.remedies.watched import Kept
    from heedmap.report.remedies.files import remedies_json, write_remedies
    from heedmap.report.remedies.terminal import print_remedies

    names = [each.strip() for part in try_only or () for each in part.split(",") if each.strip()]
    given = InputOptions(
        *(frame or (), instruction or (), instructions, case, cases, expect or ()),
        paraphrases=paraphrase or (),
        history=history,
        words=words,
    )
    remedies = shelf(weight or None, known_instructions(training))
    remedies.check(names)
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    loaded = load_policy(policy, permissions)
    inputs = remedy_inputs(loaded, given)
    if output is not None:
        made_folder(output)  # before anything is measured
    kept = Kept.of(loaded)
    with progress_bar() as advance:
        found = try_remedies(
            *(loaded, inputs.trials or (), audited_cause(loaded, inputs, seed, advance)),
            names=names,
            still=still,
            source=", ".join(inputs.places),
            seed=seed,
            remedies=remedies,
            kept=kept,
            on_progress=_in_words(advance),
        )
    console = show_or_pipe(
        as_json,
        lambda: remedies_json(found),
        lambda: print_remedies(found, out, lang.value),
        "remedy_json_at",
        lang.value,
    )
    if output is not None:
        page = write_remedies(found, output, lang.value)
        print_line(console, say("report_at", lang.value, path=str(page.resolve())))


def _in_words(advance: Advance) -> Advance:
    """Follows the trying of remedies, which are labelled by their code and setting."""
    from heedmap.report.remedies.wording import name_in_words

    def shown(label: str, done: int, total: int) -> None:
        code, _, setting = label.partition(" ")
        advance(name_in_words(code, setting), done, total)

    return shown


def remedy_inputs(policy: Policy, given: InputOptions) -> AuditInputs:
    """Frames with their instructions as trials: as given, or the policy's own examples."""
    from heedmap.data.observation import NamedFrame
    from heedmap.data.trials import trials_of

    is_given = given.frames or given.cases or given.case or given.instructions
    if not (is_given or given.instructions_file):
        trials = list(policy.example_trials(EXAMPLES))
        if trials:
            first = trials[0]
            return AuditInputs(
                frames=[NamedFrame(first.name, policy.name, first.observation)],
                instructions=dict(first.instructions),
                expected_actions=dict(first.expected),
                recorded=first.recorded,
                trials=trials,
                places=[policy.name],
            )
    inputs = gather_inputs(given)
    if inputs.trials is not None:
        return inputs
    trials = trials_of(
        *(inputs.frames, inputs.instructions, inputs.expected_actions, inputs.paraphrases),
        inputs.recorded,
    )
    return AuditInputs(
        *(inputs.frames, inputs.instructions, inputs.expected_actions, inputs.paraphrases),
        *(inputs.recorded, trials, inputs.places),
    )


def audited_cause(policy: Policy, inputs: AuditInputs, seed: int, advance: Advance) -> Cause:
    """What an audit of the same frames names."""
    from heedmap.auditing.api import audit

    result = audit(
        *(policy, inputs.frames, inputs.instructions),
        expected_actions=inputs.expected_actions,
        paraphrases=inputs.paraphrases,
        recorded=inputs.recorded,
        trials=inputs.trials,
        until="exchange",
        seed=seed,
        on_progress=advance,
    )
    return result.record.policies[0].verdict.cause


MOST_KNOWN = 10_000
MOST_BYTES = 4_000_000


def known_instructions(path: Path | None) -> Sequence[str]:
    """Instructions of the training, one a line; raises RemedyError for what cannot be read."""
    if path is None:
        return ()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RemedyError(
                "{path} is larger than {most:,} bytes; give fewer lines.",
                path=path,
                most=MOST_BYTES,
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RemedyError(
            "The training's instructions {path} cannot be read ({why}); give a text file with one "
            "instruction a line.",
            path=path,
            why=error,
        ) from error
    found = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))[:MOST_KNOWN]
    if not found:
        raise RemedyError("{path} holds no line with an instruction.", path=path)
    return found
