"""The manifest of a folder that heedmap wrote: its files, each with size and SHA-256.

It says which files are heedmap's (only those are ever replaced or removed) and whether they are
still what was written: every reader compares what it reads with the manifest. A manifest has one
possible spelling, so that a flipped bit in the manifest itself is seen too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from heedmap.errors import RecordError, first_line_of
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase, in_a_row
from heedmap.record.files import PART_PREFIX, is_plain_name, read_plain

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1

Kind = Literal["result", "sweep", "cell"]
_NAMED = {"result": Phrase("result"), "sweep": Phrase("sweep"), "cell": Phrase("cell")}


class Checksum(Frozen):
    """What a file must be."""

    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Checksum:
        """Of a file's whole content."""
        return cls(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Checksum:
        """Of a file, which need not fit into memory."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(size_bytes=path.stat().st_size, sha256=sha256)

    def difference(self, content: bytes) -> str | None:
        """How the content differs from what was written, in words; None where it does not."""
        if len(content) != self.size_bytes:
            return Phrase(
                "it has {size:,} bytes, {written:,} were written",
                size=len(content),
                written=self.size_bytes,
            )
        if hashlib.sha256(content).hexdigest() != self.sha256:
            return Phrase("its content was changed after it was written")
        return None


class Manifest(Frozen):
    """The files of one folder (or of one cell of a sweep), by name inside the folder."""

    manifest_version: int = MANIFEST_VERSION
    kind: Kind
    files: dict[str, Checksum]
    own_sha256: str = ""
    """Of the manifest's own text with this value empty; set by `encode`."""

    def encode(self) -> bytes:
        """The only spelling: `decode` refuses any other."""
        ordered = {"files": dict(sorted(self.files.items())), "own_sha256": ""}
        unsigned = self.model_copy(update=ordered)
        sha256 = hashlib.sha256(unsigned._text()).hexdigest()
        return unsigned.model_copy(update={"own_sha256": sha256})._text()

    def _text(self) -> bytes:
        return (self.model_dump_json(indent=1) + "\n").encode()

    @classmethod
    def decode(cls, content: bytes, kind: Kind, place: str) -> Manifest:
        """Raises RecordError, which names `place`, unless this is exactly what `encode` wrote."""
        try:
            found = cls.model_validate_json(content)
        except ValidationError as error:
            raise RecordError(
                "{place} is damaged: it is not a manifest of heedmap.", place=place
            ) from error
        if found.manifest_version > MANIFEST_VERSION:
            raise RecordError(
                "{place} is of manifest version {version}, but this heedmap reads up to "
                "{known}; update heedmap.",
                place=place,
                version=found.manifest_version,
                known=MANIFEST_VERSION,
            )
        if found.kind != kind:
            raise RecordError(
                "{place} is that of a {found}, expected that of a {kind}.",
                place=place,
                found=_NAMED[found.kind],
                kind=_NAMED[kind],
            )
        plain = all(is_plain_name(name) for name in found.files)
        if not plain or found.encode() != content:
            raise RecordError("{place} is damaged: it is not as heedmap wrote it.", place=place)
        return found

    def with_file(self, name: str, content: bytes) -> Manifest:
        """The same with one file added, or replaced."""
        return self.model_copy(update={"files": {**self.files, name: Checksum.of(content)}})


def manifest_of(kind: Kind, contents: Mapping[str, bytes]) -> Manifest:
    """The manifest of files whose content is at hand."""
    return Manifest(kind=kind, files={name: Checksum.of(each) for name, each in contents.items()})


def manifest_of_folder(kind: Kind, folder: Path) -> Manifest:
    """The manifest of every file that lies in a folder which was just written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    checksums = {path.relative_to(folder).as_posix(): Checksum.of_file(path) for path in files}
    return Manifest(kind=kind, files=checksums)


def read_manifest(folder: Path, kind: Kind, name: str = MANIFEST_FILE) -> Manifest | None:
    """The folder's manifest; None where there is none. Raises RecordError for a damaged one."""
    try:
        content = read_plain(folder, name)
    except FileNotFoundError:
        return None
    return Manifest.decode(content, kind, f"{folder / name}")


@dataclass(frozen=True)
class Damage:
    """A file that is not what was written, and how it differs."""

    file: str
    how: str

    @property
    def phrase(self) -> Phrase:
        """Both, as a part of a sentence."""
        return in_a_row((self.file, in_a_row(("(", self.how, ")"), "")), " ")

    def __str__(self) -> str:
        return str(self.phrase)


@dataclass(frozen=True)
class Verification:
    """What comparing a folder with its checksums gave."""

    folder: Path
    files: int
    """That have a checksum and were compared."""
    damaged: tuple[Damage, ...]
    unchecked: tuple[str, ...] = ()
    """Files without a checksum: an older heedmap wrote none."""


def read_checked(folder: Path, name: str, checksum: Checksum | None) -> bytes | Damage:
    """A file's content, or how it differs from its checksum (None: nothing to compare with)."""
    try:
        content = read_plain(folder, name)
    except FileNotFoundError:
        return Damage(name, Phrase("it is missing"))
    except (RecordError, OSError) as error:
        return Damage(name, first_line_of(error))
    how = None if checksum is None else checksum.difference(content)
    return content if how is None else Damage(name, how)


def links_in(folder: Path) -> tuple[str, ...]:
    """Links in a folder: heedmap writes none and follows none, so somebody put them there."""
    found = (each for each in folder.rglob("*") if each.is_symlink())
    return tuple(sorted(each.relative_to(folder).as_posix() for each in found))


def damages(folder: Path, manifest: Manifest) -> list[Damage]:
    """Every file of the manifest that is missing or not what was written."""
    read = (read_checked(folder, name, checksum) for name, checksum in manifest.files.items())
    return [each for each in read if isinstance(each, Damage)]


def foreign_entries(
    folder: Path, own: Manifest | Iterable[str], *, written_later: Iterable[str] = ()
) -> list[str]:
    """What is in a folder besides heedmap's own files: files, links, and other folders.

    `own` are those files: by a manifest, which must also fit what they hold, or by names; a killed
    process may have left its part of one of them, or of those that are `written_later`. Links
    are never followed, whatever they are named; a foreign folder is not looked into.
    """
    names = set(own.files if isinstance(own, Manifest) else own)
    folders = {name.rpartition("/")[0] for name in names} - {""}
    found: list[str] = []
    for path in folder.iterdir():
        if path.name in folders and path.is_dir() and not path.is_symlink():
            found += [f"{path.name}/{each.name}" for each in path.iterdir()]
        elif not _is_left_part(path.name, {*names, MANIFEST_FILE, *written_later}):
            found.append(path.name)
    return sorted(name for name in found if not _is_own(folder, name, own))


def _is_own(folder: Path, name: str, own: Manifest | Iterable[str]) -> bool:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        return False
    if not isinstance(own, Manifest):
        return name in set(own)
    checksum = own.files.get(name)
    return name == MANIFEST_FILE or (
        checksum is not None and not isinstance(read_checked(folder, name, checksum), Damage)
    )


def _is_left_part(name: str, names: set[str]) -> bool:
    """Whether this is what a killed process was writing in place of one of these files."""
    return any(name.startswith(f"{PART_PREFIX}{own}-") for own in names)


def listed(names: Iterable[object], most: int = 3) -> Phrase:
    """The first few, and how many more there are."""
    texts = list(names)
    first = in_a_row(texts[:most])
    if len(texts) <= most:
        return first
    return Phrase("{names} and {more} more", names=first, more=len(texts) - most)
