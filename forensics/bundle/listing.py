"""Which members a zip has: by its directory, and by their own headers where that is missing, damaged or wrong."""

from collections.abc import Sequence

import msgspec

from forensics.bundle.directory import SplitError, has_end, read_directory
from forensics.bundle.entries import LOCAL, Entry, Stream, data_offset, own_name
from forensics.bundle.labels import paths_of, shortened
from forensics.bundle.recovery import DESCRIPTOR, Recovered, hidden, recover
from forensics.errors import BundleError

MAGICS = (LOCAL, b"PK\x05\x06", DESCRIPTOR)  # a member, an empty zip, a part of a split zip

_SPLIT = "one part of a zip in several parts; unpack them together and give the folder"
_CUT = "the zip is cut off (the directory at its end is missing); copy it again, or repair it"
_NO_ZIP = "not a zip; give the bundle's zip, or a folder that holds its files"
_SHOWN = 3  # names in a note


def list_entries(name: str, stream: Stream, most: int) -> tuple[tuple[Entry, ...], int, tuple[str, ...]]:
    """Every member by the directory; where there is none, or not all of it, by their own headers; where they end."""
    try:
        directory = read_directory(stream, most)
    except SplitError as error:
        raise BundleError(f"{name}: {_SPLIT}") from error
    if directory is None:
        found = _without_directory(name, stream, most)
        return found.entries, stream.seek(0, 2), _notes_on_recovered(name, found, 0, most)
    if not directory.whole:
        known = directory.entries
        found = recover(stream, frozenset(entry.offset for entry in known), most - len(known))
        return (*known, *found.entries), directory.begin, _notes_on_recovered(name, found, len(known), most)
    notes = []
    if directory.full:
        notes.append(
            f"{name}: {_number(directory.claimed)} by its directory; only the first {len(directory.entries):,} are read"
        )
    if directory.lies:
        said, listed = _number(directory.claimed), _number(len(directory.entries))
        notes.append(f"{name}: the end of its directory claims {said}, and it lists {listed}")
    misplaced = [entry for entry in directory.entries if data_offset(stream, entry) is None]
    if misplaced and not directory.full:
        entries, note = _found_elsewhere(name, stream, directory.entries, misplaced, most)
        return entries, directory.begin, (*notes, note)
    if not directory.full:
        unlisted = hidden(stream, directory.entries, directory.begin, directory.end)
        if unlisted:
            shown = _shown([shortened(path) for path in paths_of(unlisted)])
            notes.append(f"{name}: holds {_number(len(unlisted))} that its directory does not list: {shown}")
        renamed = _renamed(stream, directory.entries)
        if renamed:
            said = _number(len(renamed))
            notes.append(f"{name}: {said} with another name in the header before the bytes: {_shown(renamed)}")
    return directory.entries, directory.begin, tuple(notes)


def _renamed(stream: Stream, entries: tuple[Entry, ...]) -> list[str]:
    """The members' names, and those in their own headers where these are others; some programs show the latter."""
    own = [own_name(stream, entry) for entry in entries]
    others = [
        (entry, msgspec.structs.replace(entry, name=name))
        for entry, name in zip(entries, own, strict=True)
        if name is not None and name.replace(b"\\", b"/") != entry.name.replace(b"\\", b"/")
    ]
    here, there = paths_of([entry for entry, _ in others]), paths_of([entry for _, entry in others])
    return [f"{shortened(path)} ({shortened(other)})" for path, other in zip(here, there, strict=True)]


def _found_elsewhere(
    name: str, stream: Stream, entries: tuple[Entry, ...], misplaced: Sequence[Entry], most: int
) -> tuple[tuple[Entry, ...], str]:
    """The members, those that are not where the directory says by their own headers where these are found."""
    lost = {entry.offset for entry in misplaced}
    placed = [entry for entry in entries if entry.offset not in lost]
    names = {entry.name for entry in misplaced}
    found = recover(stream, frozenset(entry.offset for entry in placed), most).entries
    found = tuple(entry for entry in found if entry.name in names)
    unfound = names - {entry.name for entry in found}
    missing = (entry for entry in misplaced if entry.name in unfound)
    said = (
        f"{name}: {_number(len(misplaced))} not where the zip's directory says, {len(found):,} of them found elsewhere"
    )
    return (*placed, *found, *missing)[:most], said


def _without_directory(name: str, stream: Stream, most: int) -> Recovered:
    """The members of a zip that has lost its directory.

    Raises:
        BundleError: where there are none, or it is none.
    """
    stream.seek(0)
    magic = stream.read(len(LOCAL))
    if magic == DESCRIPTOR:
        raise BundleError(f"{name}: {_SPLIT}")
    is_zip = magic in MAGICS or has_end(stream)
    found = recover(stream, frozenset(), most) if is_zip else Recovered(())
    if not found.entries:
        raise BundleError(f"{name}: {_CUT if is_zip else _NO_ZIP}")
    return found


def _notes_on_recovered(name: str, found: Recovered, known: int, most: int) -> tuple[str, ...]:
    state = f"damaged after {_number(known)}" if known else "missing (it may have been cut while it was copied)"
    by = f"{_number(len(found.entries))} found by the headers before the members' own bytes"
    unchecked = sum(entry.crc is None for entry in found.entries)
    doubt = f", {unchecked:,} of them without a checksum" if unchecked else ""
    notes = [f"{name}: the zip's directory is {state}; {by}{doubt}; others may be lost: copy the zip again"]
    if found.given_up or len(found.entries) + known >= most:
        notes.append(f"{name}: the search for members ended before the end of the file")
    return tuple(notes)


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _number(count: int) -> str:
    return f"{count:,} member{'s' * (count != 1)}"
