"""What is said against what is asked, and against what the policy was trained on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from heedmap.ladder.messages.numbers import percent
from heedmap.report.words.finding import MOST_ROWS, Finding, finding_of
from heedmap.report.words.nearest import Encode, Nearest, NearestMeaning
from heedmap.report.words.sets import looks_broken
from heedmap.report.words.texts import Instruction, Source, plain_form, words_of

DRIFT_SHARE = 0.5
"""By how much the shares of texts in a form have to differ between training and evaluation."""
_CHANGES_WORDS = re.compile(
    r"_(lan|lang|language|task|semantic|instruction|paraphrase|relation|ood)(_|$)", re.IGNORECASE
)
"""A suite that is named like this was made to change the instruction."""
OPPOSITES = (
    *(("left", "right"), ("front", "back"), ("top", "bottom"), ("open", "close"), ("on", "off")),
    *(("up", "down"), ("above", "below"), ("over", "under"), ("first", "last")),
    *(("push", "pull"), ("in", "out"), ("with", "without"), ("near", "far")),
)
FORMS: dict[str, Callable[[str], bool]] = {
    "full_stop": lambda text: text.rstrip().endswith((".", "!", "?", "。")),
    "capital": lambda text: text.lstrip()[:1].isupper(),
    "underscores": lambda text: "_" in text,
    "line_break": lambda text: "\n" in text,
}
"""Forms that a tokenizer sees though the words are the same."""

Found = list[tuple[Instruction, str | None]]


def said_against_asked(source: Source, trained: Sequence[Source]) -> Iterable[Finding]:
    """Tasks of which the policy is given other words than the task asks for.

    Grave where the suite that this one was made from asks for something else: then the change was
    meant, and is not said. Harmless where that suite asks for the same, or training used the words.
    """
    found: dict[str, Found] = {}
    known = _plain_forms(trained)
    for each in source.instructions:
        code = _judged(each, known)
        if code is not None:
            found.setdefault(code, []).append((each, each.asked))
    for code, pairs in found.items():
        yield from finding_of(code, source, pairs, "asked")


def _judged(each: Instruction, trained: set[str]) -> str | None:
    if each.asked is None or plain_form(each.said) == plain_form(each.asked):
        return None
    if each.base is not None and plain_form(each.asked) != plain_form(each.base):
        return "change_not_said"
    if _are_opposite(each.said, each.asked):
        return "said_opposes"
    if each.base is not None:
        return "said_differs_base"
    if plain_form(each.said) in trained and not _CHANGES_WORDS.search(each.suite):
        return "said_differs_trained"
    return "said_differs"


def _are_opposite(said: str, asked: str) -> bool:
    """Whether one says left, open or front where the other says right, close or back."""
    first, second = set(words_of(said)), set(words_of(asked))
    return any(
        one in first - second and other in second - first
        for pair in OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def outside_training(
    source: Source, trained: Sequence[Source], encode: Encode | None = None
) -> Iterable[Finding]:
    """Words that no training instruction has, each with the nearest one (by meaning: `encode`)."""
    known = _plain_forms(trained)
    lacking = [
        (text, places)
        for text, places in source.by_text.items()
        if plain_form(text) not in known and not looks_broken(text)
    ]
    if not lacking:
        return
    texts = dict.fromkeys(text for each in trained for text in each.by_text)
    nearest = Nearest(texts) if encode is None else NearestMeaning(texts, encode)
    found: Found = []
    for number, (text, places) in enumerate(lacking):
        other = nearest.find(text)[0] if number < MOST_ROWS else None
        found += [(each, other) for each in places]
    yield from finding_of("outside_training", source, found, "trained", different=len(lacking))


def forms(source: Source, trained: Sequence[Source]) -> Iterable[Finding]:
    """Forms that most of training has and most of the evaluation lacks, or the other way round."""
    texts = [text for each in trained for text in each.by_text]
    as_trained = {plain_form(text): text for text in texts}
    for name, has in FORMS.items():
        own = list(source.by_text)
        before, now = _share(has, texts), _share(has, own)
        if abs(before - now) < DRIFT_SHARE:
            continue
        found: Found = [
            (each, as_trained.get(plain_form(text)))
            for text, places in source.by_text.items()
            if has(text) == (now > before)
            for each in places
        ]
        shares = {"trained": percent(before), "now": percent(now)}
        counts = {
            "trained_hits": sum(map(has, texts)),
            "trained_total": len(texts),
            "now_hits": sum(map(has, own)),
            "now_total": len(own),
        }
        values = {"form": name, **shares, **counts}
        yield from finding_of("form_differs", source, found, "trained", **values)


def truncated(
    source: Source, count_tokens: Callable[[list[str]], list[int]], most_tokens: int
) -> Iterable[Finding]:
    """Texts of more tokens than the policy's tokenizer is allowed."""
    texts = list(source.by_text)
    counts = count_tokens(texts)
    found: Found = [
        (each, None)
        for text, count in zip(texts, counts, strict=True)
        if count > most_tokens
        for each in source.by_text[text]
    ]
    yield from finding_of("truncated", source, found, most=most_tokens, longest=max(counts))


def _plain_forms(sources: Sequence[Source]) -> set[str]:
    return {form for source in sources for form in source.by_words}


def _share(has: Callable[[str], bool], texts: Iterable[str]) -> float:
    marks = [has(text) for text in texts]
    return sum(marks) / len(marks) if marks else 0.0
