"""The tables of a result, written as they come."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from heedmap.errors import RecordError
from heedmap.record.tables import ATTENTION_SCHEMA, TableWriter, share_table


def test_rows_are_written_in_parts_and_the_file_goes_with_its_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three cases of 2 layers x 2 heads x 1 region; six rows fill a part: the first two cases."""
    monkeypatch.setattr("heedmap.record.tables.ROWS_AT_ONCE", 6)
    writer = TableWriter("attention")
    for case in range(3):
        shares = {"image": np.full((2, 2), case / 10)}
        writer.add(share_table("p", str(case), "left", "measured", shares))
        assert len(writer._held) == (1, 0, 1)[case]
    file = writer.finish()
    table = file.read()
    assert table.schema.equals(ATTENTION_SCHEMA)
    assert table["frame"].to_pylist() == ["0"] * 4 + ["1"] * 4 + ["2"] * 4
    assert table["share"].to_pylist() == [0.0] * 4 + [0.1] * 4 + [0.2] * 4
    path = file.path
    assert path.is_file()
    del writer, file
    gc.collect()
    assert not path.parent.exists()


def test_a_full_disk_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    writer = TableWriter("attention")
    writer.add(share_table("p", "f", "left", "measured", {"image": np.ones((1, 1))}))
    monkeypatch.setattr(writer._writer, "write_table", full)
    with pytest.raises(RecordError, match="free some space"):
        writer.finish()
