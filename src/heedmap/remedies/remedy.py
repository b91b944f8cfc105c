"""What a remedy must offer, and which are tried for which cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from heedmap.errors import RemedyError
from heedmap.ladder.causes import Cause
from heedmap.policies.base import Policy
from heedmap.remedies.guidance import WEIGHTS, Guided, choose_null
from heedmap.remedies.questions import Questions, own_name
from heedmap.remedies.result import REMEDIES, NullBranch, RemedyName
from heedmap.remedies.rewording import (
    FORMS,
    WORDINGS,
    Agreeing,
    Form,
    Reworded,
    nearest,
    telling_words,
)
from heedmap.remedies.tokenizing import Lengthened, PaddedBehind
from heedmap.remedies.watched import Fresh, Kept
from heedmap.remedies.wiring import Inserted, Opened, Reweighted

FACTORS = (4.0, 16.0)
"""By which attention to the words is multiplied."""
READ_TOO_LITTLE: frozenset[Cause] = frozenset(
    {"unattended", "unused", "confounded", "state_decides", "partial", "not_identified", "none"}
)
"""Words may arrive, but the action rests on them too little."""
NOT_UNDERSTOOD: frozenset[Cause] = frozenset({"truncated", "unknown_words", "disobeyed"})
"""Some of the words arrive, or mean something else."""
FITS: Mapping[RemedyName, frozenset[Cause]] = {
    "guidance": READ_TOO_LITTLE,
    "reweighting": READ_TOO_LITTLE,
    "nearest": READ_TOO_LITTLE | NOT_UNDERSTOOD,
    "form": READ_TOO_LITTLE | NOT_UNDERSTOOD,
    "telling_words": READ_TOO_LITTLE | NOT_UNDERSTOOD,
    "agreement": READ_TOO_LITTLE,
    "opened": frozenset({"masked", "action_before_instruction"}),
    "inserted": frozenset({"overwritten", "length_leak"}),
    "lengthened": frozenset({"truncated"}),
    "padded_behind": frozenset({"shifted_by_padding"}),
    "fresh": frozenset({"stale_instruction", "constant_action"}),
}
"""What could help against which cause; whether it does is measured."""


@dataclass(frozen=True)
class Setting:
    """What a remedy may look at: the policy as it is, and what it is asked."""

    policy: Policy
    questions: Questions
    kept: Kept | None = None
    """What the policy held before its first call; None where nobody noted it."""

    @cached_property
    def null(self) -> tuple[NullBranch, tuple[str, ...]]:
        """The null branch of guidance, chosen once."""
        return choose_null(self.policy, self.questions.trials, self.questions.texts)

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Instructions whose words may be exchanged for each other."""
        return tuple(self.questions.trials[0].instructions.values())


class Remedy(Protocol):
    """One change of how a policy is run, in one setting."""

    @property
    def name(self) -> RemedyName:
        """Its code."""
        ...

    @property
    def setting(self) -> str:
        """What it is set to; empty where there is nothing to set."""
        ...

    @property
    def is_untrained(self) -> bool:
        """Whether it gives the weights what they were never trained on."""
        ...

    def fits(self, cause: Cause) -> bool:
        """Whether it could help against this cause."""
        ...

    def apply(self, setting: Setting) -> Policy:
        """The policy with the remedy. Raises RemedyError, in a sentence, where it has no place."""
        ...


@dataclass(frozen=True)
class Simple:
    """A remedy that is a function from the setting to a policy."""

    name: RemedyName
    setting: str
    make: Callable[[Setting], Policy]
    is_untrained: bool = False

    def fits(self, cause: Cause) -> bool:
        """As the table says."""
        return cause in FITS[self.name]

    def apply(self, setting: Setting) -> Policy:
        """As the function makes it."""
        return self.make(setting)


@dataclass(frozen=True)
class Shelf:
    """All remedies that can be tried, each in its settings."""

    remedies: tuple[Remedy, ...]

    def check(self, names: Sequence[str]) -> None:
        """Raise RemedyError for a name that is not known."""
        known = [name for name in REMEDIES if any(each.name == name for each in self.remedies)]
        for name in names:
            if name not in known:
                raise RemedyError(
                    "'{name}' is no remedy that can be tried here; write one or several of "
                    "{known}.",
                    name=name,
                    known=", ".join(known),
                )

    def chosen(self, cause: Cause, names: Sequence[str]) -> list[Remedy]:
        """Those that are named; where none is, those that fit the cause."""
        self.check(names)
        return [r for r in self.remedies if (r.name in names if names else r.fits(cause))]


def shelf(weights: Sequence[float] | None = None, known: Sequence[str] = ()) -> Shelf:
    """Every remedy at inference.

    `weights` of guidance are swept. `known` are instructions of the training, to which texts may be
    reworded; left out, those that the frames came with.
    """
    guidance = [
        Simple("guidance", f"w = {weight:g}", partial(_guided, weight))
        for weight in weights or WEIGHTS
    ]
    attention = [
        Simple("reweighting", f"x {factor:g}", partial(_reweighted, factor)) for factor in FACTORS
    ]
    forms = [Simple("form", form, partial(_in_form, form)) for form in FORMS]
    others = [
        Simple("nearest", "", partial(_nearest, tuple(known))),
        *forms,
        Simple("telling_words", "", _telling),
        Simple("agreement", str(len(WORDINGS)), lambda s: Agreeing(s.policy, WORDINGS)),
        Simple("opened", "", lambda s: Opened(s.policy, "words visible", s.others), True),
        Simple("inserted", "", lambda s: Inserted(s.policy, "words inserted", s.others), True),
        Simple("lengthened", "", partial(_retokenized, Lengthened), True),
        Simple("padded_behind", "", partial(_retokenized, PaddedBehind), True),
        Simple("fresh", "", _fresh),
    ]
    return Shelf((*guidance, *attention, *others))


def _guided(weight: float, setting: Setting) -> Policy:
    return Guided(setting.policy, weight, setting.null[1])


def _reweighted(factor: float, setting: Setting) -> Policy:
    return Reweighted(setting.policy, factor, setting.others)


def _nearest(known: Sequence[str], setting: Setting) -> Policy:
    trials = setting.questions.trials
    own = dict.fromkeys(trial.instructions[own_name(trial)] for trial in trials)
    return Reworded(setting.policy, "nearest instruction", nearest(tuple(known) or tuple(own)))


def _in_form(form: Form, setting: Setting) -> Policy:
    return Reworded(setting.policy, f"form {form}", FORMS[form])


def _telling(setting: Setting) -> Policy:
    return Reworded(setting.policy, "telling words", telling_words(setting.questions.texts))


def _retokenized(kind: type[Lengthened | PaddedBehind], setting: Setting) -> Policy:
    trials, found = setting.questions.trials, kind(setting.policy)
    others = [text for trial in trials for each in trial.paraphrases.values() for text in each]
    found.try_on(trials[0].observation, [*setting.questions.texts, *dict.fromkeys(others)])
    return found


def _fresh(setting: Setting) -> Policy:
    if setting.kept is None:
        raise RemedyError(
            "What the policy held before its first call was not noted; give kept=Kept.of(policy), "
            "taken before anything is asked of it."
        )
    return Fresh(setting.policy, setting.kept)
