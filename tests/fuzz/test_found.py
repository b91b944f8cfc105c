"""What the harness, or a person, once found: each stays here as a sample of its own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from heedmap.auditing.api import audit
from heedmap.data.hdf5 import instruction_in
from heedmap.data.images import load_frame
from heedmap.data.instructions import load_instructions
from heedmap.data.sources import frames_at
from heedmap.errors import CheckpointError, FrameError, HeedmapError, InputError, InstructionError
from heedmap.monitor.history import read_history
from heedmap.policies.checkpoints.folder import check_place, read_config
from heedmap.policies.checkpoints.read import read_weights
from heedmap.report.forensics.read import read_published
from heedmap.sweep import query as sweep_query
from heedmap.sweep.store import RunFolder
from tests.fuzz import samples
from tests.fuzz.mutate import ESCAPE, TEXTS
from tests.fuzz.outcome import judged, tried
from tests.fuzz.policies import BAD, audit_policy
from tests.fuzz.run import Worker

AT_ONCE = """
import sys
for line in sys.stdin:
    sys.stdout.write('{}\\n{"done": "", "kind": "accepted", "told": "", "seconds": 0}\\n')
    sys.stdout.flush()
"""


def test_answers_that_come_together_are_no_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "command", (sys.executable, "-c", AT_ONCE))
    worker = Worker(tmp_path, patience_s=2.0)
    assert worker.try_one("any", 0).outcome.kind == "accepted"
    worker.end()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_that_is_no_list_of_instructions(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    if text in ("[]", "\ufeff[]"):
        assert load_instructions(tmp_path / "a.yaml") == []
        return
    with pytest.raises(InstructionError) as caught:
        load_instructions(tmp_path / "a.yaml")
    assert judged(str(caught.value)).kind == "refused"


@pytest.mark.parametrize("name", ["a.png", "a.npy", "a.h5", "a.mp4", "a.yaml", "a.jsonl", "a.csv"])
def test_a_pipe_is_not_waited_for(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    readers = {
        "a.yaml": load_instructions,
        "a.jsonl": read_history,
        "a.csv": read_published,
    }
    with pytest.raises(HeedmapError, match="no regular file"):
        readers.get(name, frames_at)(tmp_path / name)
    with pytest.raises(CheckpointError, match="no regular file"):
        check_place(tmp_path)


def test_an_archive_named_as_an_array(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(FrameError, match="cannot be read"):
        frames_at(tmp_path / "a.npy")


def test_an_instruction_that_claims_gigabytes_is_read_by_its_first_value(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "e.h5", "w") as file:
        text = file.create_dataset("instruction", (2**33,), "S8", chunks=(1024,))
        text[0] = b"go left"
    assert instruction_in(tmp_path / "e.h5") == "go left"


def test_a_photo_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(tmp_path / "a.jpg", exif=exif)
    assert load_frame(tmp_path / "a.jpg").shape == (20, 10, 3)


def test_a_history_without_end_is_refused(tmp_path: Path) -> None:
    samples.write_arrays(tmp_path)
    with pytest.raises(FrameError, match="at most 1000 frames, got 1000000000"):
        frames_at(tmp_path / "a.npy", history=10**9)


class _Claims:
    def __reduce__(self) -> tuple[type[bytearray], tuple[int]]:
        return bytearray, (2**34,)


def test_a_pickle_that_only_takes_memory_is_refused_before_it_does(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "a.pt").write_bytes(pickle.dumps({"a": _Claims()}, protocol=2))
    with pytest.raises(CheckpointError):
        read_weights(tmp_path / "a.pt")


@pytest.mark.parametrize("weight", [torch.eye(3).to_sparse(), torch.zeros(2, device="meta")])
def test_weights_without_their_values(weight: torch.Tensor, tmp_path: Path) -> None:
    torch.save({"a": weight}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError):
        read_weights(tmp_path / "a.pt")


@pytest.mark.parametrize(
    "written",
    ['{"num_hidden_layers": 1000000000}', '{"text": {"hidden_size": -4}}', "[", "[]", "[" * 5000],
)
def test_configs_of_no_network(written: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(written)
    with pytest.raises(CheckpointError) as caught:
        read_config(tmp_path / "config.json")
    assert judged(str(caught.value)).kind == "refused"


@pytest.mark.parametrize("cell", ["nan", "inf", "-500", "5000", "1_0_", ""])
def test_shares_that_are_none(cell: str, tmp_path: Path) -> None:
    lines = ["model,instruction,layer,image_pct,text_pct", f"m,left,0,{cell},1.0"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(InputError):
        read_published(tmp_path / "a.csv")


def test_an_error_is_one_line_whatever_it_repeats() -> None:
    error = HeedmapError(f"The file {ESCAPE}\n  of\u2028two \ud800 lines {'x' * 9000}")
    assert judged(str(error)).kind == "refused"


@pytest.mark.parametrize("gives", BAD)
def test_what_is_no_action_ends_an_audit_in_one_sentence(gives: str, tmp_path: Path) -> None:
    told = {"gives": gives, "from": 1, "for": 10**6, "continuous": False}
    (tmp_path / "policy.json").write_text(json.dumps(told))
    found = tried(audit_policy, tmp_path)
    assert found.kind == "refused", found


@pytest.mark.parametrize(
    "gives", ["requires_grad", "read-only numpy", "more actions", "silent error"]
)
def test_nor_does_one_that_comes_in_the_middle(gives: str, tmp_path: Path) -> None:
    """A fast way, at the 60th call, runs the policy on other rows than its own."""
    for first, count in ((30, 10**6), (60, 1)):
        told = {"gives": gives, "from": first, "for": count, "continuous": True}
        (tmp_path / "policy.json").write_text(json.dumps(told))
        assert not (found := tried(audit_policy, tmp_path)).is_finding, found


@pytest.mark.parametrize("place", [3, 9, -300, -3])
def test_a_bit_of_a_recorded_episode_that_changed_is_seen(place: int, tmp_path: Path) -> None:
    """In its length, the checksum of that, its data and the checksum of these."""
    samples.write_rlds_set(tmp_path)
    assert frames_at(f"{tmp_path}/set#episode=1&frames=0")
    (file,) = (tmp_path / "set").iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(FrameError, match="checksum|damaged|record"):
        frames_at(f"{tmp_path}/set#episode=1&frames=0")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("with recursive t(n) as (select 1 union all select n from t) select max(n) from t", "s;"),
        ("select repeat('x', 4000000000)", "cannot be run"),
        ("select printf('%2100000000d', 1)", "cannot be run"),
        ("select count(*) from range(1000000000) a, range(1000000000) b", "s;"),
        ("(" * 101 + "select 1" + ")" * 101, "in more than 100 levels"),
    ],
)
def test_a_query_without_end_ends(sql: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_query, "MOST_SECONDS", 0.2)
    stored = Path(__file__).parents[1] / "fixtures" / "sweep-v1"
    with pytest.raises(InputError, match=said) as caught:
        sweep_query.query(RunFolder.open(stored), sql)
    assert judged(str(caught.value)).kind == "refused"


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_generator_takes(seed: int) -> None:
    with pytest.raises(InputError, match="expected a whole number from 0"):
        audit("p:q", np.zeros((32, 32, 3), "uint8"), {"a": "b", "c": "d"}, seed=seed)
