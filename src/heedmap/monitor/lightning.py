"""The monitor as a callback of Lightning (`lightning` or `pytorch_lightning`)."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from heedmap.errors import InstructionLostError, MonitorError
from heedmap.monitor.reading import Reading
from heedmap.monitor.watch import LOGGER, Monitor
from heedmap.phrase import spoken

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.utilities import rank_zero_info
elif "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
    from pytorch_lightning import Callback
    from pytorch_lightning.utilities import rank_zero_info
else:
    try:
        from lightning.pytorch import Callback
        from lightning.pytorch.utilities import rank_zero_info
    except ImportError:
        try:
            from pytorch_lightning import Callback
            from pytorch_lightning.utilities import rank_zero_info
        except ImportError as error:
            raise MonitorError(
                "LightningMonitor needs the package 'lightning' (or 'pytorch_lightning'), which is "
                "not installed; install it with: pip install lightning"
            ) from error


class LightningMonitor(Callback):
    """Logs a monitor's readings through all loggers of a Lightning `Trainer`, at `global_step`.

    The first reading is taken before the first batch; where it stops the run, no optimizer step
    is taken. `global_step` counts optimizer steps, so accumulated batches count as one.
    """

    def __init__(self, monitor: Monitor) -> None:
        super().__init__()
        self.monitor = monitor

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The reading before the first update.

        Raises InstructionLostError where the trainer's `min_steps` or `min_epochs` would make
        it train on after it is asked to stop.
        """
        try:
            self._read(trainer, pl_module)
        except InstructionLostError:
            if trainer.min_steps or trainer.min_epochs:
                raise
            trainer.should_stop = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any
    ) -> None:
        """A reading where one is due; the training loop stops after this batch if it must."""
        try:
            self._read(trainer, pl_module)
        except InstructionLostError:
            trainer.should_stop = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says what watching cost."""
        rank_zero_info(self.monitor.finish())

    def _read(self, trainer: Trainer, pl_module: LightningModule) -> None:
        taken = len(self.monitor.readings)
        try:
            self.monitor.at(trainer.global_step, pl_module)
        except InstructionLostError as lost:
            if trainer.is_global_zero:
                LOGGER.log(logging.WARNING, lost.in_language(spoken()))
            raise
        finally:
            for reading in self.monitor.readings[taken:]:
                self._log(trainer, reading)

    def _log(self, trainer: Trainer, reading: Reading) -> None:
        if trainer.is_global_zero:
            for logger in trainer.loggers:
                logger.log_metrics(reading.metrics, step=reading.step)
                logger.save()
