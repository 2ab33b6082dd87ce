"""A folder as a bundle: every file below it. Links are named and not followed."""

import heapq
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forensics.bundle.member import BLOCK, Member, MemberTime, UnreadableError
from forensics.errors import BundleError
from forensics.knowledge.calendar import CLOCK_YEARS

MOST_FILES = 20_000
_MOUNT_POINT = 0xA0000003  # Windows' tag of a junction (MS-FSCC 2.1.2.1); other systems have none
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def folder_members(root: Path) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List the files below a folder by name, and notes on folders that cannot be entered, or files too many."""
    members: list[Member] = []
    notes: list[str] = []
    waiting, entered = [root], 0
    while waiting:
        files, folders = _listed(root, waiting.pop(), notes)
        members.extend(_member(root, path) for path in files)
        waiting.extend(reversed(folders))
        entered += 1
        if len(members) > MOST_FILES:
            notes.append(f"{root.name}: more than {MOST_FILES:,} files; only the first {MOST_FILES:,} are read")
            break
        if entered == MOST_FILES and waiting:
            notes.append(f"{root.name}: more than {MOST_FILES:,} folders; only the first {MOST_FILES:,} are entered")
            break
    return tuple(members[:MOST_FILES]), tuple(notes)


def _listed(root: Path, folder: Path, notes: list[str]) -> tuple[list[Path], list[Path]]:
    """The files and the folders in a folder, by name; it may hold millions, of which more than enough are looked at."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in heapq.nsmallest(2 * MOST_FILES + 1, entries, key=lambda entry: entry.name):
                is_folder = entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
                (folders if is_folder else files).append(Path(entry.path))
    except OSError as error:
        notes.append(f"{_label(root, folder)}: cannot be entered ({error.strerror})")
    return files, folders


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Tell a folder of Windows that lies elsewhere, which is a link by another name."""
    tag: int = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == _MOUNT_POINT


def _member(root: Path, path: Path) -> Member:
    label = _label(root, path)
    problem = ""
    if path.is_symlink():
        problem = "a link: not followed"
    elif not path.is_file():
        problem = "neither a file nor a folder"
    try:
        status = path.lstat()
    except OSError as error:
        return Member(label, 0, MemberTime(), _blocks(path), problem or f"cannot be opened ({error.strerror})")
    return Member(label, status.st_size, MemberTime(utc=_moment(status.st_mtime)), _blocks(path), problem)


def file_beside(path: Path) -> Member:
    """A file that was given beside a bundle. Its label begins with `../`, so that it is none of the bundle's own.

    Raises:
        BundleError: where it is no file that can be read.
    """
    name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    try:
        status = path.stat()
        with path.open("rb"):
            pass
    except OSError as error:
        raise BundleError(f"{name}: cannot be opened ({error.strerror})") from error
    return Member(f"../{name}", status.st_size, MemberTime(utc=_moment(status.st_mtime)), _blocks(path))


def _label(root: Path, path: Path) -> str:
    """The path below the root. A name that is no text in this system's encoding must not spoil the JSON."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _moment(seconds: float) -> datetime | None:
    try:
        moment = _EPOCH + timedelta(seconds=int(seconds))
    except OverflowError:
        return None
    return moment if moment.year in CLOCK_YEARS else None


def _blocks(path: Path) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            with path.open("rb") as stream:
                while block := stream.read(BLOCK):
                    yield block
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror})") from error

    return blocks
