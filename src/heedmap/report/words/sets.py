"""What is wrong with the instructions of one source together, beyond its single texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from heedmap.report.words.finding import Finding, finding_of
from heedmap.report.words.texts import Instruction, Source, plain_form
from heedmap.report.words.wording import (
    SINGLE,
    before_numbers,
    belonging,
    codes_of,
    is_characters,
    main_script,
    scripts_of,
)

LEAST_EQUAL = 3
"""Different texts of one length, the longest of the source: cut there."""
CUT_SHARE = 0.5
"""Share of the different texts that end there, at least."""
TEMPLATE_TEXTS, TEMPLATE_SHARE = 5, 0.8
"""Different texts that a template must cover, and their share of all."""
MOST_SHAPED = 2_000
"""Texts from which the most frequent template is taken; all are held against it."""
SLOT = "…"
_TOO_LONG_FOR_A_TEMPLATE = 60

Found = list[tuple[Instruction, str | None]]


def single_findings(source: Source) -> Iterable[Finding]:
    """What is wrong with its texts one by one, and what was stored in characters."""
    found: dict[str, Found] = {code: [] for code in SINGLE}
    for text, places in source.by_text.items():
        split = [each for each in places if each.is_split]
        found["characters"] += [(each, None) for each in split]
        rest = [each for each in places if not each.is_split] if split else places
        if rest:
            for code in codes_of(text):
                found[code] += [(each, None) for each in rest]
    found["appended"] += _appended_to_another(source, {each.said for each, _ in found["appended"]})
    found["cut_short"] += _of_the_longest(source, {each.said for each, _ in found["cut_short"]})
    for code, pairs in found.items():
        yield from finding_of(code, source, pairs)


def _appended_to_another(source: Source, known: set[str]) -> Found:
    """Texts that are another text of the source with a numbered word, or numbers, behind it."""
    return [
        (each, None)
        for text, places in source.by_text.items()
        if text not in known
        and any(plain_form(before) in source.by_words for before in before_numbers(text))
        for each in places
    ]


def _of_the_longest(source: Source, known: set[str]) -> Found:
    """Texts that end at the same length as one that is cut short, where none is longer.

    Of a benchmark, in every suite: there a field was too short for all.
    """
    suites: dict[str, set[str]] = {}
    for each in source.instructions:
        suites.setdefault(each.suite, set()).add(each.said)
    found: Found = []
    for suite, texts in suites.items():
        lengths = Counter(map(len, texts))
        ending = {text for text in texts if len(text) == max(lengths)}
        if len(ending) >= max(LEAST_EQUAL, CUT_SHARE * len(texts)) and ending & known:
            found += [
                (each, None)
                for text in sorted(ending - known)
                for each in source.by_text[text]
                if each.suite == suite
            ]
    return found


def scripts(source: Source, trained: Sequence[Source] = ()) -> Iterable[Finding]:
    """Texts that are not, or not only, in the script of most: of training where that is known."""
    main = main_script(text for each in trained or [source] for text in each.by_text)
    if main is None:
        return
    mixed = [
        (each, None)
        for text, places in source.by_text.items()
        if not scripts_of(text) <= belonging(main)
        for each in places
    ]
    yield from finding_of("script", source, mixed, script=main.capitalize())


def only_one(source: Source) -> Iterable[Finding]:
    """Several instructions that are all the same words."""
    if len(source.by_words) == 1 and len(source.instructions) > 1:
        yield from finding_of("only_one", source, [(each, None) for each in source.instructions])


def variants(source: Source) -> Iterable[Finding]:
    """The same words in several forms: case, punctuation, spaces. The most frequent one stays."""
    found: Found = []
    for texts in source.by_words.values():
        if len(texts) > 1:
            usual = max(texts, key=lambda text: len(source.by_text[text]))
            rest = (text for text in texts if text != usual)
            found += [(each, usual) for text in rest for each in source.by_text[text]]
    yield from finding_of("variants", source, found, "other")


def same_task(source: Source) -> Iterable[Finding]:
    """Tasks of one suite that ask for the same words, or lines of a list that are repeated."""
    if source.kind not in ("bddl", "list"):
        return
    first: dict[tuple[str, str], Instruction] = {}
    found: Found = []
    for each in source.instructions:
        text = each.said if each.asked is None else each.asked
        earlier = first.setdefault((each.suite, plain_form(text)), each)
        if earlier is not each:
            found.append((each, None))
    if len(source.by_words) > 1:
        yield from finding_of("same_task", source, found)


def template(source: Source) -> Iterable[Finding]:
    """One sentence of which a single word changes makes up most of the source."""
    forms = [form.split() for form in source.by_words]
    shapes: Counter[tuple[str, ...]] = Counter()
    for words in forms[:: 1 + len(forms) // MOST_SHAPED]:
        if 1 < len(words) <= _TOO_LONG_FOR_A_TEMPLATE:
            shapes.update(_with_a_slot(words, at) for at in range(len(words)))
    if not shapes:
        return
    shape = shapes.most_common(1)[0][0]
    at = shape.index(SLOT)
    fit = [words for words in forms if len(words) > at and _with_a_slot(words, at) == shape]
    if len(fit) < max(TEMPLATE_TEXTS, TEMPLATE_SHARE * len(forms)):
        return
    texts = (text for words in fit for text in source.by_words[" ".join(words)])
    found = [(each, None) for text in texts for each in source.by_text[text]]
    yield from finding_of("template", source, found, template=" ".join(shape), different=len(fit))


def _with_a_slot(words: list[str], at: int) -> tuple[str, ...]:
    return (*words[:at], SLOT, *words[at + 1 :])


def looks_broken(text: str) -> bool:
    """Whether a text is so broken that its words are no use in a comparison."""
    return is_characters(text) or not plain_form(text)
