"""A result as Markdown, for a pull request or a wiki: the story of the page's first screen.

Nothing but Markdown's tables and lists, which forges and wikis show alike. Names and texts from
outside are code spans or escaped: they show as text, and make no link, mention or further cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.wording import cause_name
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.report.page.story import StoryRow, story_rows
from heedmap.report.summary_lines import ChosenAction, SummaryLine, TwoShares, summary_lines
from heedmap.report.untrusted import markdown_code, markdown_text
from heedmap.report.wording import ABSENT, percent

_TICK, _CROSS = "✓", "✗"


def to_markdown(result: Result, language: Language = "en") -> str:
    """What was given, the ladder, what to do, the shares and the actions; ends with a line end."""
    words = words_in(language)
    rows = story_rows(result)
    blocks = [
        f"### {words('page_title')}",
        given(result.record, language),
        delivered(result.record, language),
        f"#### {words('ladder_heading')}",
        ladder(rows, language),
        f"{words('ladder_note')} {words('rule_note')}",
        to_do(rows, language),
        f"#### {words('summary_beside')}",
        summary([line for p in result.record.policies for line in summary_lines(result, p)], words),
        words("absent_note"),
        made_by(result.record, language),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def given(record: Record, language: Language) -> str:
    """Counts of the inputs, and every instruction with its expected action."""
    words = words_in(language)
    upper = [p.measurements.obeyed for p in record.policies]
    trials = max((facts.trials for facts in upper if facts is not None), default=0)
    counts = words(
        "given_counts",
        frames=len(record.frames),
        policies=len(record.policies),
        trials=trials or words("no_trials"),
    )
    first = words("given_first", frame=markdown_code(record.frames[0].name))
    lines = [f"**{words('given')}.** {counts} {first}", ""]
    for instruction in record.instructions:
        asks = ""
        if instruction.expected_action is not None:
            asks = f" ({words('asks_for')}: {markdown_code(instruction.expected_action)})"
        lines.append(
            f"- {markdown_code(instruction.name)}: {markdown_code(instruction.text)}{asks}"
        )
    return "\n".join(lines)


def delivered(record: Record, language: Language) -> str:
    """Rung 0, the words before the policies; nothing where nothing was given to measure it from."""
    found = record.delivered
    if found is None:
        return ""
    fix = f" {say('fix', language)}: {found.fix(language)}" if found.cause else ""
    return f"**{say('delivered_title', language)}:** {markdown_text(found.sentence(language))}{fix}"


def made_by(record: Record, language: Language) -> str:
    """Which heedmap measured it; nothing where the record does not say."""
    version = record.run.versions.get("heedmap")
    if version is None:
        return ""
    return say("made_by", language, version=markdown_text(version))


def ladder(rows: Sequence[StoryRow], language: Language) -> str:
    """A policy a row: a mark for every rung, the cause, what became of the instruction."""
    words = words_in(language)
    marks = [f"{n} {getattr(mark.name, language)}" for n, mark in enumerate(rows[0].marks, 1)]
    heads = [words("model"), *marks, words("cause"), words("what_became"), words("rule_short")]
    lines = []
    for row in rows:
        says, judged = (markdown_text(getattr(t, language)) for t in (row.rule_says, row.rule_mark))
        sentence = markdown_text(getattr(row.sentence, language))
        lines.append(
            [
                markdown_code(row.policy.name),
                *(mark.sign for mark in row.marks),
                cause_name(row.policy.verdict.cause, language),
                f"**{getattr(row.headline, language)}.** {sentence}",
                f"{says}: **{judged}**",
            ]
        )
    return table(heads, lines, centred=range(1, 1 + len(marks)))


def to_do(rows: Sequence[StoryRow], language: Language) -> str:
    """The fix of every policy that needs one; equal fixes are listed once."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row.to_mend:
            fix = getattr(row.fix, language)
            names.setdefault(fix, []).append(markdown_code(row.policy.name))
    if not names:
        return ""
    # Fixes are heedmap's own words, with commands between backticks: nothing to escape.
    lines = [f"- {', '.join(own)}: {fix}" for fix, own in names.items()]
    return "\n".join([f"#### {say('fix', language)}", "", *lines])


def summary(lines: Sequence[SummaryLine], words: Callable[..., str]) -> str:
    """Published values under the declared regions, the measured ones, and the actions."""
    has_declared = any(line.declared_last is not None for line in lines)
    declared = ["declared_last_image", "declared_last_text"]
    declared += ["declared_mean_image", "declared_mean_text"]
    keys = [*(declared if has_declared else []), "measured_mean_image", "measured_mean_text"]
    heads = [words("model"), words("instruction"), "text_len", *(words(key) for key in keys)]
    rows = []
    for line in lines:
        claimed = [*_pair(line.declared_last), *_pair(line.declared_mean)] if has_declared else []
        rows.append(
            [
                markdown_code(line.policy),
                markdown_code(line.instruction),
                words("not_measured") if line.text_len is None else str(line.text_len),
                *claimed,
                *_pair(line.measured_mean),
                chosen_text(line.chosen, line.frames),
            ]
        )
    drawn = table([*heads, words("chosen_action")], rows, right=range(2, 3 + len(keys)))
    frames = max((line.frames for line in lines), default=1)
    return drawn if frames == 1 else f"{drawn}\n\n{words('over_frames', frames=frames)}"


def chosen_text(chosen: Iterable[ChosenAction], frames: int) -> str:
    """Every action that was done under one instruction, marked, and counted where it varies."""
    parts = []
    for action in chosen:
        mark = {True: f" {_TICK}", False: f" {_CROSS}", None: ""}[action.is_right]
        count = "" if frames == 1 else f" {action.count}/{frames}"
        parts.append(f"{markdown_code(action.label)}{mark}{count}")
    return ", ".join(parts) or ABSENT


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    centred: Iterable[int] = (),
    right: Iterable[int] = (),
) -> str:
    """A Markdown table of cells that are Markdown already."""
    rules = {**dict.fromkeys(centred, ":-:"), **dict.fromkeys(right, "--:")}
    lines = [heads, [rules.get(index, "---") for index in range(len(heads))], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _pair(shares: TwoShares | None) -> list[str]:
    if shares is None:
        return [ABSENT, ABSENT]
    return [percent(shares.image), percent(shares.text)]
