"""The curve of a specimen that learns to heed, read back from where it was logged."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from heedmap.errors import RecordError
from heedmap.monitor.history import curve_of, read_history
from heedmap.monitor.watch import Monitor
from tests.monitor.conftest import Learned
from tests.monitor.runs import network, policy_of, run_trainer, trials


def events_of(folder: Path) -> dict[str, dict[int, float]]:
    """Scalars of a TensorBoard run, by name and step."""
    accumulator = EventAccumulator(str(folder)).Reload()
    return {
        name: {event.step: event.value for event in accumulator.Scalars(name)}
        for name in accumulator.Tags()["scalars"]
    }


def test_used_rises_from_nothing_as_the_specimen_learns(learned: Learned) -> None:
    events = events_of(learned.events)
    used = events["heedmap/used_mediated_bits"]
    assert sorted(used) == [0, 30, 60]
    assert abs(used[0]) < 0.001
    assert used[60] > 0.2
    assert events["heedmap/used_mediated_low_bits"][60] > 0.2
    accuracy = events["heedmap/obeyed_counterfactual_accuracy"]
    assert (accuracy[0], accuracy[60]) == (0.0, 1.0)
    assert events["heedmap/obeyed_flip_share"][60] == 1.0
    assert events["heedmap/attended_lift"][60] > events["heedmap/attended_lift"][0]


def test_rungs_that_can_be_climbed_only_by_learning_are_0_before_and_1_after(
    learned: Learned,
) -> None:
    events = events_of(learned.events)
    for rung in ("tokenised", "present", "visible"):
        assert set(events[f"heedmap/rung_{rung}"].values()) == {1.0}
    for rung in ("used", "obeyed"):
        assert events[f"heedmap/rung_{rung}"][0] == 0.0
        assert events[f"heedmap/rung_{rung}"][60] == 1.0
    assert [learned.monitor.readings[n].cause for n in (0, -1)] == ["unused", "none"]


def test_the_history_and_the_table_hold_what_was_logged(learned: Learned) -> None:
    readings = read_history(learned.history)
    # Whole verdicts, for lines in another language, are of the process alone.
    logged = [each.model_copy(update={"verdict": None}) for each in learned.monitor.readings]
    assert list(readings) == logged
    table = learned.monitor.curve()
    assert table.equals(curve_of(readings))
    assert table["step"].to_pylist() == [0, 30, 60]
    events = events_of(learned.events)
    for name in (name for name in table.column_names if name.startswith("heedmap/")):
        told = {
            step: value
            for step, value in zip(table["step"].to_pylist(), table[name].to_pylist(), strict=True)
            if value is not None
        }
        assert events[name] == pytest.approx(told, rel=1e-6), name


def test_a_trainer_logs_the_same_curve_and_its_own_loss_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "tb"))
    net = network()
    monitor = Monitor(policy_of(net), trials()[:2], every_steps=40, most_cost_share=None)
    run_trainer(net, 40, tmp_path, monitor, report_to="tensorboard")
    events = events_of(tmp_path / "tb")
    used = events["train/heedmap/used_mediated_bits"]
    assert abs(used[0]) < 0.001
    assert used[40] > 0.2
    assert sorted(events["train/loss"]) == list(range(2, 41, 2))  # at 40 both are logged


def test_a_history_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"step": 3}\n')
    with pytest.raises(RecordError, match="is not a history"):
        read_history(tmp_path / "other.jsonl")
    with pytest.raises(RecordError, match="does not exist"):
        read_history(tmp_path / "none.jsonl")
