"""Where a policy is found, what is chosen for it, and one clear sentence for what is missing."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from heedmap import Permissions, load_policy
from heedmap.data.observation import Observation, of_frame
from heedmap.errors import CheckpointError, FrameError, HeedmapError, PolicyError
from heedmap.policies.lerobot.policy import LeRobotPolicy
from tests_lerobot import tiny, tiny_vla
from tests_lerobot.conftest import Load

Checkpoint = Callable[[str], Path]
LEFT = "go to the left"


@pytest.fixture
def copied(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    """A run of training with one checkpoint; `last` points to it."""
    steps = tmp_path / "run" / "checkpoints"
    shutil.copytree(checkpoint("act"), steps / "005000" / "pretrained_model")
    (steps / "last").symlink_to("005000")
    return tmp_path / "run"


def loaded(place: object, **permissions: bool) -> LeRobotPolicy:
    found = load_policy(f"lerobot:{place}", Permissions(**permissions))
    assert isinstance(found, LeRobotPolicy)
    return found


def refused(place: object, **permissions: bool) -> str:
    """One sentence, without a traceback of others in it."""
    with pytest.raises(HeedmapError) as caught:
        loaded(place, **permissions)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def model_of(run: Path) -> Path:
    return run / "checkpoints" / "005000" / "pretrained_model"


def edit(file: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_a_policy_is_found_wherever_a_run_leaves_it(copied: Path) -> None:
    for place in (
        model_of(copied),
        copied / "checkpoints" / "005000",
        copied / "checkpoints" / "last",
        f"{copied}@last",
        f"{copied}@005000",
        f"{copied}@5000",
    ):
        assert loaded(place).name == "lerobot:run/005000"
    assert loaded(f"{copied}@last?name=mine").name == "mine"


def test_a_place_without_a_policy_is_said(copied: Path, tmp_path: Path) -> None:
    assert "is no folder" in refused(tmp_path / "none")
    assert "say which" in refused(copied)
    assert "has no checkpoint '7'" in refused(f"{copied}@7")
    (tmp_path / "empty").mkdir()
    assert "holds no config.json" in refused(tmp_path / "empty")


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("model.safetensors", "holds no model.safetensors"),
        ("policy_preprocessor.json", "holds no policy_preprocessor.json"),
        ("policy_postprocessor.json", "holds no policy_postprocessor.json"),
    ],
)
def test_a_missing_file_is_named(copied: Path, file: str, told: str) -> None:
    (model_of(copied) / file).unlink()
    assert told in refused(model_of(copied))


def test_a_type_that_is_not_known_is_named(copied: Path) -> None:
    edit(model_of(copied) / "config.json", lambda c: c.update(type="act9"))
    told = refused(model_of(copied))
    assert "'act9'" in told
    assert "smolvla" in told
    edit(model_of(copied) / "config.json", lambda c: c.pop("type"))
    assert "names no 'type'" in refused(model_of(copied))
    (model_of(copied) / "config.json").write_text("{")
    assert "cannot be read as JSON" in refused(model_of(copied))


def test_a_type_of_another_package_is_found_by_its_own_registration(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lerobot_policy_mine"
    package.mkdir()
    (package / "__init__.py").write_text("from . import configuration_mine\n")
    (package / "configuration_mine.py").write_text(
        "from dataclasses import dataclass\n"
        "from lerobot.configs import PreTrainedConfig\n"
        "from lerobot.policies.act.configuration_act import ACTConfig\n"
        "@PreTrainedConfig.register_subclass('mine')\n"
        "@dataclass\n"
        "class MineConfig(ACTConfig):\n"
        "    pass\n"
    )
    (package / "modeling_mine.py").write_text(
        "from lerobot.policies.act.modeling_act import ACTPolicy\n"
        "from .configuration_mine import MineConfig\n"
        "class MinePolicy(ACTPolicy):\n"
        "    config_class, name = MineConfig, 'mine'\n"
    )
    info = tmp_path / "lerobot_policy_mine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lerobot_policy_mine\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    folder = tmp_path / "model"
    shutil.copytree(checkpoint("act"), folder)
    edit(folder / "config.json", lambda c: c.update(type="mine"))
    assert loaded(folder)._parts.config.type == "mine"


def test_weights_that_did_not_arrive_are_told(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """LeRobot's own loader prints a warning, and goes on with random weights."""
    folder = tmp_path / "model"
    shutil.copytree(checkpoint("act"), folder)
    weights = load_file(folder / "model.safetensors")
    name = "model.action_head.weight"
    lost = weights.pop(name)
    save_file(weights, folder / "model.safetensors")
    assert name in refused(folder)
    assert loaded(folder, allow_partial=True).loaded.random_weights == (name,)  # type: ignore[union-attr]
    save_file(weights | {name: lost * torch.nan}, folder / "model.safetensors")
    assert "NaN" in refused(folder)


