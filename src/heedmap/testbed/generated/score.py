"""Generated policies audited with default settings: what the ladder said against what is true.

Plain values, so that the arithmetic is tested on lists made by hand. An audit that ends in one
sentence of ours is a *refusal*, any other exception a *crash*; neither ends the scoring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from heedmap.auditing.api import audit
from heedmap.auditing.measures.stats import wilson_interval
from heedmap.errors import HeedmapError, first_line_of
from heedmap.ladder.measurements import Measurements
from heedmap.policies.base import Policy
from heedmap.record.record import PolicyResult
from heedmap.testbed.generated.population import Generated
from heedmap.testbed.generated.training import TrainingError, single_thread
from heedmap.testbed.generated.truth import UntrueError
from heedmap.testbed.scoreboard.rules import Rated, Read, rate_rules

Problem = Literal["refused", "crashed"]
Contradiction = Literal["obeys_but_fails", "silent_but_used", "silent_but_obeyed"]
"""A verdict that behaviour disproves: the policy obeys, but a rung fails; or its action does not
change with the instruction, but *used* or *obeyed* holds."""
FOLLOWS = ("none", "indirect_only", "bypass", "image_unused", "image_masked")
"""Causes under which the diagnosis says that the instruction is followed."""
Progress = Callable[[str, int, int], None]
"""Called before each member with its name, members done, and members in all."""


@dataclass(frozen=True)
class Judged:
    """One member, and what the ladder said of it."""

    name: str
    cause: str
    also_acceptable: tuple[str, ...]
    obeys: bool | None
    responds: bool | None
    is_healthy: bool
    named: str | None
    """The cause that was named; None where there was no verdict."""
    failing: str | None = None
    """The first rung that fails."""
    used: str | None = None
    """Status of the rung."""
    obeyed: str | None = None
    problem: Problem | None = None
    message: str | None = None
    """The first line of what went wrong."""
    seconds: float = 0.0
    """Of the audit."""
    share: float | None = None
    """Of attention that goes to the instruction; 0 where it has no position, None if not read."""
    ivar: float | None = None
    """As `share`, of values times weights over image and instruction."""

    @property
    def is_exact(self) -> bool:
        """Whether the true cause was named."""
        return self.named == self.cause

    @property
    def is_right(self) -> bool:
        """Whether the true cause or another acceptable one was named."""
        return self.named in (self.cause, *self.also_acceptable)

    @property
    def is_false_alarm(self) -> bool:
        """Whether a rung fails although the policy is healthy."""
        return self.is_healthy and self.failing is not None

    @property
    def contradiction(self) -> Contradiction | None:
        """How the verdict contradicts the policy's behaviour; None if it does not."""
        if self.obeys and self.failing is not None:
            return "obeys_but_fails"
        if self.responds is False and self.obeyed == "holds":
            return "silent_but_obeyed"
        if self.responds is False and self.used == "holds":
            return "silent_but_used"
        return None


