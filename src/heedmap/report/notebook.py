"""A result or a record as a notebook shows it: one HTML fragment that needs nothing else.

Only inline styles: a notebook's front end drops style sheets and scripts of strangers. Text takes
the notebook's own colour, so that it can be read on a light page and on a dark one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from markupsafe import Markup, escape

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say
from heedmap.ladder.verdict import Status
from heedmap.ladder.wording import rung_name, verdict_text
from heedmap.record.record import PolicyResult, Record
from heedmap.record.result import Result
from heedmap.record.shown import Shown
from heedmap.report.verdict_words import headline
from heedmap.report.wording import ABSENT, percent
from heedmap.visible import one_line

_SHOWN_PX = 112
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = f"padding:3px 8px;border:0;border-bottom:{_LINE};vertical-align:top;background:transparent"
_GOOD, _BAD, _OPEN = "#1b7f5c", "#b3402a", "rgba(128,128,128,.35)"
"""White is read on the first two on any page; only text is on the third."""
_SIGNS: dict[Status, tuple[str, str]] = {"holds": ("✓", _GOOD), "fails": ("✗", _BAD)}
_HUES = {True: _GOOD, False: _BAD, None: _OPEN}


def to_html(thing: Shown) -> str:
    """The fragment for a result; for a record the same without pictures and shares."""
    if isinstance(thing, Result):
        return str(_fragment(thing.record, _frame(thing), _hint("result")))
    if isinstance(thing, Record):
        return str(_fragment(thing, Markup(""), _hint("record")))
    raise TypeError(f"Results and records are shown, but this is a {type(thing).__name__}.")


class Explorer:
    """The whole report of a result as a notebook shows it: in a frame, its explorer to be used."""

    def __init__(self, result: Result, language: Language, height_px: int) -> None:
        self._result = result
        self._language: Language = language
        self._height_px = height_px

    def _repr_html_(self) -> str:
        """A frame that holds the page: it runs the page's script, and reaches nothing outside."""
        from heedmap.report.page.render import render_html

        return Markup(
            '<iframe sandbox="allow-scripts allow-downloads" title="heedmap" srcdoc="{}" '
            'style="width:100%;height:{}px;border:{}"></iframe>'
        ).format(render_html(self._result, self._language), self._height_px, _LINE)


def explore(result: Result, *, language: Language = "en", height_px: int = 780) -> Explorer:
    """Show a result's report inline in a notebook, with its explorer; needs no network."""
    return Explorer(result, language, height_px)


def _fragment(record: Record, picture: Markup, hint: str) -> Markup:
    rungs = list(record.policies[0].verdict.rungs)
    heads = [
        say("model"),
        *(rung_name(rung) for rung in rungs),
        say("what_became"),
        *(say(key) for key in ("figure_attended", "figure_mediated", "figure_following")),
    ]
    return Markup(
        '<div style="font-size:13px;line-height:1.45;max-width:100%;overflow-x:auto">'
        '<div style="font-weight:600;margin:2px 0 6px">{title}</div>'
        '<div style="display:flex;gap:14px;align-items:center;margin-bottom:6px">{picture}'
        "<div>{asked}</div></div>"
        '<table style="border-collapse:collapse;font-size:12.5px;text-align:left;color:inherit">'
        "<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        '<div style="opacity:.7;margin-top:6px">{note} <code>{hint}</code></div></div>'
    ).format(
        title=say("page_title"),
        picture=picture,
        asked=_asked(record),
        heads=_joined(
            Markup('<th scope="col" style="{};text-align:left">{}</th>').format(_CELL, head)
            for head in heads
        ),
        rows=_joined(_row(policy) for policy in record.policies),
        note=say("ladder_note"),
        hint=hint,
    )


def _hint(name: str) -> str:
    return f"{name}.table().to_pandas()"


def _row(policy: PolicyResult) -> Markup:
    verdict = policy.verdict
    head = headline(verdict)
    sentence, fix = verdict_text(verdict)
    what = Markup('<b style="border-left:4px solid {};padding-left:6px">{}.</b> {}').format(
        _HUES[head.is_good], head.text(), one_line(sentence)
    )
    if verdict.cause != "none":
        what += Markup("<br><b>{}:</b> {}").format(say("fix"), _with_code(fix))
    cells = [
        Markup('<th scope="row" style="{};text-align:left;font-weight:600">{}</th>').format(
            _CELL, _name(policy.name)
        ),
        *(_mark(rung.status) for rung in verdict.rungs.values()),
        Markup('<td style="{};text-align:left;min-width:22em">{}</td>').format(_CELL, what),
        *(
            Markup('<td style="{};text-align:right;white-space:nowrap">{}</td>').format(_CELL, text)
            for text in _figures(policy)
        ),
    ]
    return Markup("<tr>{}</tr>").format(_joined(cells))


def _mark(status: Status) -> Markup:
    sign, hue = _SIGNS.get(status, (ABSENT, ""))
    look = f"background:{hue};color:#fff;border-radius:3px;padding:0 5px;font-weight:700"
    return Markup(
        '<td style="{};text-align:center"><span title="{}" style="{}">{}</span></td>'
    ).format(_CELL, status, look if hue else "opacity:.7", sign)


def _figures(policy: PolicyResult) -> list[str]:
    """Share of attention, effect of knockout, rate of following."""
    attended, used, obeyed = (
        policy.measurements.attended,
        policy.measurements.used,
        policy.measurements.obeyed,
    )
    followed = None if obeyed is None or obeyed.following is None else obeyed.following.rate
    return [
        ABSENT if attended is None else percent(attended.share),
        ABSENT if used is None else f"{_with_interval(used.mediated, 1, '.2f')} {used.unit}",
        ABSENT if followed is None else f"{_with_interval(followed, 100, '.1f')} %",
    ]


def _with_interval(estimate: Estimate, factor: int, form: str) -> str:
    value = f"{factor * estimate.value:{form}}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({factor * estimate.low:{form}} to {factor * estimate.high:{form}})"


def _asked(record: Record) -> Markup:
    """Every instruction, and its expected action."""
    lines = []
    for instruction in record.instructions:
        line = Markup("<b>{}</b> “{}”").format(_name(instruction.name), _name(instruction.text))
        if instruction.expected_action is not None:
            asks = _name(instruction.expected_action)
            line += Markup(' <span style="opacity:.7">{}: {}</span>').format(say("asks_for"), asks)
        lines.append(line)
    return Markup("<br>").join(lines)


def _frame(result: Result) -> Markup:
    """The first frame, enlarged by a whole factor where it is small."""
    frame = result.record.frames[0]
    png = base64.b64encode(result.frame_png[frame.name]).decode()
    scale = max(1, _SHOWN_PX // frame.width_px)
    width = min(frame.width_px * scale, 3 * _SHOWN_PX)
    return Markup(
        '<img src="data:image/png;base64,{}" width="{}" alt="{}" '
        'style="image-rendering:pixelated;border:{};margin:0">'
    ).format(png, width, one_line(frame.name), _LINE)


def _name(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(one_line(text))


def _with_code(fix: str) -> Markup:
    """Words of ours, with commands in backticks."""
    code = Markup("<code>{}</code>")
    parts = fix.split("`")
    return _joined(code.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(escape(part) for part in parts)
