"""What a policy may give, each form against the tensor that it means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from heedmap.policies.outputs import NAMES, as_scores

TWO = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
ONE = TWO[:1]
CHUNKS = torch.arange(12.0).reshape(2, 3, 2)

FORMS: list[tuple[Any, int, torch.Tensor]] = [
    (TWO, 2, TWO),
    (TWO.numpy(), 2, TWO),
    (ONE[0], 1, ONE),
    (ONE[0].numpy(), 1, ONE),
    ([1.0, 2.0, 3.0], 1, ONE),
    ((1, 2, 3), 1, ONE),
    ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 2, TWO),
    ([TWO[0], TWO[1]], 2, TWO),
    ([TWO[0].numpy(), TWO[1].numpy()], 2, TWO),
    ([{"action": TWO[0]}, {"action": TWO[1]}], 2, TWO),
    ([ONE], 1, ONE),
    ((TWO, "a hidden state"), 2, TWO),
    ((TWO.numpy(), None), 2, TWO),
    ({"action": TWO}, 2, TWO),
    ({"loss": torch.tensor(0.5), "actions": TWO}, 2, TWO),
    ({"other": TWO, "name": "policy"}, 2, TWO),
    (SimpleNamespace(logits=TWO), 2, TWO),
    ({"logits": torch.zeros(2, 1), "action": TWO}, 2, TWO),
    (CHUNKS, 2, CHUNKS.reshape(2, 6)),
    (list(CHUNKS), 2, CHUNKS.reshape(2, 6)),
    (CHUNKS[:1], 1, CHUNKS[:1].reshape(1, 6)),
    (TWO.int(), 2, TWO),
    (np.array([[True, False]]), 1, torch.tensor([[1.0, 0.0]])),
    (torch.tensor(7.0), 1, torch.tensor([[7.0]])),
    (np.float64(7), 1, torch.tensor([[7.0]], dtype=torch.float64)),
    (7, 1, torch.tensor([[7.0]])),
    (torch.tensor([1.0, 4.0]), 2, torch.tensor([[1.0], [4.0]])),
    ([1.0, 4.0], 2, torch.tensor([[1.0], [4.0]])),
    ([np.float32(1), np.float32(2), np.float32(3)], 1, ONE),
    ([torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0)], 1, ONE),
    (TWO.double(), 2, TWO.double()),
    (TWO.bfloat16(), 2, TWO.bfloat16()),
]


@pytest.mark.parametrize(("given", "examples", "meant"), FORMS, ids=range(len(FORMS)))
def test_a_form_is_read(given: Any, examples: int, meant: torch.Tensor) -> None:
    scores = as_scores(given, examples)
    assert scores.is_floating_point()
    assert scores.dtype == meant.dtype
    assert torch.equal(scores, meant)


@pytest.mark.parametrize("name", NAMES)
def test_the_action_of_a_dict_is_found_by_its_name(name: str) -> None:
    assert torch.equal(as_scores({"states": CHUNKS, name: TWO, "mask": CHUNKS}, 2), TWO)


@pytest.mark.parametrize(
    "given", ["left", None, [], {}, {"a": TWO, "b": TWO}, object(), ["left", "right"]]
)
def test_what_is_no_action_is_refused_in_one_sentence(given: Any) -> None:
    with pytest.raises(TypeError, match=r"^the policy gave .*; expected .*'?action'?") as raised:
        as_scores(given, 2)
    assert "\n" not in str(raised.value)


def test_a_tensor_is_handed_on_as_it_is() -> None:
    """So that a recording knows the action as what an operator gave."""
    assert as_scores(TWO, 2) is TWO


def test_read_only_arrays_are_copied() -> None:
    array = np.ones((1, 2), dtype=np.float32)
    array.flags.writeable = False
    scores = as_scores(array, 1)
    scores[0, 0] = 5
    assert array[0, 0] == 1


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (TWO.to_sparse(), "sparse"),
        (TWO.to("meta"), "holds no values"),
        (TWO.to(torch.complex64), "complex numbers"),
        (TWO[:, :0], r"0 values, of shape \(2, 0\)"),
        (torch.zeros(1).expand(2, 10**12), "2,000,000,000,000 values"),
    ],
)
def test_a_tensor_of_which_nothing_can_be_computed_is_refused(
    given: torch.Tensor, what: str
) -> None:
    with pytest.raises(TypeError, match=rf"^the policy gave .*{what}.*; expected the values"):
        as_scores(given, 2)
