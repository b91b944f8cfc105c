"""Every error that heedmap raises on purpose.

All of them derive from `HeedmapError`, so a caller catches one name, and the
command line prints the message without a traceback. A message says what went
wrong, what was expected, what was found, and what to do next.
"""

from __future__ import annotations

import signal
from traceback import walk_tb
from typing import Any, TypeVar, cast

from heedmap.phrase import Phrase, phrase_of
from heedmap.visible import sentence

PIP_NAME = "PATH-TO-CLONE"
"""What pip installs: a clone, since heedmap is on no public index yet. On the day that it
is, this becomes "heedmap"."""


def pip_install(extra: str | None = None) -> str:
    """The command that installs heedmap, with one of its extras where one is named."""
    return f"pip install '{PIP_NAME}[{extra}]'" if extra else f"pip install {PIP_NAME}"


class HeedmapError(Exception):
    """Base of all errors that heedmap raises on purpose: one sentence, safe to print.

    Whatever names and errors of others the message repeats, it is one line without anything that a
    terminal would obey. What a library raised is its `__cause__`.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        """A sentence with its values, as `Phrase` takes them; or one that is a Phrase already."""
        is_made = isinstance(template, Phrase) and not values
        whole = cast(Phrase, template) if is_made else Phrase(template, **values)
        shown = sentence(whole)
        self.phrase = whole if shown == whole else whole.mapped(sentence)
        super().__init__(shown)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what it is, whatever its class is made of."""
        return _bare, (type(self), *self.args), self.__dict__

    def in_language(self, language: str) -> str:
        """The sentence in a language ("ko"): one line, as safe to print as the English one."""
        return sentence(self.phrase.in_language(language))


Raised = TypeVar("Raised", bound=HeedmapError)


def _bare(kind: type[Raised], *args: object) -> Raised:
    return kind.__new__(kind, *args)


class InputError(HeedmapError):
    """What the user gave (a file, an option, an instruction, a region) cannot be used."""


class FrameError(InputError):
    """A camera frame is missing, corrupt, or of a shape or type no policy takes."""


class InstructionError(InputError):
    """The instructions cannot be used: too few, not distinct, too long, or empty.

    A policy raises it for an instruction that it cannot take; what would have been measured
    under that one then is not. Any other error of a policy ends the audit.
    """


class RegionError(InputError):
    """Regions do not cover the sequence exactly, or lie beyond it."""


class PolicyError(HeedmapError):
    """A policy cannot be found, built, or does not do what an adapter must."""


class PolicyRunError(PolicyError):
    """A policy failed while it ran: its code raised, or what it gave is no row of numbers.

    `stage` is what the audit was doing; None outside of one. `__cause__` is what was raised.
    """

    def __init__(self, template: str, /, stage: str | None = None, **values: object) -> None:
        super().__init__(template, **values)
        self.stage = stage


class NonFiniteError(PolicyRunError):
    """What a policy gave, or where it attends, is not finite: NaN or infinite."""


class CheckpointError(PolicyError):
    """A checkpoint is missing, broken, unsafe, or does not fit the model it is for."""


class CaptureError(HeedmapError):
    """Attention was asked of layers that did not run under a captured implementation."""


class NoAttentionError(CaptureError):
    """A policy ran, and nothing in it looked like attention."""


class RecordError(HeedmapError):
    """A result cannot be read or written."""


class TapError(HeedmapError):
    """A tap cannot be set between client and server as asked, or its recording cannot be used."""


class MonitorError(HeedmapError):
    """A training run cannot be watched as asked, or was changed by watching it."""


class InstructionLostError(HeedmapError):
    """A monitor stops training: the instruction does not reach where it must."""


class RemedyError(HeedmapError):
    """A remedy cannot be applied to this policy, or was asked for in a way that makes no sense."""


class MissingExtraError(HeedmapError):
    """A package that belongs to one of heedmap's extras is not installed."""

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(
            "This needs the package '{package}', which is not installed; install it with: "
            "{command} ({place} is a clone of heedmap, or its wheel)",
            package=package,
            command=pip_install(extra),
            place=PIP_NAME,
        )


def first_line_of(error: BaseException) -> str:
    """What an error says first: one of ours all, one of a library a line, or its kind."""
    if (phrase := phrase_of(error)) is not None:
        return phrase
    return (said_by(error).strip().splitlines() or [type(error).__name__])[0]


def without_stop(text: str) -> str:
    """What an error says, to go on after it; one that is to be translated stays as it is."""
    return text if isinstance(text, Phrase) else text.rstrip(".")


def said_by(error: BaseException) -> str:
    """What an error says; nothing where it cannot, as a class of a stranger's own may not."""
    try:
        return str(error)
    except BaseException as unsaid:
        if ends_program(unsaid):
            raise
        return ""


def ends_program(error: BaseException) -> bool:
    """Whether an error is to end the program, and is no fault of the code that raised it.

    Ctrl-C is, and so is `sys.exit` in a handler of a signal, by which a cluster takes a machine
    back. `sys.exit` in a policy is a fault: it would end an audit without a result and without a
    word, as a success. So is what a library in another language raises when it fails: it need not
    be an `Exception`.
    """
    if isinstance(error, SystemExit):
        return _is_of_a_signal(error)
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


def _is_of_a_signal(error: SystemExit) -> bool:
    """Whether it was raised in a handler of a signal: a function, or a method."""
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    codes = {getattr(each, "__code__", None) for each in handlers} - {None}
    return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))
