"""What an HDF5 file holds itself: every access of ours goes through here.

HDF5 lets a file point to others: by external links, by data sets whose bytes are stored in
other files, and by virtual data sets. Followed, they would show bytes of any file that the
user can read as if they were a recording's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import h5py
from h5py import h5l  # pyright: ignore[reportAttributeAccessIssue]: compiled

from heedmap.errors import FrameError, first_line_of
from heedmap.phrase import Phrase

MOST_SOFT_LINKS = 16
"""That one path may pass, HDF5's own limit; links that lead in a circle end there."""
MOST_SHOWN = 200
"""Characters of a name from inside a file that an error repeats."""


@final
class OwnData:
    """The names, attributes and data sets of an open file, without what lies in other files.

    What leads to another file is refused before that file is opened.
    """

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def names(self, place: str = "/") -> list[str] | None:
        """What a group holds, unopened; None where there is no group.

        Raises FrameError as `dataset` does.
        """
        found = self._at(place)
        return [str(name) for name in found] if isinstance(found, h5py.Group) else None

    def dataset(self, place: str) -> h5py.Dataset | None:
        """None where there is no data set.

        Raises FrameError where the place, or any link on the way, leads to another file, and
        where it cannot be opened.
        """
        found = self._at(place)
        return found if isinstance(found, h5py.Dataset) else None

    def attribute(self, name: str, place: str = "/") -> Any:
        """Of the file as a whole, or of a group; None where there is none.

        No attribute lies in another file. Raises FrameError as `dataset` does.
        """
        found = self._at(place)
        return found.attrs.get(name) if isinstance(found, h5py.Group) else None

    def _at(self, place: str) -> Any:
        try:
            return self._walk(place)
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise FrameError(
                "{place} in {filename} cannot be opened ({why}); give an intact .h5 or .hdf5 file.",
                place=_shown(place),
                filename=self._file.filename,
                why=first_line_of(error),
            ) from error

    def _walk(self, place: str) -> Any:
        """Walk a path link by link: given the whole path, HDF5 would open other files."""
        found: Any = self._file
        ahead, soft_links = _steps(place), 0
        while ahead:
            if not isinstance(found, h5py.Group):
                return None
            name, *ahead = ahead
            kind, leads_to = _link(found, name)
            if kind is None or soft_links > MOST_SOFT_LINKS:
                return None
            if kind == h5l.TYPE_HARD:
                found = found[name]
            elif kind == h5l.TYPE_SOFT:
                soft_links += 1
                found = self._file if leads_to.startswith("/") else found
                ahead = [*_steps(leads_to), *ahead]
            elif kind == h5l.TYPE_EXTERNAL:
                raise self._refused(
                    place,
                    Phrase(
                        "is reached by an external link to {leads_to}", leads_to=_shown(leads_to)
                    ),
                )
            else:
                raise self._refused(
                    place, Phrase("is reached by a link of the unknown kind {kind}", kind=kind)
                )
        if isinstance(found, h5py.Dataset):
            self._check_stored_here(found, place)
        return found

    def _check_stored_here(self, data: h5py.Dataset, place: str) -> None:
        """Nothing but the list of properties is asked: even `shape` opens a virtual one's sources.

        Virtual data sets are refused whole. One built from data sets of its own file (".") would
        be harmless only if those were: they may be links to, or stored in, other files, or be
        virtual again, under patterns of names that only HDF5 expands. Recordings are not so built.
        """
        if data.external:
            files = [file for file, _, _ in data.external]
            raise self._refused(
                place, Phrase("is stored outside of the file, in {files}", files=_list(files))
            )
        if data.is_virtual:
            files = [source.file_name for source in data.virtual_sources()]
            raise self._refused(
                place, Phrase("is a virtual data set built from {files}", files=_list(files))
            )

    def _refused(self, place: str, what: str) -> FrameError:
        return FrameError(
            "{place} in {filename} {what}; only what an HDF5 file holds itself is read, so copy "
            "the data into it (with h5py: new[name] = old[name][()]).",
            place=_shown(place),
            filename=self._file.filename,
            what=what,
        )


def _steps(path: str) -> list[str]:
    """As HDF5 reads a path: '.' is the group itself, and '..' is no more than a name."""
    return [step for step in path.split("/") if step not in ("", ".")]


def _link(group: h5py.Group, name: str) -> tuple[int | None, str]:
    """Which kind of link a name is, and where a soft or external one leads; it is not followed.

    h5py's own `name in group` and `group.get(name, getlink=True)` promise no such thing.
    """
    links, raw = group.id.links, name.encode("utf-8", "surrogateescape")
    if not links.exists(raw):
        return None, ""
    kind = links.get_info(raw).type
    if kind not in (h5l.TYPE_SOFT, h5l.TYPE_EXTERNAL):
        return kind, ""
    value = links.get_val(raw)
    leads_to = value[0] if isinstance(value, tuple) else value
    return kind, leads_to.decode("utf-8", "surrogateescape")


def _list(files: Sequence[str]) -> str:
    names = list(dict.fromkeys(files))
    if len(names) > 1:
        return Phrase("{names} and {more} more", names=_shown(names[0]), more=len(names) - 1)
    return _shown(names[0]) if names else Phrase("nothing")


def _shown(name: str) -> str:
    """In quotes, with codes that a terminal would obey written out."""
    return repr(name if len(name) <= MOST_SHOWN else f"{name[:MOST_SHOWN]}...")
