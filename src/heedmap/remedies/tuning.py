"""Fine-tuning from the frames to the figures: split, before, train, after, save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from heedmap.auditing.api import audit
from heedmap.auditing.preparation import evaluating
from heedmap.data.observation import NamedFrame
from heedmap.data.trials import Trial
from heedmap.errors import RemedyError
from heedmap.ladder.causes import Cause
from heedmap.policies.base import Policy
from heedmap.remedies.finetune import (
    FinetuneRecipe,
    OnStep,
    Progress,
    adapted,
    pairs_of,
    save_adapter,
    split,
    train,
)
from heedmap.remedies.judge import adjusted, cells_of, gain_p_value, recommended, verdict_of
from heedmap.remedies.questions import answer, questions_on
from heedmap.remedies.result import Finetuned, Remedies, Tried
from heedmap.remedies.wiring import Inserted, Opened

Watching = Callable[[Policy, Sequence[Trial]], OnStep]
"""Makes what is called with the steps done, such as a monitor's `at`, from policy and frames."""


def finetune(
    policy: Policy,
    trials: Sequence[Trial],
    recipe: FinetuneRecipe,
    folder: Path | None = None,
    *,
    base: str = "",
    still: str | None = None,
    source: str = "",
    watching: Watching | None = None,
    on_progress: Progress | None = None,
) -> Remedies:
    """Train low-rank adapters on two thirds of the episodes, and measure on the others.

    With a `folder` the adapter is saved there, to be loaded over `base` by `?adapter=FOLDER`; the
    policy itself is afterwards as it came. `recipe.wiring` trains it in a corrected wiring, which
    the adapter then needs wherever it is used.

    Raises RemedyError where there are too few labelled episodes, no gradient arrives, or the
    wiring cannot be corrected; MissingExtraError without peft.
    """
    taught, held_out = split(trials)
    questions = questions_on(held_out, policy.action_names, still)
    if "following" in questions.missing:
        raise RemedyError(
            "No held-out frame has an instruction that expects another action than its own; give "
            "more cases with different expected actions."
        )
    with evaluating(policy):
        values = answer(policy, questions)
        cause = cause_of(policy, held_out, recipe.seed)
        tuned = _in_wiring(policy, taught, recipe)
        with adapted(tuned, taught, recipe) as (model, layers):
            on_step = None if watching is None else watching(tuned, held_out)
            losses = train(tuned, taught, recipe, model, on_step=on_step, on_progress=on_progress)
            after = answer(tuned, questions)
            cause_after = None if tuned is not policy else cause_of(policy, held_out, recipe.seed)
            weights = sum(p.numel() for p in model.parameters() if p.requires_grad)
            if folder is not None:
                save_adapter(model, folder, base or policy.name)
    seed = recipe.seed
    (tried,) = adjusted(
        [
            Tried(
                remedy="finetuned",
                setting=f"{recipe.steps} steps",
                outcome="no_gain",
                cells=cells_of(questions, after, values, seed),
                passes=1.0,
                p_value=gain_p_value(questions, after, values, seed),
            )
        ]
    )
    place = recommended([tried])
    return Remedies(
        policy=policy.name,
        cause=cause,
        source=source,
        seed=seed,
        frames=len(held_out),
        episodes=len({trial.cluster for trial in held_out}),
        is_labelled=True,
        chance=questions.chance,
        before=cells_of(questions, values, seed=seed),
        tried=(tried,),
        verdict=verdict_of([tried], place),
        recommended=place,
        finetuned=Finetuned(
            recipe=recipe,
            trained_on=tuple(trial.name for trial in taught),
            held_out=tuple(trial.name for trial in held_out),
            pairs=sum(len(pairs_of(trial, policy.action_names)) for trial in taught),
            layers=layers,
            trained_weights=weights,
            first_loss=losses[0],
            last_loss=float(np.mean(losses[-max(1, len(losses) // 10) :])),
            cause_after=cause_after,
        ),
    )


def _in_wiring(policy: Policy, trials: Sequence[Trial], recipe: FinetuneRecipe) -> Policy:
    """In the corrected wiring, whose places are measured before anything is trained."""
    if recipe.wiring == "as_it_is":
        return policy
    others = tuple(trials[0].instructions.values())
    kinds: dict[str, type[Inserted] | type[Opened]] = {"inserted": Inserted, "opened": Opened}
    found = kinds[recipe.wiring](policy, recipe.wiring, others)
    for trial in trials:
        for texts in (trial.instructions.values(), *trial.paraphrases.values()):
            for text in texts:
                found.plan(trial.observation, text)
    return found


def cause_of(policy: Policy, trials: Sequence[Trial], seed: int = 0) -> Cause:
    """What an audit of these frames names; the rungs to attended are examined on the first."""
    first = trials[0]
    frame = NamedFrame(first.name, first.name, first.observation)
    found = audit(*(policy, frame, first.instructions), trials=trials, until="exchange", seed=seed)
    return found.record.policies[0].verdict.cause
