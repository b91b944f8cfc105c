"""Worker processes of the demo: they are forked from a server that imports torch once.

The server begins before this process imports torch itself, so that neither waits for the other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from heedmap.errors import PolicyError

Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_WORKERS = 4
"""Each holds half a gigabyte."""
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def start_server(module: str) -> int:
    """Begin to import `module` for workers. Gives how many of them this machine has room for."""
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    if workers > 1 and _METHOD == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.get_context(_METHOD).set_forkserver_preload([module])
        forkserver.ensure_running()
    return workers


def each_in_a_process(
    run: Callable[[Given], Made], given: Sequence[Given], workers: int
) -> Iterator[tuple[Given, Made]]:
    """What `run` makes of each, as they end; with one worker in this process, in order.

    Raises what `run` raises, and PolicyError where a worker is killed.
    """
    if workers == 1:
        yield from ((each, run(each)) for each in given)
        return
    context = multiprocessing.get_context(_METHOD)
    pool = ProcessPoolExecutor(min(workers, len(given)), context, initializer=_leave_ctrl_c)
    try:
        runs = {pool.submit(run, each): each for each in given}
        for ended in as_completed(runs):
            yield runs[ended], ended.result()
    except BrokenProcessPool as error:
        raise PolicyError("A worker process was killed, as where memory runs out.") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _leave_ctrl_c() -> None:
    """Ctrl-C is for the process that writes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
