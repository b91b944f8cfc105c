"""W&B and MLflow get every metric of a reading, through either trainer, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import wandb
from lightning.pytorch.loggers import MLFlowLogger, WandbLogger

from heedmap.monitor.lightning import LightningMonitor
from heedmap.monitor.watch import Monitor
from tests.monitor.runs import network, policy_of, run_lightning, run_trainer, trials


@pytest.fixture(autouse=True)
def _local_stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Both write beside the test and reach nobody."""
    folders = {f"WANDB_{name}_DIR": tmp_path / name for name in ("CACHE", "CONFIG", "DATA")}
    settings = {
        "WANDB_MODE": "offline",
        "WANDB_DIR": tmp_path,
        "WANDB_SILENT": "true",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_TRACKING_URI": f"file:{tmp_path}/mlruns",
        **folders,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    tracked = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(settings["MLFLOW_TRACKING_URI"])
    yield
    mlflow.set_tracking_uri(tracked)


def watching(net) -> Monitor:
    return Monitor(policy_of(net), trials()[:1], until="exchange")


def assert_in_mlflow(folder: Path, expected: dict[str, float]) -> None:
    client = mlflow.MlflowClient(f"file:{folder}/mlruns")
    (run,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    kept = {name: value for name, value in run.data.metrics.items() if "heedmap/" in name}
    assert kept == pytest.approx(expected)
    assert client.get_metric_history(run.info.run_id, "heedmap/rung_present")[0].step == 0


def assert_in_wandb(folder: Path, names: list[str]) -> None:
    wandb.finish()
    wandb.teardown()  # only now all is on disk
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    written = file.read_bytes()
    for name in names:
        assert name.encode() in written


def test_lightnings_loggers_get_the_reading(tmp_path: Path) -> None:
    net = network()
    monitor = watching(net)
    loggers = [
        WandbLogger(project="watched", offline=True, save_dir=tmp_path),
        MLFlowLogger(tracking_uri=f"file:{tmp_path}/mlruns"),
    ]
    run_lightning(net, 1, tmp_path, [LightningMonitor(monitor)], logger=loggers)
    metrics = monitor.readings[0].metrics
    assert "heedmap/attended_share" in metrics
    assert_in_mlflow(tmp_path, metrics)
    assert_in_wandb(tmp_path, list(metrics))


def test_what_a_trainer_reports_to_gets_the_reading(tmp_path: Path) -> None:
    net = network()
    monitor = watching(net)
    run_trainer(net, 1, tmp_path, monitor, report_to=["wandb", "mlflow"])
    metrics = monitor.readings[0].metrics
    assert_in_mlflow(tmp_path, metrics)
    assert_in_wandb(tmp_path, [f"train/{name}" for name in metrics])
