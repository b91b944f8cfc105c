"""Weights are read without running code, and what is no weight is refused."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from heedmap.errors import CheckpointError
from heedmap.policies.checkpoints.fit import fit_into
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.checkpoints.read import read_weights

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}


class RunsCode:
    """A pickle of it makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("form", ["st", "plain", "lightning", "legacy", "shards"])
def test_weights_in_all_forms(form: str, tmp_path: Path) -> None:
    path = tmp_path / ("w.safetensors" if form == "st" else "w.ckpt")
    if form == "st":
        save_file(STATE, path)
    elif form == "shards":
        path = tmp_path
        save_file({"a.weight": STATE["a.weight"]}, tmp_path / "one.safetensors")
        save_file({"b": STATE["b"]}, tmp_path / "two.safetensors")
        (tmp_path / "model.safetensors.index.json").write_text(
            '{"weight_map": {"a.weight": "one.safetensors", "b": "two.safetensors"}}'
        )
    elif form == "lightning":
        torch.save({"epoch": 1, "state_dict": STATE, "lr_schedulers": []}, path)
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=form == "plain")
    found = read_weights(path)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(
    zipped: bool, tmp_path: Path
) -> None:
    made = tmp_path / "made-by-the-checkpoint"
    path = tmp_path / "w.ckpt"
    torch.save(
        {"state_dict": STATE, "hyper_parameters": RunsCode(made)},
        path,
        _use_new_zipfile_serialization=zipped,
    )
    with pytest.raises(CheckpointError, match="nothing was run.*--trust-checkpoint"):
        read_weights(path)
    assert not made.exists()
    # The plant is a real one: where it is trusted, the code runs.
    read_weights(path, Permissions(trust_checkpoint=True))
    assert made.exists()


def test_a_bare_pickle_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(pickle.dumps(RunsCode(tmp_path / "made")))
    with pytest.raises(CheckpointError):
        read_weights(path)
    assert not (tmp_path / "made").exists()


def test_what_is_broken_or_no_checkpoint(tmp_path: Path) -> None:
    whole = tmp_path / "w.ckpt"
    torch.save(STATE, whole)
    cases = {
        "cut.ckpt": (whole.read_bytes()[:200], "cannot be read"),
        "empty.ckpt": (b"", "cannot be read"),
        "text.safetensors": (b"hello", "cannot be read"),
        "text.json": (b"{}", "unknown kind"),
    }
    for name, (content, told) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=told):
            read_weights(tmp_path / name)
    with pytest.raises(CheckpointError, match="does not exist"):
        read_weights(tmp_path / "none.ckpt")
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(CheckpointError, match="holds a list"):
        read_weights(tmp_path / "list.ckpt")
    torch.save({"epoch": 3}, tmp_path / "none.pt")
    with pytest.raises(CheckpointError, match="holds no weights"):
        read_weights(tmp_path / "none.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(value: float, tmp_path: Path) -> None:
    bad = STATE["a.weight"].clone()
    bad[1, 2] = value
    save_file({**STATE, "a.weight": bad}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match=r"'a.weight'.* holds 1 numbers that are NaN"):
        read_weights(tmp_path / "w.safetensors")


def test_bombs_are_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(10**9)}, tmp_path / "expanded.ckpt")
    with pytest.raises(CheckpointError, match="claims 1,000,000,000 numbers but stores 1"):
        read_weights(tmp_path / "expanded.ckpt")
    with zipfile.ZipFile(tmp_path / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10**8))
    with pytest.raises(CheckpointError, match="would unpack to 100,000,000 bytes"):
        read_weights(tmp_path / "bomb.ckpt")


def test_an_index_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../x"}}')
    with pytest.raises(CheckpointError, match="outside its folder"):
        read_weights(tmp_path)


def test_what_does_not_fit_is_listed() -> None:
    module = torch.nn.Linear(2, 3)
    before = module.bias.clone()
    fit = fit_into(
        module, {"weight": torch.ones(3, 2), "bias": torch.ones(4), "more": torch.ones(1)}
    )
    assert fit.unexpected == ("more",)
    assert fit.mismatched == ("bias (3,) / (4,)",)
    assert torch.equal(module.weight, torch.ones(3, 2))
    assert torch.equal(module.bias, before)
    with pytest.raises(CheckpointError, match=r"holds what has no place: more .*--allow-partial"):
        fit.check(Path("w"), Permissions())
    fit.check(Path("w"), Permissions(allow_partial=True))
    assert fit_into(module, dict(module.state_dict())).is_whole