def test_an_id_of_the_hub_is_named_with_its_way_out(checkpoint: Checkpoint) -> None:
    folder = checkpoint("pi05")
    with tiny.small_gemma():
        told = refused(folder)
    assert f"'{tiny.PALIGEMMA}'" in told
    assert f"?local={tiny.PALIGEMMA}:FOLDER" in told
    assert "--hub" in told


def test_what_a_step_fetches_when_it_first_runs_is_named_on_loading(checkpoint: Checkpoint) -> None:
    """GR00T's preprocessor takes its tokenizer from the hub with the first frame."""
    told = refused(checkpoint("groot"))
    assert f"?local={tiny_vla.COSMOS}:FOLDER" in told


def test_code_that_a_checkpoint_brings_is_not_run(checkpoint: Checkpoint, copied: Path) -> None:
    before = model_of(copied) / "policy_preprocessor.json"
    edit(before, lambda c: c["steps"].append({"class": "subprocess.Popen", "config": {}}))
    assert "--trust-remote-code" in refused(model_of(copied))
    fast = checkpoint("pi0_fast")
    own = fast.with_name("pi0_fast-fast")
    assert "processing_tiny.py" in refused(f"{fast}?local={tiny.FAST}:{own}")


def test_what_is_no_step_of_lerobots_is_not_called(copied: Path, tmp_path: Path) -> None:
    """Any name that a module of LeRobot imports could be called with the file's settings."""
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    step = {
        "class": "lerobot.processor.pipeline.save_file",
        "config": {"tensors": {}, "filename": str(victim)},
    }
    edit(model_of(copied) / "policy_preprocessor.json", lambda c: c["steps"].append(step))
    assert "no processor step" in refused(model_of(copied))
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "named",
    [
        {"registry_name": "action_tokenizer_processor"},
        {"class": "lerobot.processor.tokenizer_processor.ActionTokenizerProcessorStep"},
    ],
    ids=["registered", "class"],
)
@pytest.mark.parametrize("says_so", [True, False])
def test_a_folder_that_a_step_names_runs_no_code(
    copied: Path, tmp_path: Path, named: dict[str, str], says_so: bool
) -> None:
    own, ran = tmp_path / "own", tmp_path / "ran"
    own.mkdir()
    (own / "processing_own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    auto = {"auto_map": {"AutoProcessor": "processing_own.Own"}}
    (own / "processor_config.json").write_text(json.dumps(auto))
    config: dict[str, Any] = {"action_tokenizer_name": str(own)}
    if says_so:
        config["trust_remote_code"] = True
    step = {**named, "config": config}
    edit(model_of(copied) / "policy_preprocessor.json", lambda c: c["steps"].append(step))
    assert "processing_own.py" in refused(model_of(copied))
    # Nor from a folder that is not looked through, such as one inside of it.
    inner = own / "inner"
    inner.mkdir()
    (own / "processing_own.py").rename(inner / "processing_own.py")
    refused(model_of(copied))
    assert not ran.exists()


def test_the_task_must_be_where_lerobot_puts_it(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(checkpoint("smolvla"), folder)

    def elsewhere(content: dict[str, Any]) -> None:
        (step,) = [s for s in content["steps"] if s["registry_name"] == "tokenizer_processor"]
        step["config"]["task_key"] = "subtask"

    edit(folder / "policy_preprocessor.json", elsewhere)
    assert "'subtask'" in refused(folder)


def test_other_families_point_here(copied: Path) -> None:
    for family in ("pi0", "vlm"):
        with pytest.raises(CheckpointError, match=f"lerobot:{model_of(copied)}"):
            load_policy(f"{family}:{model_of(copied)}")


def test_a_setting_that_cannot_be_used_is_said(copied: Path) -> None:
    place = model_of(copied)
    assert "'device'" in refused(f"{place}?device=tpu")
    assert "cannot be used here" in refused(f"{place}?device=cuda:77")
    assert "FROM:TO" in refused(f"{place}?rename=front")
    assert "has no camera 'side'" in refused(f"{place}?rename=front:side")
    assert "does not exist" in refused(f"{place}?local=a/b:nowhere")
    assert loaded(f"{place}?action_steps=2")([*tiny.frames(1).values()], [LEFT]).shape == (1, 6)


def test_cameras_are_found_by_name(load: Load, copied: Path) -> None:
    policy = load("act")
    observation = tiny.frames(1)["frame 0"]
    policy.check_observation(observation)
    top, wrist = observation.images.values()
    renamed = Observation({"front": top, "hand": wrist}, observation.state)
    with pytest.raises(FrameError, match=r"takes the cameras top, wrist.*\?rename=front:top"):
        policy.check_observation(renamed)
    other = loaded(f"{model_of(copied)}?rename=front:top,hand:wrist")
    assert torch.equal(other([renamed], [LEFT]), policy([observation], [LEFT]))


def test_one_unnamed_frame_is_for_one_camera(tmp_path: Path) -> None:
    folder = tiny.written(
        tmp_path / "model",
        "act",
        ("top",),
        dim_model=32,
        n_heads=2,
        dim_feedforward=32,
        n_encoder_layers=1,
        n_vae_encoder_layers=1,
        pretrained_backbone_weights=None,
    )
    frame = of_frame(np.zeros((tiny.PX, tiny.PX, 3), np.uint8))
    policy = loaded(folder)
    with pytest.raises(FrameError, match="takes a state of 3 numbers, and a frame has none"):
        policy.check_observation(frame)
    wide = Observation(frame.images, np.zeros(5, np.float32))
    with pytest.raises(FrameError, match="takes a state of 3 numbers, a frame has 5"):
        policy.check_observation(wide)
    policy.check_observation(Observation(frame.images, np.zeros(3, np.float32)))


def test_noise_is_pinned_and_the_moment_does_not_matter(load: Load) -> None:
    for name in ("smolvla", "diffusion"):
        policy = load(name)
        one, two = tiny.frames(2).values()
        first = policy([one], [LEFT])
        policy([two], [LEFT])
        assert torch.equal(policy([one], [LEFT]), first)


def test_moments_before_are_seen_by_policies_that_look_back(load: Load) -> None:
    one, two = tiny.frames(2).values()
    after = Observation(two.images, two.state, (one,))
    policy = load("diffusion")
    assert not torch.equal(policy([after], [LEFT]), policy([two], [LEFT]))
    blind = load("act")
    assert torch.equal(blind([after], [LEFT]), blind([two], [LEFT]))


def test_adapters_are_merged(checkpoint: Checkpoint, tmp_path: Path) -> None:
    base = checkpoint("act")
    policy = loaded(base)
    network: Any = policy.module
    adapted = peft.get_peft_model(
        network, peft.LoraConfig(target_modules=["action_head"], init_lora_weights=False)
    )
    adapted.peft_config["default"].base_model_name_or_path = None
    folder = tmp_path / "adapter"
    adapted.save_pretrained(folder)
    edit(folder / "adapter_config.json", lambda c: c.update(base_model_name_or_path="me/base"))
    expected = adapted.merge_and_unload()
    for file in base.glob("*.json"):
        shutil.copy(file, folder)
    for file in base.glob("policy_*.safetensors"):
        shutil.copy(file, folder)
    edit(folder / "config.json", lambda c: c.update(use_peft=True))
    assert "adapters of 'me/base'" in refused(folder)
    for place in (f"{folder}?local=me/base:{base}", f"{base}?adapter={folder}"):
        found = loaded(place).module.state_dict()["model.action_head.weight"]
        assert torch.equal(found, expected.state_dict()["model.action_head.weight"])


def test_nothing_of_lerobots_is_printed(
    checkpoint: Checkpoint,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    folder = checkpoint("smolvla")
    capfd.readouterr()
    caplog.clear()
    recwarn.clear()
    policy = loaded(folder)
    policy([tiny.frames(1)["frame 0"]], [LEFT])
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert not recwarn.list
    assert logging.root.manager.disable == logging.NOTSET


def test_without_lerobot_it_is_said(monkeypatch: pytest.MonkeyPatch, copied: Path) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "lerobot" else real(name)
    )
    assert "package 'lerobot', which is not installed" in refused(model_of(copied))
    monkeypatch.setattr("heedmap.policies.lerobot.checkpoint.PYTHON", (3, 99))
    assert "runs on Python 3.99 and later" in refused(model_of(copied))


def test_several_examples_are_run_one_by_one(load: Load) -> None:
    policy = load("act")
    observation = tiny.frames(1)["frame 0"]
    with pytest.raises(PolicyError, match="one example at a time"):
        policy([observation, observation], [LEFT, LEFT])
