"""How often an audit runs the network: the figure that makes it cheap."""

from __future__ import annotations

from collections import Counter

import pytest
from torch import nn

from heedmap.auditing.api import audit
from heedmap.testbed.specimens.world import FrameCase
from tests.real_models import Build, bare, kosmos2, paligemma


def counted(module: nn.Module, names: dict[str, str]) -> Counter[str]:
    runs: Counter[str] = Counter()

    def note(what: str) -> None:
        original = module.get_submodule(names[what]).forward

        def forward(*args: object, **kwargs: object) -> object:
            runs[what] += 1
            return original(*args, **kwargs)

        module.get_submodule(names[what]).__dict__["forward"] = forward

    for what in names:
        note(what)
    return runs


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (
            kosmos2,
            {
                "tower": "vision_model.model.encoder.layers.0",
                "stack": "text_model.model.layers.1.ffn",
            },
        ),
        (
            paligemma,
            {
                "tower": "model.vision_tower.encoder.layers.0",
                "stack": "model.language_model.layers.1.mlp",
            },
        ),
    ],
)
def test_rungs_1_to_4_of_three_instructions(
    build: Build, names: dict[str, str], case: FrameCase
) -> None:
    """Whole runs of the stack: to find it, three cases, bypass, two nulls, and plainly at last.

    The tower runs when found, on two images that differ, on one cell, and at last.
    """
    policy = bare(*build())
    runs = counted(policy.module, names)
    audit(policy, case.frame, case.instructions, trials=())
    assert runs["stack"] == 7
    assert runs["tower"] == 5


def test_six_rungs_of_three_instructions(case: FrameCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond rungs 1 to 4: two recorded runs, and the controls and cuts behind a shared prefix.

    Nothing that has run already runs again: not the instructions, not one of them a second time,
    not the other frame. Cuts are checked by one whole pass; the first pass of all is the trunk of
    controls and cuts alike.
    Runs of a few rows count here as well.
    """
    monkeypatch.setattr("heedmap.tracing.batches.LARGE", 0)
    policy = bare(*kosmos2())
    runs = counted(policy.module, {"stack": "text_model.model.layers.1.ffn"})
    audit(policy, case.frame, case.instructions, until="cut")
    assert runs["stack"] == 21
