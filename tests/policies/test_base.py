"""What the base of every policy does around `act`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.errors import NonFiniteError
from heedmap.policies.callable import CallablePolicy


def test_calls_are_counted_whether_their_scores_are_checked_or_not() -> None:
    policy = CallablePolicy("p", lambda *_: torch.full((1, 2), torch.nan), nn.Linear(1, 1))
    example = [of_frame(np.zeros((4, 4, 3), dtype=np.uint8))], ["go"]
    assert policy.act_unchecked(*example).isnan().all()
    with pytest.raises(NonFiniteError):
        policy(*example)
    assert policy.act_calls == 2
    assert "act" not in vars(policy)
