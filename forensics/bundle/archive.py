"""A bundle's members, read in place: a zip (one level of zips inside it too) or a folder.

Nothing is ever written to disk, so a member's name is only a label.
"""

import hashlib
import io
from functools import partial
from pathlib import Path

import msgspec

from forensics.bundle.content import Deadline
from forensics.bundle.folders import file_beside, folder_members
from forensics.bundle.member import Member, MemberTime
from forensics.bundle.zips import ENCRYPTED, MOST_MEMBERS, zip_members
from forensics.errors import BundleError

__all__ = ["Bundle", "Member", "MemberTime", "file_beside", "open_bundle", "open_nested"]

_MAGIC = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"MSCF": "a cabinet file",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
}

_HASHED = 1 << 24  # bytes that are hashed between two looks at the clock


class Bundle(msgspec.Struct, frozen=True):
    """What `open_bundle` found. `sha256` is the zip's; a folder's is taken over its members' names and hashes."""

    name: str
    members: tuple[Member, ...]
    sha256: str | None
    notes: tuple[str, ...] = ()


def open_bundle(path: Path, deadline: Deadline | None = None) -> Bundle:
    """List the members of a zip or a folder.

    Raises:
        BundleError: with one line that names the file and what is wrong with it; where the deadline is over before the
            zip is hashed.
    """
    if path.is_dir():
        return _open_folder(path)
    if path.exists() and not path.is_file():
        raise BundleError(f"{path.name}: neither a file nor a folder")
    digest = _digest(path, deadline or Deadline())
    members, notes = zip_members(path.name, lambda: path.open("rb"))
    if not members:
        raise BundleError(f"{path.name}: the zip holds no files")
    if all(member.problem == ENCRYPTED for member in members):
        raise BundleError(f"{path.name}: the zip is encrypted; unpack it with its password and give the folder")
    return Bundle(path.name, members, digest, notes)


def open_nested(name: str, data: bytes, most: int = MOST_MEMBERS) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List a zip that is itself a member, up to so many members; their paths begin with its own path.

    Raises:
        BundleError: where it is no readable zip.
    """
    members, notes = zip_members(name, lambda: io.BytesIO(data), most)
    return tuple(msgspec.structs.replace(member, path=f"{name}/{member.path}") for member in members), notes


def _open_folder(path: Path) -> Bundle:
    name = path.resolve().name
    members, notes = folder_members(path)
    if not members:
        raise BundleError(f"{name}: {notes[0] if notes else 'the folder is empty'}")
    return Bundle(name, members, None, notes)


def _digest(path: Path, deadline: Deadline) -> str:
    """The file's SHA-256.

    Raises:
        BundleError: where it cannot be read, or is plainly something else than a zip.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            digest = hashlib.sha256(head)
            for block in iter(partial(stream.read, _HASHED), b""):
                digest.update(block)
                if len(block) == _HASHED and deadline.reached():
                    over = f"the time limit of {deadline.seconds:g} seconds was over before the file was hashed"
                    raise BundleError(f"{path.name}: {over}")
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be opened ({error.strerror})") from error
    if not head:
        raise BundleError(f"{path.name}: the file is empty")
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind:
        raise BundleError(f"{path.name}: {kind}, not a zip; unpack it and give the folder")
    return digest.hexdigest()
