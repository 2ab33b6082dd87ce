"""A folder as a bundle: every file below it. Links are named and not followed."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forensics.bundle.member import BLOCK, Member, MemberTime, UnreadableError
from forensics.errors import BundleError

MOST_FILES = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def folder_members(root: Path) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List the files below a folder by name, and notes on folders that cannot be entered, or files too many."""
    members: list[Member] = []
    notes: list[str] = []

    def locked(error: OSError) -> None:
        notes.append(f"{_label(root, Path(error.filename))}: cannot be entered ({error.strerror})")

    for folder, folders, files in os.walk(root, onerror=locked):
        folders.sort()
        links = [name for name in folders if Path(folder, name).is_symlink()]
        members.extend(_member(root, Path(folder, name)) for name in sorted([*files, *links]))
        if len(members) > MOST_FILES:
            notes.append(f"{root.name}: more than {MOST_FILES:,} files; only the first {MOST_FILES:,} are read")
            return tuple(members[:MOST_FILES]), tuple(notes)
    return tuple(members), tuple(notes)


def _member(root: Path, path: Path) -> Member:
    label = _label(root, path)
    problem = ""
    if path.is_symlink():
        problem = "a link: not followed"
    elif not path.is_file():
        problem = "neither a file nor a folder"
    try:
        stat = path.lstat()
    except OSError as error:
        return Member(label, 0, MemberTime(), _blocks(path), problem or f"cannot be opened ({error.strerror})")
    return Member(label, stat.st_size, MemberTime(utc=_moment(stat.st_mtime)), _blocks(path), problem)


def file_beside(path: Path) -> Member:
    """A file that was given beside a bundle. Its label begins with `../`, so that it is none of the bundle's own.

    Raises:
        BundleError: where it is no file that can be read.
    """
    name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    try:
        stat = path.stat()
        with path.open("rb"):
            pass
    except OSError as error:
        raise BundleError(f"{name}: cannot be opened ({error.strerror})") from error
    return Member(f"../{name}", stat.st_size, MemberTime(utc=_moment(stat.st_mtime)), _blocks(path))


def _label(root: Path, path: Path) -> str:
    """The path below the root. A name that is no text in this system's encoding must not spoil the JSON."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _moment(seconds: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=int(seconds))
    except OverflowError:
        return None


def _blocks(path: Path) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            with path.open("rb") as stream:
                while block := stream.read(BLOCK):
                    yield block
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror})") from error

    return blocks
