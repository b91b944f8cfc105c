"""What interventions found, as plain values: the evidence behind the rungs used and obeyed.

"Not measured" is None, never 0. Distances between actions are Jensen-Shannon bits (0..1)
for discrete heads and L2 over the per-dimension scale for continuous ones.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Estimate(_Model):
    """A mean over observations that are clustered (frames by episode), with its interval."""

    value: float
    low: float | None
    """Lower end of the 95 % bootstrap interval over clusters; None with one cluster only."""
    high: float | None
    n: int
    """Observations that were averaged."""
    clusters: int
    """Independent clusters that they come from."""
    left_out: int = 0
    """Observations that could not be counted; the report says why."""
