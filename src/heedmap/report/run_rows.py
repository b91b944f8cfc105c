"""The checkpoints of one training run as rows: whether the instruction is followed, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import amount, counted
from heedmap.ladder.verdict import Details, Verdict
from heedmap.ladder.wording import verdict_text
from heedmap.record.record import PolicyResult
from heedmap.report.verdict_words import headline
from heedmap.report.wording import ABSENT


@dataclass(frozen=True)
class RunRow:
    """What one checkpoint's audit found."""

    step: int
    verdict: Verdict
    folder: str
    """Of its result, relative to the overview."""
    unit: str | None = None
    """Of distances; None where the action's reaction was not measured."""
    followed: Estimate | None = None
    """How often the action is the expected one, where that is known."""
    exchange: Estimate | None = None
    """Distance between the actions of exchanged instructions."""
    paraphrase: Estimate | None = None
    """The same of paraphrases."""
    responds: bool | None = None
    """Whether the action reacts to the words, right or not; None where that was not measured."""

    @property
    def has_instruction(self) -> bool | None:
        """Whether the instruction is followed, or decides the action where nobody says which."""
        return self.responds or None if self.follows is None else self.follows

    @property
    def follows(self) -> bool | None:
        """Whether the instruction is followed; None where that cannot be judged."""
        return headline(self.verdict).is_good

    def headline(self, language: Language | None = None) -> str:
        """The verdict in half a line."""
        return headline(self.verdict).text(language)

    def sentence(self, language: Language | None = None) -> str:
        """The verdict in one sentence."""
        return verdict_text(self.verdict, language)[0]

    def distances(self, language: Language | None = None) -> tuple[str, str]:
        """Of an exchange and of a paraphrase, with their unit; a dash where not measured."""
        exchange, paraphrase = (
            ABSENT if found is None else amount(found.value, self.unit or "", language)
            for found in (self.exchange, self.paraphrase)
        )
        return exchange, paraphrase

    def rate(self, language: Language | None = None) -> str:
        """How often the action is as expected, counted; a dash where not measured."""
        details = self.verdict.details
        each = details.instructions if isinstance(details, Details) else None
        return ABSENT if self.followed is None else counted(self.followed, language, each=each)

    def line(self, language: Language | None = None) -> str:
        """The whole row as one line of the terminal."""
        exchange, paraphrase = self.distances(language)
        return say(
            "checkpoint_line",
            language,
            step=self.step,
            headline=self.headline(language),
            followed=self.rate(language),
            exchange=exchange,
            paraphrase=paraphrase,
        )


def run_row(step: int, found: PolicyResult, folder: str) -> RunRow:
    """The row of an audited checkpoint."""
    obeyed, behaviour = found.measurements.obeyed, found.measurements.behaviour
    responds = None if behaviour is None else behaviour.responds
    if obeyed is None:
        return RunRow(step, found.verdict, folder, responds=responds)
    return RunRow(
        step,
        found.verdict,
        folder,
        obeyed.unit,
        None if obeyed.following is None else obeyed.following.rate,
        obeyed.swap_distance,
        obeyed.paraphrase_distance,
        responds,
    )


def lost_at(rows: Sequence[RunRow]) -> tuple[RunRow, RunRow] | None:
    """The first loss of the instruction: the last checkpoint that had it, and one that has not.

    None where no checkpoint that has it comes before one that has not.
    """
    last: RunRow | None = None
    for row in rows:
        if row.has_instruction:
            last = row
        elif row.has_instruction is False and last is not None:
            return last, row
    return None
