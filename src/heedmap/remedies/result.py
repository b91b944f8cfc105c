"""What the remedies did to one policy: what is stored as JSON and shown on the page; no torch."""

from __future__ import annotations

from typing import Literal, get_args

from heedmap.frozen import Frozen
from heedmap.ladder.causes import Cause
from heedmap.ladder.evidence import Estimate

SCHEMA_VERSION = 1

CellName = Literal["following", "competence", "paraphrase", "blank", "frame_wins"]
CELLS: tuple[CellName, ...] = get_args(CellName)
"""`following` is what a remedy is for; the others are its side effects."""

Missing = Literal[
    "no_exchange", "no_label", "no_paraphrase", "no_still", "no_frame_wins", "refused"
]
"""Why a cell was not measured."""

RemedyName = Literal[
    "guidance",
    "reweighting",
    "nearest",
    "form",
    "telling_words",
    "agreement",
    "opened",
    "inserted",
    "lengthened",
    "padded_behind",
    "fresh",
    "finetuned",
]
REMEDIES: tuple[RemedyName, ...] = get_args(RemedyName)

Outcome = Literal["helps", "breaks", "no_gain", "not_applied"]
Verdict = Literal["follows_already", "recommended", "none_helps", "nothing_fits", "no_following"]
NullBranch = Literal["blank", "nonsense", "mean"]


class Cell(Frozen):
    """One question about a policy, before a remedy or after it."""

    name: CellName
    found: Estimate | None = None
    """Share of the observations that are as they should be, 0..1."""
    missing: Missing | None = None
    """Why nothing was found."""
    change: Estimate | None = None
    """After less before, over the same observations; None before a remedy."""

    @property
    def is_worse(self) -> bool:
        """Whether it fell beyond the interval of the change; without an interval, at all."""
        if self.change is None:
            return False
        return self.change.value < 0 and (self.change.high is None or self.change.high < 0)


class Tried(Frozen):
    """One remedy on one policy: what came of it."""

    remedy: RemedyName
    setting: str = ""
    """What it was set to, such as "w = 2"; empty where there is nothing to set."""
    outcome: Outcome
    cells: tuple[Cell, ...] = ()
    passes: float | None = None
    """Runs of the policy an action."""
    p_value: float | None = None
    """That following gained nothing, adjusted for how many remedies were tried."""
    null_branch: NullBranch | None = None
    """Of guidance: what its second branch is given."""
    is_untrained: bool = False
    """Whether the weights were never trained on what the remedy gives them."""
    why_not: str | None = None
    """Why it was not applied: a sentence."""

    def cell(self, name: CellName) -> Cell:
        """The cell of a name."""
        return _named(self.cells, name)

    @property
    def worse(self) -> tuple[CellName, ...]:
        """Side effects that got worse."""
        return tuple(c.name for c in self.cells if c.name != "following" and c.is_worse)


class FinetuneRecipe(Frozen):
    """All that it takes to do it again."""

    steps: int = 300
    frames_per_step: int = 16
    """Each with all of its instructions."""
    rank: int = 8
    peak_lr: float = 2e-3
    ratio_weight: float = 0.0
    """Of the log-likelihood ratio beside the loss; 0 is plain counterfactual batches."""
    wiring: Literal["as_it_is", "inserted", "opened"] = "as_it_is"
    """Corrected by intervention while it trains, and wherever the adapter is used."""
    embeddings: bool = False
    """Whether adapters lie over tables of embeddings, too."""
    seed: int = 0


class Finetuned(Frozen):
    """What was trained on what, and how the loss went."""

    recipe: FinetuneRecipe
    trained_on: tuple[str, ...]
    """Names of frames."""
    held_out: tuple[str, ...]
    pairs: int
    """Frames with an instruction and its expected action."""
    layers: tuple[str, ...]
    """Over which adapters lie."""
    trained_weights: int
    first_loss: float
    last_loss: float
    """Mean over the last tenth of the steps."""
    cause_after: Cause | None = None
    """What the audit names with the adapter; None in a corrected wiring, which is not audited."""


class Remedies(Frozen):
    """Everything that was tried on one policy, and what is recommended."""

    schema_version: int = SCHEMA_VERSION
    policy: str
    cause: Cause
    """What the audit named before."""
    source: str = ""
    """Where the frames came from."""
    seed: int
    frames: int
    episodes: int
    is_labelled: bool
    """Whether expected actions are known; if not, following is that exchanges move the action."""
    chance: float | None
    """What an action drawn evenly reaches in following."""
    before: tuple[Cell, ...]
    tried: tuple[Tried, ...]
    verdict: Verdict
    recommended: int | None = None
    """Place in `tried`."""
    finetuned: Finetuned | None = None
    """How the adapter was trained, where one was."""

    @property
    def best(self) -> Tried | None:
        """The remedy that is recommended; None where none is."""
        return None if self.recommended is None else self.tried[self.recommended]

    def cell(self, name: CellName) -> Cell:
        """The cell of a name, before any remedy."""
        return _named(self.before, name)


def _named(cells: tuple[Cell, ...], name: CellName) -> Cell:
    return next(cell for cell in cells if cell.name == name)