@dataclass(frozen=True)
class Scoreboard:
    """What came of scoring."""

    judged: tuple[Judged, ...]
    unmade: tuple[str, ...] = ()
    """Members that could not be made as their truth says, with the reason; they are not judged."""

    @property
    def total(self) -> int:
        """Members that were audited."""
        return len(self.judged)

    @property
    def exact(self) -> int:
        """Members of which the true cause was named."""
        return sum(each.is_exact for each in self.judged)

    @property
    def right(self) -> int:
        """Members of which an acceptable cause was named."""
        return sum(each.is_right for each in self.judged)

    @property
    def exact_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the share of exact causes; refusals count as wrong."""
        return wilson_interval(self.exact, self.total)

    @property
    def right_interval(self) -> tuple[float, float]:
        """The same, of acceptable causes."""
        return wilson_interval(self.right, self.total)

    @property
    def contradictions(self) -> tuple[Judged, ...]:
        """Members whose verdict contradicts their behaviour."""
        return tuple(each for each in self.judged if each.contradiction is not None)

    @property
    def false_alarms(self) -> tuple[Judged, ...]:
        """Healthy members of which a rung fails."""
        return tuple(each for each in self.judged if each.is_false_alarm)

    @property
    def healthy(self) -> int:
        """Healthy members, refused ones among them."""
        return sum(each.is_healthy for each in self.judged)

    def with_problem(self, problem: Problem) -> tuple[Judged, ...]:
        """Members without a verdict, for this reason."""
        return tuple(each for each in self.judged if each.problem == problem)

    @property
    def rated(self) -> tuple[Rated, ...]:
        """Rules of attention beside the diagnosis, where attention was read and the truth is known.

        Empty where that is so of no policy.
        """
        return rate_rules(self._read) if self._read else ()

    @property
    def read(self) -> int:
        """How many policies `rated` is over."""
        return len(self._read)

    @property
    def _read(self) -> list[Read]:
        return [
            Read(each.obeys, each.named in FOLLOWS, each.share, each.ivar or 0.0)
            for each in self.judged
            if each.obeys is not None and each.share is not None
        ]

    @property
    def confusion(self) -> dict[tuple[str, str], int]:
        """Counts by true cause and what was named: a cause, "refused" or "crashed"."""
        pairs = ((each.cause, each.named or each.problem or "-") for each in self.judged)
        return dict(sorted(Counter(pairs).items()))


def score_members(
    members: Iterable[Generated], seed: int = 0, on_progress: Progress | None = None
) -> Scoreboard:
    """Audit every member on its trials, until *used*; on one thread, as matrices are tiny."""
    judged: list[Judged] = []
    unmade: list[str] = []
    with single_thread():
        for member in _counted(list(members), on_progress):
            try:
                policy = member.make()
            except (UntrueError, TrainingError) as error:
                unmade.append(f"{member.name}: {error}")
            else:
                judged.append(judge_member(member, policy, seed))
    return Scoreboard(tuple(judged), tuple(unmade))


def make_members(
    members: Iterable[Generated], on_progress: Progress | None = None
) -> dict[str, str | None]:
    """Make every member: why it could not be made, None where it could."""
    made: dict[str, str | None] = {}
    with single_thread():
        for member in _counted(list(members), on_progress):
            try:
                member.make()
                made[member.name] = None
            except (UntrueError, TrainingError) as error:
                made[member.name] = str(error)
    return made


def _counted(members: Sequence[Generated], on_progress: Progress | None) -> Iterator[Generated]:
    for done, member in enumerate(members):
        if on_progress is not None:
            on_progress(member.name, done, len(members))
        yield member


def judge_member(member: Generated, policy: Policy, seed: int = 0) -> Judged:
    """Audit one policy that was made."""
    began = perf_counter()
    try:
        found = _audited(member, policy, seed)
    except HeedmapError as error:
        return _judged(member, None, "refused", first_line_of(error), perf_counter() - began)
    except Exception as error:
        told = f"{type(error).__name__}: {first_line_of(error)}"
        return _judged(member, None, "crashed", told, perf_counter() - began)
    return _judged(member, found, None, None, perf_counter() - began)


def _audited(member: Generated, policy: Policy, seed: int) -> PolicyResult:
    trials = member.trials
    first = trials[0]
    result = audit(
        policy,
        {first.name: first.observation},
        first.instructions,
        expected_actions=first.expected,
        paraphrases=first.paraphrases,
        recorded=first.recorded,
        trials=trials,
        until="cut",
        seed=seed,
    )
    return result.record.policies[0]


def _judged(
    member: Generated,
    found: PolicyResult | None,
    problem: Problem | None,
    message: str | None,
    seconds: float,
) -> Judged:
    verdict = None if found is None else found.verdict
    share, ivar = (None, None) if found is None else _attention(found.measurements)
    return Judged(
        name=member.name,
        cause=member.cause,
        also_acceptable=member.also_acceptable,
        obeys=member.obeys,
        responds=member.responds,
        is_healthy=member.is_healthy,
        named=None if verdict is None else verdict.cause,
        failing=None if verdict is None else verdict.first_failing,
        used=None if verdict is None else verdict.rungs["used"].status,
        obeyed=None if verdict is None else verdict.rungs["obeyed"].status,
        problem=problem,
        message=message,
        seconds=seconds,
        share=share,
        ivar=ivar,
    )


def _attention(measured: Measurements) -> tuple[float | None, float | None]:
    """Share and IVAR of the instruction; None where no attention was read."""
    if measured.attended is not None:
        return measured.attended.share, measured.attended.ivar
    is_read = measured.unread is None and bool(measured.stacks)
    return (0.0, 0.0) if is_read else (None, None)


def worst_first(judged: Sequence[Judged]) -> list[Judged]:
    """Crashes, contradictions, false alarms, wrong causes, refusals, then what is right."""

    def rank(each: Judged) -> int:
        faults = (
            each.problem == "crashed",
            each.contradiction is not None,
            each.is_false_alarm,
            not each.is_right and each.problem is None,
            each.problem == "refused",
        )
        return next((place for place, found in enumerate(faults) if found), len(faults))

    return sorted(judged, key=rank)
