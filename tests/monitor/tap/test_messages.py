"""Messages of strangers: whatever they hold, an observer says so and goes on."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from heedmap.data.images import THUMBNAIL_PX
from heedmap.errors import TapError
from heedmap.monitor.tap.conversation import Conversation, Seen
from heedmap.monitor.tap.messages import Keys, observation_of, unpacked, with_words
from heedmap.monitor.tap.recording import read_run, write_about
from heedmap.monitor.tap.step import of_row
from heedmap.monitor.tap.store import Store, read_steps
from heedmap.monitor.tap.story import Story
from heedmap.monitor.tap.watch import Watch
from tests.monitor.tap.conftest import ABOUT
from tests.monitor.tap.servers import packed

NAMES = st.sampled_from(
    [
        *("__ndarray__", b"__ndarray__", "__image__", b"__npgeneric__", "data", b"data", "dtype"),
        *(b"dtype", "shape", b"shape", "format", "type", "payload", "seq", "prompt", "actions"),
        *("state", "images", 3),
    ]
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=24),
    st.sampled_from(["|u1", "<f8", "|O", "png", "raw", "observation", "action", "error", "U9"]),
    st.lists(st.integers(-2, 4), max_size=4),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=6), st.lists(inner)),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), VALUES), max_size=6), st.sampled_from([None, "vla-eval"]))
def test_whatever_a_message_holds_it_is_read_or_refused(
    messages: list[tuple[bool, Any]], protocol: Any
) -> None:
    talk, watch, story = Conversation(1, Keys(), protocol), Watch(("turn left",)), Story()
    numbers = {True: 0, False: 0}
    for from_server, message in messages:
        data = msgpack.packb(message)
        assert data is not None
        hear = talk.from_server if from_server else talk.from_client
        with suppress(ValueError):
            for seen in hear(data, numbers[from_server], 0.0) or ():
                assert isinstance(seen, Seen)
                story.add(watch.look(seen))
        numbers[from_server] += 1
    for seen in talk.unanswered():
        story.add(watch.look(seen))


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(unpacked(data), dict)


@pytest.mark.parametrize("shape", [(480, 640, 3), (3, 224, 224), (97, 2, 3), (96, 96, 4)])
def test_pictures_are_made_small(shape: tuple[int, ...]) -> None:
    talk = Conversation(1, Keys(), "openpi")
    talk.from_client(packed({"cam": np.zeros(shape, np.uint8), "prompt": "x"}), 0, 0.0)
    (seen,) = talk.from_server(packed({"actions": np.zeros((2, 3))}), 0, 0.1)
    with Image.open(io.BytesIO(seen.step.thumbnails[0])) as image:
        assert max(image.size) <= THUMBNAIL_PX


def test_names_can_be_given_and_nested() -> None:
    message = {
        "obs": {"text": "go", "front": np.zeros((4, 4, 3), np.uint8), "joints": [1.0, 2.0]},
        "back": np.zeros((4, 4, 3), np.uint8),
        "state": np.ones(7),
    }
    keys = Keys("obs/text", ("obs/front",), "obs/joints")
    found = observation_of(unpacked(packed(message)), "openpi", keys)
    assert (found.words, tuple(found.images), found.state) == ("go", ("obs/front",), (1.0, 2.0))
    other = with_words(message, "obs/text", "stop")
    assert other["obs"] == {**message["obs"], "text": "stop"}
    assert message["obs"]["text"] == "go"


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["client", "step", "words", "findings", "state"]), VALUES))
def test_a_row_of_a_stranger_is_a_step_or_refused(row: dict[str, Any]) -> None:
    whole = {"client": 1, "episode": 0, "step": 0, "time_s": 0.0, "words": "x", **row}
    with suppress(ValueError):
        Story().add(of_row(whole))


def test_a_strangers_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    write_about(tmp_path, ABOUT)
    assert list(read_run(tmp_path).steps()) == [], "of a tap that no observation passed"
    (tmp_path / "meter.jsonl").write_bytes(b'{"client": "x"}\n')
    assert read_run(tmp_path).readings == ()
    (tmp_path / "run.json").write_text('{"server": 1}')
    with pytest.raises(TapError, match="cannot be read"):
        read_run(tmp_path)
    (tmp_path / "run.json").unlink()
    (tmp_path / "run.json").symlink_to("/etc/hostname")
    with pytest.raises(TapError, match="do not trust this folder"):
        read_run(tmp_path)


def test_findings_that_this_version_does_not_know_are_left_out(tmp_path: Path) -> None:
    story = Story()
    step = of_row({"client": 1, "episode": 0, "step": 0, "time_s": 0.0, "words": "x"})
    store = Store(tmp_path, 2**22)
    store.append(step)
    store.close_part()
    (read,) = read_steps(tmp_path)
    story.add(read)
    story.add(of_row({**vars(step), "findings": ["of_tomorrow", "empty"]}))
    assert dict(story.runs) == {"empty": 1}
