"""The base of every value that is stored as JSON, or read from a file or an option.

It needs no torch, so that whoever reads results can import it.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that is checked once, and never changed: `model_copy(update=...)` makes another.

    Unknown keys are refused, as are NaN and infinity: what was not measured is None. A class
    that reads part of a file made by others says so: `class Info(Frozen, extra="ignore")`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
