"""The sentences and figures of tried remedies, in either language."""

from __future__ import annotations

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import ABSENT, counted, percent
from heedmap.ladder.wording import cause_name
from heedmap.phrase import said_again
from heedmap.remedies.result import CELLS, Cell, CellName, Remedies, Tried

LEAST_GAIN_PERCENT = 5
"""As `heedmap.remedies.judge.LEAST_GAIN`; a test compares them."""


def cell_name(name: CellName, of: Remedies, language: Language = "en") -> str:
    """The heading of a cell; without labels, following is only that the action moves."""
    is_response = name == "following" and not of.is_labelled
    return say("remedy_cell_responds" if is_response else f"remedy_cell_{name}", language)


def remedy_name(tried: Tried, language: Language = "en") -> str:
    """Such as "guidance w = 2"."""
    return name_in_words(tried.remedy, tried.setting, language)


def name_in_words(remedy: str, setting: str, language: Language | None = None) -> str:
    """The same of a remedy's code and what it is set to."""
    if remedy == "form":
        setting = say(f"remedy_form_{setting}", language)
    return say(f"remedy_name_{remedy}", language, setting=setting).strip()


def share_text(found: Estimate | None, language: Language = "en") -> str:
    """In percent, with what was counted: "92 % (22 of 24)"; an estimate is over cases."""
    return ABSENT if found is None else counted(found, language)


def interval_text(found: Estimate | None, language: Language = "en") -> str:
    """Of `share_text`, in percent: "85 to 98"; empty where it has no width."""
    if found is None or found.low is None or found.high is None or found.low == found.high:
        return ""
    low, high = f"{100 * found.low:.0f}", f"{100 * found.high:.0f}"
    return say("from_to", language, low=low, high=high)


def change_text(cell: Cell) -> str:
    """In points, signed: "+60"; empty where nothing was compared."""
    return "" if cell.change is None else f"{100 * cell.change.value:+.0f}".replace("-0", "0")


def passes_text(passes: float | None) -> str:
    """Runs of the policy an action."""
    return ABSENT if passes is None else f"{passes:.3g}"


def shown_cells(of: Remedies) -> tuple[CellName, ...]:
    """Those that were measured, before or after."""
    return tuple(
        name
        for name in CELLS
        if of.cell(name).found or any(t.cells and t.cell(name).found for t in of.tried)
    )


def lead(of: Remedies, language: Language = "en") -> str:
    """What was tried on what."""
    return say(
        "remedy_lead",
        language,
        policy=of.policy,
        frames=of.frames,
        episodes=of.episodes,
        cause=cause_name(of.cause, language),
    )


def sentence(of: Remedies, language: Language = "en") -> str:
    """The recommendation, or why there is none."""
    before = of.cell("following").found
    if of.best is not None:
        after = of.best.cell("following").found
        return say(
            "remedy_verdict_recommended"
            if of.is_labelled
            else "remedy_verdict_recommended_responds",
            language,
            remedy=remedy_name(of.best, language),
            before=share_text(before, language),
            after=share_text(after, language),
            passes=passes_text(of.best.passes),
        )
    if of.verdict == "none_helps":
        applied = [each for each in of.tried if each.outcome != "not_applied"]
        breaking = sum(each.outcome == "breaks" for each in applied)
        return say(
            "remedy_verdict_none_helps",
            language,
            count=len(applied),
            gainless=len(applied) - breaking,
            breaking=breaking,
        )
    if of.verdict == "no_following":
        why = say(f"remedy_missing_{of.cell('following').missing}", language)
        return say("remedy_verdict_no_following", language, why=why)
    if of.verdict == "follows_already" and of.is_labelled and before is not None:
        return say("remedy_verdict_follows_already", language, before=share_text(before, language))
    if of.verdict == "follows_already":
        return say("remedy_verdict_follows_unlabelled", language)
    return say("remedy_verdict_nothing_fits", language)


def notes(of: Remedies, language: Language = "en") -> list[str]:
    """What must be known beside the sentence: what was not measured, and what was untrained."""
    found: list[str] = []
    missing = [cell for cell in of.before if cell.missing and cell.name != "following"]
    if missing and of.verdict != "no_following":
        whys = [say(f"remedy_missing_{cell.missing}", language) for cell in missing]
        names = [cell_name(cell.name, of, language) for cell in missing]
        listed = "; ".join(f"{name} ({why})" for name, why in zip(names, whys, strict=True))
        found.append(say("remedy_missing", language, list=listed))
    branches = dict.fromkeys(each.null_branch for each in of.tried if each.null_branch)
    for branch in branches:
        null = say(f"remedy_null_{branch}", language)
        found.append(say("remedy_null_branch", language, null=null))
    applied = [each for each in of.tried if each.outcome != "not_applied" and each.is_untrained]
    if applied:
        names = ", ".join(dict.fromkeys(remedy_name(each, language) for each in applied))
        found.append(say("remedy_untrained", language, remedies=names))
    for each in of.tried:
        if each.why_not is not None:
            name = remedy_name(each, language)
            found.append(
                say("remedy_why_not", language, remedy=name, why=said_again(each.why_not, language))
            )
    if of.verdict in ("none_helps", "nothing_fits") and not _was_trained(of):
        found.append(say("remedy_next_finetune", language))
    return found


def outcome_text(tried: Tried, of: Remedies, language: Language = "en") -> str:
    """Such as "helps", or which side effects got worse."""
    if tried.outcome == "breaks":
        cells = ", ".join(cell_name(name, of, language) for name in tried.worse)
        return say("remedy_outcome_breaks", language, cells=cells)
    return say(f"remedy_outcome_{tried.outcome}", language)


def finetuned_text(of: Remedies, language: Language = "en") -> str:
    """What was trained on what; empty where nothing was."""
    trained = of.finetuned
    if trained is None:
        return ""
    said = say(
        "remedy_finetuned",
        language,
        frames=len(trained.trained_on),
        pairs=trained.pairs,
        held=len(trained.held_out),
        weights=trained.trained_weights,
        layers=len(trained.layers),
        rank=trained.recipe.rank,
        steps=trained.recipe.steps,
        first=f"{trained.first_loss:.3f}",
        last=f"{trained.last_loss:.3f}",
    )
    if trained.cause_after is None:
        return f"{said} {say('remedy_finetuned_wiring', language)}"
    cause = cause_name(trained.cause_after, language)
    return f"{said} {say('remedy_finetuned_cause', language, cause=cause)}"


def scale_text(of: Remedies, language: Language = "en") -> str:
    """What the figures are, and when a remedy is said to help."""
    return say(
        "remedy_scale",
        language,
        chance=percent(of.chance),
        least=f"{LEAST_GAIN_PERCENT} %",
        count=len(of.tried),
    )


def _was_trained(of: Remedies) -> bool:
    return any(each.remedy == "finetuned" for each in of.tried)
