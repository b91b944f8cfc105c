"""Which policies are compared, under which names, and whether their inputs are the same.

A difference means something only where both sides were measured alike. Instructions are the
same by name, text and what they ask for; frames by their pixels; trials by their names, for a
record does not hold their pixels (where a trial is one of the frames, they have to agree).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heedmap.errors import RecordError
from heedmap.ladder.messages import Value
from heedmap.phrase import Phrase
from heedmap.record.record import PolicyResult, Record
from heedmap.record.result import Result

_MOST_NAMES = 4
"""Of frames or instructions that are named in a note."""


@dataclass(frozen=True, eq=False)
class LabelledResult:
    """One result under a name that no other has."""

    label: str
    result: Result

    @cached_property
    def trials(self) -> frozenset[str]:
        """Names of the trials that values were kept of."""
        return frozenset(self.result.trials.column("trial").to_pylist())


@dataclass(frozen=True, eq=False)
class Entry:
    """One policy of one result, under a name that no other has."""

    name: str
    source: LabelledResult
    policy: PolicyResult

    @property
    def renamed(self) -> PolicyResult:
        """The policy under its unique name."""
        return self.policy.model_copy(update={"name": self.name})


@dataclass(frozen=True)
class Note:
    """What is, or is not, the same of a result: a key of the catalogue and its details."""

    key: str
    details: dict[str, Value]


@dataclass(frozen=True)
class Sameness:
    """What a result shares with the baseline's."""

    instructions: bool
    trials: frozenset[str]
    """Names of trials that both have, where nothing speaks against pairing them."""
    pixels: frozenset[str]
    """SHA-256 of the frames that both have, under whatever names."""
    notes: tuple[Note, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Policies side by side; all others are compared with the baseline."""

    sources: tuple[LabelledResult, ...]
    entries: tuple[Entry, ...]
    baseline: Entry

    @property
    def others(self) -> list[Entry]:
        """All but the baseline."""
        return [entry for entry in self.entries if entry is not self.baseline]

    @cached_property
    def sameness(self) -> dict[str, Sameness]:
        """What every result shares with the baseline's, by its label."""
        return {each.label: _sameness(self.baseline.source, each) for each in self.sources}

    @property
    def notes(self) -> list[Note]:
        """What is the same and what is not, result by result."""
        if len(self.sources) == 1:
            return [Note("compared_one_run", {})]
        others = [each for each in self.sources if each is not self.baseline.source]
        return [note for each in others for note in self.sameness[each.label].notes]


def compare(
    results: Sequence[tuple[str | Path, Result]], baseline: str | None = None
) -> Comparison:
    """Put all policies of the results, each with its folder, side by side.

    `baseline` names the baseline; the first policy where it is None.
    A name that occurs in several folders is shown with its folder, such as "exp42 [run-b]".

    Raises RecordError for fewer than two policies, or a baseline that none or several have.
    """
    labels = _labels([Path(folder) for folder, _ in results])
    pairs = zip(labels, results, strict=True)
    sources = tuple(LabelledResult(label, result) for label, (_, result) in pairs)
    count = Counter(policy.name for each in sources for policy in each.result.record.policies)
    entries = tuple(
        Entry(
            policy.name if count[policy.name] == 1 else f"{policy.name} [{each.label}]",
            each,
            policy,
        )
        for each in sources
        for policy in each.result.record.policies
    )
    if len(entries) < 2:
        held = ", ".join(entry.name for entry in entries) or Phrase("none")
        raise RecordError(
            "A comparison needs two policies or more, but there is {held}; give the folder of "
            "another result.",
            held=held,
        )
    return Comparison(sources, entries, _baseline(entries, baseline))


def _baseline(entries: Sequence[Entry], name: str | None) -> Entry:
    if name is None:
        return entries[0]
    exact = [entry for entry in entries if entry.name == name]
    found = exact or [entry for entry in entries if entry.policy.name == name]
    if len(found) == 1:
        return found[0]
    known = ", ".join(entry.name for entry in found or entries)
    if found:
        raise RecordError(
            "Several policies are named '{name}'; give --baseline one of: {known}.",
            name=name,
            known=known,
        )
    raise RecordError(
        "No policy is named '{name}'; give --baseline one of: {known}.", name=name, known=known
    )


def _labels(folders: Sequence[Path]) -> list[str]:
    """The folders' own names; with as many parent folders as make them unique.

    A folder that is given twice is numbered.
    """
    whole = [folder.resolve() for folder in folders]
    label_of = {path: path.name for path in whole}
    for depth in range(2, max((len(path.parts) for path in whole), default=0) + 1):
        count = Counter(label_of.values())
        for path, label in label_of.items():
            if count[label] > 1:
                label_of[path] = "/".join(path.parts[-depth:])
    seen: Counter[Path] = Counter()
    labels: list[str] = []
    for path in whole:
        seen[path] += 1
        label = label_of[path]
        labels.append(label if seen[path] == 1 else f"{label} #{seen[path]}")
    return labels


def _sameness(base: LabelledResult, other: LabelledResult) -> Sameness:
    one, two = base.result.record, other.result.record
    pixels = frozenset(f.sha256 for f in one.frames) & {f.sha256 for f in two.frames}
    if base is other:
        return Sameness(True, base.trials, pixels, ())
    between: dict[str, Value] = {"run": other.label, "baseline": base.label}
    if differing := _other_instructions(one, two):
        note = Note("compared_instructions", {**between, "names": _listed(differing)})
        return Sameness(False, frozenset(), frozenset(), (note,))
    trials = (base.trials & other.trials) - _changed_frames(one, two)
    notes: list[Note] = []
    alone = [f.name for f in (*one.frames, *two.frames) if f.sha256 not in pixels]
    if alone:
        names = _listed(list(dict.fromkeys(alone)))
        notes.append(Note("compared_frames", {**between, "names": names}))
    total = len(base.trials | other.trials)
    counts = {**between, "common": len(trials), "total": total}
    if not base.trials or not other.trials:
        without = [each.label for each in (base, other) if not each.trials]
        notes.append(Note("compared_no_trials", {**between, "names": _listed(without)}))
    elif not trials:
        notes.append(Note("compared_trials_none", between))
    elif len(trials) < total:
        notes.append(Note("compared_trials_some", counts))
    if not notes:
        notes.append(Note("compared_same", counts))
    return Sameness(True, trials, pixels, tuple(notes))


def _other_instructions(one: Record, two: Record) -> list[str]:
    """Names of the instructions that one of them lacks, or has in other words."""
    asked = [
        {
            i.name: (i.text, (i.expected_action or "").strip().casefold())
            for i in record.instructions
        }
        for record in (one, two)
    ]
    names = dict.fromkeys([*asked[0], *asked[1]])
    return [name for name in names if asked[0].get(name) != asked[1].get(name)]


def _changed_frames(one: Record, two: Record) -> frozenset[str]:
    """Names whose pixels differ between the records: not the same trial."""
    pixels = [{f.name: f.sha256 for f in record.frames} for record in (one, two)]
    common = pixels[0].keys() & pixels[1].keys()
    return frozenset(name for name in common if pixels[0][name] != pixels[1][name])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f", … (+{more})" if more > 0 else "")
