"""The result of one policy: what it is, what was measured of it, and the ladder's verdict.

No torch: a sweep's page puts results together from what its cells kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heedmap.auditing.facts import gather_facts
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Facts, Measurements
from heedmap.record.record import Case, PolicyDescription, PolicyResult

_NO_DIGESTS: Mapping[tuple[str, str], str] = {}


def policy_result(
    described: PolicyDescription,
    name: str,
    weights_sha256: str | None,
    measurements: Measurements,
    cases: Sequence[Case] = (),
    digests: Mapping[tuple[str, str], str] = _NO_DIGESTS,
) -> PolicyResult:
    """Judge what was measured of a policy, and put it together.

    `digests` are those of the cases' attention, by frame and instruction; a policy without
    cases is one of which nothing but its actions can be seen.
    """
    verdict = judge(measurements)
    facts = Facts.of_black_box()
    if cases:
        facts = gather_facts(cases, digests, measurements.presence.measured)
    return PolicyResult(
        **described.described(),
        name=name,
        weights_sha256=weights_sha256,
        verdict=verdict,
        measurements=measurements,
        cases=tuple(cases),
        facts=facts,
        sentence=verdict.sentence,
    )
