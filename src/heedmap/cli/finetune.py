"""The command `finetune`: a small adapter, trained on counterfactual pairs of the user's frames."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heedmap.cli.console import out, print_line, progress_bar
from heedmap.cli.input_options import Cases, History, OnePolicy, Seed
from heedmap.cli.inputs import InputOptions
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.cli.remedy import Still, remedy_inputs
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.record.files import made_folder, only_writer

if TYPE_CHECKING:
    from heedmap.data.trials import Trial
    from heedmap.policies.base import Policy
    from heedmap.remedies.finetune import OnStep

READINGS = 4
"""Of the monitor in one training, beside the first."""
WATCHED_FRAMES = 12
MONITOR_SHARE = 0.4
"""Of the time that the monitor may take."""
ADAPTER, HISTORY = "adapter", "readings.jsonl"


class Wiring(StrEnum):
    """In which wiring it is trained."""

    as_it_is = "as_it_is"
    inserted = "inserted"
    opened = "opened"


def finetune(
    policy: OnePolicy,
    output: Annotated[
        Path, typer.Option("--out", help="A folder for adapter, remedies.html and remedies.json.")
    ],
    cases: Cases = None,
    steps: Annotated[int, typer.Option(min=1, max=100_000, help="Optimizer steps.")] = 200,
    batch: Annotated[
        int, typer.Option(min=1, max=1024, help="Frames a step, each with all instructions.")
    ] = 16,
    rank: Annotated[int, typer.Option(min=1, max=512, help="Rank of the adapters.")] = 8,
    lr: Annotated[
        float, typer.Option(min=0, max=1000, help="Peak learning rate (one cycle).")
    ] = 2e-3,
    ratio: Annotated[
        float,
        typer.Option(
            min=0, max=1000, help="Weight of the log-likelihood ratio of LangForce; 0: none."
        ),
    ] = 0.0,
    wiring: Annotated[
        Wiring, typer.Option(help="Train with words inserted, or with the mask opened.")
    ] = Wiring.as_it_is,
    embeddings: Annotated[
        bool,
        typer.Option(
            "--embeddings", help="Adapters over embeddings, too: for words that were never learned."
        ),
    ] = False,
    still: Still = None,
    history: History = 0,
    seed: Seed = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
) -> None:
    """Train a low-rank adapter on frames that have several instructions with expected actions.

    A third of the episodes is held out, and the same questions are asked on it before and after.
    The adapter loads with ?adapter=OUT/adapter; the policy's own weights stay as they are.
    """
    from heedmap.policies.registry import load_policy
    from heedmap.remedies.result import FinetuneRecipe
    from heedmap.remedies.tuning import finetune as tune
    from heedmap.report.remedies.files import write_remedies
    from heedmap.report.remedies.terminal import print_remedies

    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    loaded = load_policy(policy, permissions)
    inputs = remedy_inputs(loaded, InputOptions(cases=cases, history=history))
    recipe = FinetuneRecipe(
        steps=steps,
        frames_per_step=batch,
        rank=rank,
        peak_lr=lr,
        ratio_weight=ratio,
        wiring=wiring.value,
        embeddings=embeddings,
        seed=seed,
    )

    def watching(tuned: Policy, held_out: Sequence[Trial]) -> OnStep:
        from heedmap.monitor.watch import Monitor

        (output / HISTORY).unlink(missing_ok=True)
        return Monitor(
            tuned,
            held_out[:WATCHED_FRAMES],
            every_steps=max(1, steps // READINGS),
            until="exchange",
            stop_when=(),
            most_cost_share=MONITOR_SHARE,
            seed=seed,
            history=output / HISTORY,
        ).at

    with only_writer(output), progress_bar() as advance:
        if (output / ADAPTER).exists():
            made_folder(output / ADAPTER)  # hours of training are not to end at a file of that name
        found = tune(
            *(loaded, inputs.trials or (), recipe, output / ADAPTER),
            base=policy.partition(":")[2] or policy,
            still=still,
            source=", ".join(inputs.places),
            watching=watching,
            on_progress=advance,
        )
        page = write_remedies(found, output, lang.value)
    print_remedies(found, out, lang.value)
    place = str((output / ADAPTER).resolve())
    print_line(out, say("remedy_adapter_at", lang.value, path=place))
    print_line(out, say("report_at", lang.value, path=str(page.resolve())))
