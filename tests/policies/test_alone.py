"""Audits in threads of one process: one after another, and said."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest
import torch

from heedmap.policies.alone import alone
from tests.failing import Counting, plain, trials_of


def in_threads(*tasks: Callable[[], object]) -> None:
    """Runs them at once; raises what one of them raised."""
    raised: list[BaseException] = []

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    if raised:
        raise raised[0]


@pytest.mark.parametrize(
    ("is_one_policy", "language", "waits"),
    [
        (True, "en", "another thread of this process is auditing"),
        (False, "ko", "이 프로세스의 다른 스레드가 감사 중입니다."),
    ],
)
def test_audits_in_threads_give_what_they_give_one_after_another(
    is_one_policy: bool,
    language: str,
    waits: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEEDMAP_LANG", language)
    trials = trials_of(1)
    expected = plain().audited(trials).measurements
    one = plain()
    two = Counting(one.network, one.run) if is_one_policy else plain()
    found = {}

    def audited(name: str, counting: Counting) -> None:
        found[name] = counting.audited(trials).measurements

    with caplog.at_level(logging.WARNING, "heedmap"):
        in_threads(lambda: audited("one", one), lambda: audited("two", two))
    assert found == {"one": expected, "two": expected}
    assert waits in caplog.text


def test_a_thread_that_failed_lets_the_next_one_in_and_a_thread_does_not_wait_for_itself() -> None:
    with pytest.raises(ZeroDivisionError), alone(), alone():
        raise ZeroDivisionError
    entered = threading.Event()

    def enter() -> None:
        with alone():
            entered.set()

    in_threads(enter)
    assert entered.is_set()
    assert torch.backends.mha.get_fastpath_enabled()
