"""The figures of the rungs 4 to 6 as text, the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, numbers, say
from heedmap.ladder.messages.numbers import counted, interval, unit_name
from heedmap.ladder.verdict import Details
from heedmap.record.record import PolicyResult
from heedmap.report.wording import ABSENT, percent


@dataclass(frozen=True)
class RungTable:
    """One table: keys of its title, note and headings in the catalogue, and a policy's cells."""

    rung: str
    columns: tuple[str, ...]
    cells: Callable[[PolicyResult, Language | None], list[str] | None]
    """None where the policy has nothing to show."""

    @property
    def title(self) -> str:
        """Key of the title."""
        return f"{self.rung}_title"

    @property
    def note(self) -> str:
        """Key of the note."""
        return f"{self.rung}_note"

    def rows(
        self, policies: Sequence[PolicyResult], language: Language | None = None
    ) -> list[tuple[str, list[str]]]:
        """Names and cells of the policies that have something to show."""
        found = [(policy.name, self.cells(policy, language)) for policy in policies]
        return [(name, cells) for name, cells in found if cells is not None]


def _attended(policy: PolicyResult, _: Language | None) -> list[str] | None:
    facts = policy.measurements.attended
    if facts is None:
        return None
    return [
        percent(facts.share),
        percent(facts.last_layer_share),
        ABSENT if facts.lift is None else f"{facts.lift:.2f}",
        percent(facts.value_share),
        percent(facts.rollout_share),
        percent(facts.ivar),
        percent(facts.null_shuffled_weights),
        percent(facts.null_nonsense),
        " ".join(map(str, facts.heads_alive_by_layer)),
    ]


def _used(policy: PolicyResult, language: Language | None) -> list[str] | None:
    facts = policy.measurements.used
    if facts is None:
        return None
    p_value = facts.p_value
    return [
        unit_name(facts.unit, language),
        f"{facts.dependence.value:.2f}",
        f"{facts.after_cut.value:.2f}",
        f"{facts.after_random_cut.value:.2f}",
        interval(facts.mediated, language),
        f"{facts.mediated_directly.value:.2f}",
        ABSENT if p_value is None else f"{p_value:.4f}",
        _count(facts.mediated),
    ]


def _obeyed(policy: PolicyResult, language: Language | None) -> list[str] | None:
    facts = policy.measurements.obeyed
    if facts is None:
        return None
    following = facts.following
    decided = facts.trials - facts.not_needed - facts.without_expectation
    return [
        f"{decided}/{facts.trials}",
        counted(facts.competent.rate, language) if facts.competent else ABSENT,
        _plain(facts.swap_distance),
        _plain(facts.paraphrase_distance),
        _rate(policy, language) if following else ABSENT,
        numbers.percent(following.chance) if following else ABSENT,
        _counted(following.counterfactual_accuracy, language) if following else ABSENT,
        _signed(following.grounding_score) if following else ABSENT,
        _signed(following.paraphrase_drop) if following else ABSENT,
    ]


RUNG_TABLES: tuple[RungTable, ...] = (
    RungTable(
        "attended",
        (
            "attended_share",
            "attended_last",
            "attended_lift",
            "attended_read",
            "attended_rollout",
            "attended_ivar",
            "attended_shuffled",
            "attended_nonsense",
            "attended_heads",
        ),
        _attended,
    ),
    RungTable(
        "used",
        (
            "used_unit",
            "used_dependence",
            "used_after_cut",
            "used_after_random",
            "used_mediated",
            "used_direct",
            "used_p",
            "used_frames",
        ),
        _used,
    ),
    RungTable(
        "obeyed",
        (
            "obeyed_needed",
            "obeyed_competent",
            "obeyed_swap",
            "obeyed_paraphrase",
            "obeyed_followed",
            "obeyed_chance",
            "obeyed_all",
            "obeyed_grounding",
            "obeyed_drop",
        ),
        _obeyed,
    ),
)


def _rate(policy: PolicyResult, language: Language | None) -> str:
    """With its interval, or with what was counted where the interval has no width."""
    details = policy.verdict.details
    facts = policy.measurements.obeyed
    assert facts is not None
    assert facts.following is not None
    estimate = facts.following.rate
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        each = details.instructions if isinstance(details, Details) else None
        return counted(estimate, language, each=each)
    low, high = f"{100 * estimate.low:.0f}", f"{100 * estimate.high:.0f}"
    return say("interval", language, value=numbers.percent(estimate.value), low=low, high=high)


def _count(estimate: Estimate) -> str:
    """Frames counted, and of how many."""
    if not estimate.left_out:
        return str(estimate.n)
    return f"{estimate.n}/{estimate.n + estimate.left_out}"


def _plain(estimate: Estimate | None) -> str:
    return ABSENT if estimate is None else f"{estimate.value:.2f}"


def _counted(estimate: Estimate | None, language: Language | None) -> str:
    """Of one value a frame."""
    return ABSENT if estimate is None else counted(estimate, language)


def _signed(estimate: Estimate | None) -> str:
    return ABSENT if estimate is None else f"{estimate.value:+.2f}"
