"""The monitor as a callback of transformers' `Trainer`."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from torch import nn
from transformers.trainer_callback import TrainerCallback, TrainerControl, TrainerState

from heedmap.errors import InstructionLostError, MonitorError
from heedmap.monitor.watch import LOGGER, Monitor
from heedmap.phrase import spoken

if TYPE_CHECKING:
    from transformers import Trainer, TrainingArguments


class TrainerMonitor(TrainerCallback):
    """Logs a monitor's readings through a `Trainer`'s own `log`, once it is attached to one.

    So every `report_to` sees them (TensorBoard and W&B put `train/` before the names), and
    so does `trainer.state.log_history`. A callback never receives its trainer, hence `attach`.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._trainer: weakref.ref[Trainer] | None = None

    def attach(self, trainer: Trainer) -> TrainerMonitor:
        """Become a callback of this trainer, which is not kept alive by it; returns itself."""
        self._trainer = weakref.ref(trainer)
        if self not in trainer.callback_handler.callbacks:
            trainer.add_callback(self)
        return self

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        """The reading before the first update.

        Raises InstructionLostError where it stops the run: a `Trainer` asks whether it should
        stop only after a step, and no step shall be taken. MonitorError when not attached.
        """
        if self._trainer is None or self._trainer() is None:
            raise MonitorError(
                "The monitor has no trainer to log through: add it with "
                "TrainerMonitor(monitor).attach(trainer) instead of callbacks=[...]."
            )
        self._read(state, control, model)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        """A reading where one is due; the trainer stops after this step if it must."""
        try:
            self._read(state, control, model)
        except InstructionLostError as lost:
            if state.is_world_process_zero:
                LOGGER.warning(lost.in_language(spoken()))
            control.should_training_stop = True

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Says what watching cost."""
        line = self.monitor.finish()
        if state.is_world_process_zero and not self.monitor.verbose:
            print(line, flush=True)

    def _read(self, state: TrainerState, control: TrainerControl, model: nn.Module | None) -> None:
        taken = len(self.monitor.readings)
        try:
            self.monitor.at(state.global_step, model)
        finally:
            for reading in self.monitor.readings[taken:]:
                self._log(dict(reading.metrics), control)

    def _log(self, metrics: dict[str, float], control: TrainerControl) -> None:
        trainer = None if self._trainer is None else self._trainer()
        if trainer is not None:
            # A log counts as the one that is due at this step: the trainer's own must still come.
            should_log = control.should_log
            trainer.log(metrics)
            control.should_log = should_log
