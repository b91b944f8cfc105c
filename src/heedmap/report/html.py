"""One self-contained HTML page from a result: no script, no network, light and dark."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from heedmap.disagreements import policy_disagreements
from heedmap.errors import RecordError
from heedmap.evidence import CausalMap
from heedmap.ladder.wording import RUNG_NAMES, verdict_text
from heedmap.record import FrameInfo, PolicyResult
from heedmap.regions import in_order
from heedmap.report.figures import COLORS, OTHER_COLOR, share_curves
from heedmap.report.map_figure import causal_map_svg
from heedmap.report.rung_cells import RUNG_TABLES
from heedmap.report.tables import (
    LayerRow,
    SummaryRow,
    cases,
    image_seen,
    layer_rows,
    regions_of,
    summary_rows,
)
from heedmap.report.texts import REGION_NAMES, TEXTS
from heedmap.report.wording import (
    ABSENT,
    claim_text,
    count_text,
    declared_text,
    percent,
    region_name,
)
from heedmap.result import Result
from heedmap.sentence import Language, policy_sentence
from heedmap.tables import LayoutKind

_SHOWN_FRAME_PX = 280
"""Small frames are enlarged by a whole factor, to about this width."""
_KINDS: tuple[LayoutKind, LayoutKind] = ("declared", "measured")


def write_html(result: Result, path: Path, language: Language = "en") -> None:
    """Write the page to `path`, whole or not at all: beside it first, then renamed.

    Raises RecordError when it cannot be written.
    """
    page = render_html(result, language)
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise RecordError(
            f"The report cannot be written to {path}: {error.strerror or error}; "
            f"choose a folder that exists and can be written."
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def render_html(result: Result, language: Language = "en") -> str:
    """The whole page as text, in English or Korean.

    Names and instructions are untrusted: they are escaped, and shown as text only.
    """
    record = result.record
    template = _environment(language).get_template("report.html.j2")
    return template.render(
        language=language,
        t=TEXTS[language],
        rungs=RUNG_NAMES[language],
        rung_tables=[
            (table, rows) for table in RUNG_TABLES if (rows := table.rows(record.policies))
        ],
        maps=[
            (policy.name, Markup(svg), _predicts(found, language))
            for policy in record.policies
            if (found := policy.measurements.causal_map) is not None
            and (svg := causal_map_svg(found, language)) is not None
        ],
        record=record,
        arguments=json.dumps(record.run.arguments, ensure_ascii=False, indent=1),
        policies=[_card(result, policy, language) for policy in record.policies],
        frames=[_frame(result, frame) for frame in record.frames],
        regions=_all_regions(result),
        declared_note=declared_text(record.policies, language),
        summaries=[_summary(result, frame, language) for frame in record.frames],
        figures=[
            (p.name, Markup(share_curves(result, p.name, language)))
            for p in record.policies
            if p.cases
        ],
        layers=_layers(result),
        accuracies=[(p.name, row) for p in record.policies for row in p.held_out_accuracy],
    )


def _predicts(found: CausalMap, language: Language) -> str | None:
    """How well attention tells where cutting has an effect; None where it cannot be ranked."""
    share = found.predicts.share
    if share is None:
        return None
    text = TEXTS[language]["map_predicts"]
    return text.format(share=f"{share:+.2f}", heads=found.predicts.heads)


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("heedmap.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["region"] = lambda region: region_name(region, language)
    environment.filters["short"] = lambda region: region_name(region, language, short=True)
    environment.filters["color"] = lambda region: COLORS.get(region, OTHER_COLOR)
    environment.filters["count"] = lambda count: count_text(count, language)
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(name: str) -> Markup:
    """A long name that may wrap after "_" and before "@", escaped."""
    return Markup(str(escape(name)).replace("_", "_<wbr>").replace("@", "<wbr>@"))


def _card(result: Result, policy: PolicyResult, language: Language) -> dict[str, Any]:
    expected = {i.name: i.expected_action for i in result.record.instructions}
    chosen: dict[str, list[dict[str, Any]]] = {}
    for case in cases(result, policy):
        wanted = expected[case.instruction]
        values = ", ".join(f"{value:.3g}" for value in case.action.values)
        chosen.setdefault(case.frame, []).append(
            {
                "instruction": case.instruction,
                "action": f"({values})" if case.action.name is None else case.action.name,
                "expected": wanted,
                "is_right": None
                if wanted is None or case.action.name is None
                else case.action.name == wanted,
            }
        )
    verdict = policy.verdict
    said, fix = verdict_text(verdict, language)
    return {
        "policy": policy,
        "transformer": next((s.pattern for s in policy.measurements.stacks if s.taken), None),
        "verdict": said,
        "fix": fix,
        "sentence": policy_sentence(policy.facts, language),
        "chosen": chosen,
        "claims": [claim_text(claim, language) for claim in policy_disagreements(policy)],
    }


def _frame(result: Result, frame: FrameInfo) -> dict[str, Any]:
    png = base64.b64encode(result.frame_png[frame.name]).decode()
    scale = max(1, _SHOWN_FRAME_PX // frame.width_px)
    return {
        "info": frame,
        "url": f"data:image/png;base64,{png}",
        "width": frame.width_px * scale,
        "height": frame.height_px * scale,
    }


def _summary(result: Result, frame: FrameInfo, language: Language) -> dict[str, Any]:
    """The declared and the measured summary of one frame, rows grouped by policy."""
    rows = {
        kind: [row for row in summary_rows(result, kind) if row.frame == frame.name]
        for kind in _KINDS
    }
    pattern = TEXTS[language]["seen_of"]
    seen: dict[tuple[str, str], str] = {}
    for policy in result.record.policies:
        for case in cases(result, policy):
            if case.frame == frame.name:
                visible, total = image_seen(case)
                told = pattern.format(visible=visible, total=total) if total else ABSENT
                seen[policy.name, case.instruction] = told
    return {
        "frame": frame.name,
        "declared": _grouped(rows["declared"]),
        "measured": _grouped(rows["measured"]),
        "regions": regions_of(row.last for row in rows["measured"]),
        "seen": seen,
    }


def _grouped(rows: Sequence[SummaryRow]) -> list[tuple[str, list[SummaryRow]]]:
    groups: dict[str, list[SummaryRow]] = {}
    for row in rows:
        groups.setdefault(row.policy, []).append(row)
    return list(groups.items())


def _layers(result: Result) -> list[dict[str, Any]]:
    """Per policy and frame, a table for each layout: layers down, instructions across."""
    rows = {kind: layer_rows(result, kind) for kind in _KINDS}
    found: list[dict[str, Any]] = []
    for policy in result.record.policies:
        for frame in result.record.frames:
            own = {
                kind: [r for r in rows[kind] if (r.policy, r.frame) == (policy.name, frame.name)]
                for kind in _KINDS
            }
            tables = [_layer_table(kind, own[kind]) for kind in _KINDS if own[kind]]
            found.append({"policy": policy.name, "frame": frame.name, "tables": tables})
    return found


def _layer_table(kind: LayoutKind, rows: Sequence[LayerRow]) -> dict[str, Any]:
    """The declared table has the seed's two columns, the measured one every region."""
    instructions = list(dict.fromkeys(row.instruction for row in rows))
    regions = regions_of(row.shares for row in rows)
    if kind == "declared":
        regions = [region for region in regions if region in ("image", "text")] or regions
    by_place = {(row.layer, row.instruction): row.shares for row in rows}
    layers = sorted({row.layer for row in rows})
    lines = [
        (
            layer,
            [
                (region, by_place[layer, instruction].get(region))
                for instruction in instructions
                for region in regions
            ],
        )
        for layer in layers
    ]
    return {"kind": kind, "instructions": instructions, "regions": regions, "lines": lines}


def _all_regions(result: Result) -> list[str]:
    """Every region that occurs anywhere, for the legend of chips."""
    found = [
        region
        for policy in result.record.policies
        for case in policy.cases
        for layout in case.layouts.values()
        for region in layout.regions
    ]
    known = REGION_NAMES["en"]
    return [region for region in in_order(found) if region in known] + [
        region for region in in_order(found) if region not in known
    ]
