"""The audit as JSON, for programs: sources, findings, and their rows."""

from __future__ import annotations

from heedmap.report.words.findings import WordsAudit
from heedmap.visible import unobeyed_json

SCHEMA_VERSION = 1


def audit_json(audit: WordsAudit) -> str:
    """The whole audit. Texts are as they were read; `count` counts what `rows` may leave out."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "sources": [
            {
                "path": source.path,
                "role": source.role,
                "kind": source.kind,
                "instructions": len(source.instructions),
                "different": len(source.by_text),
            }
            for source in audit.sources
        ],
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "source": finding.source.path,
                "role": finding.source.role,
                "count": finding.count,
                "total": finding.total,
                "sentence": finding.sentence("en"),
                "fix": finding.fix("en"),
                "suites": {name: list(counts) for name, counts in finding.suites.items()},
                "rows": [
                    {"place": row.place, "said": row.said}
                    | ({} if row.other is None else {finding.beside: row.other})
                    for row in finding.rows
                ],
            }
            for finding in audit.findings
        ],
    }
    return unobeyed_json(content)
