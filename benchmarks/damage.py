"""What happens to bundles on their way: operators that each damage one, drawn at random, and whether that can be seen.

A file operator returns the members as they are afterwards; a zip operator the zip. That the damage named is the damage
done follows from what differs: an operator that changed nothing is not counted as one, and another is drawn. `seen` is
what shows in the bundle itself, without a manifest: an empty file, a checksum that fails. `harmless` operators keep
all evidence, so that no answer may change.
"""

import io
import json
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.draws import Draw

from benchmarks.study import drawn

Files = dict[str, bytes]
FileOperator = Callable[[random.Random, Draw, Files], Files]
ZipOperator = Callable[[random.Random, Draw, bytes], bytes]

MANIFEST = "manifest.json"
_UTF_16_MARK, _UTF_8_MARK = b"\xff\xfe", b"\xef\xbb\xbf"
_CHUNKS_FROM, _CHUNK, _RECORDS_FROM = 0x1000, 0x10000, 0x200  # of an event log (domain.md §5)
_FREE_SPACE_AT = 48  # in a chunk: where its records end, and with them what their checksum covers
_ENTRY, _MEMBER = b"PK\x01\x02", b"PK\x03\x04"
_FLAGS_AT, _METHOD_AT = 6, 8  # in a member's own header; two bytes further in the directory
_OFFSET_AT = 42  # in the directory: where the member's own header begins
_UNKNOWN_METHOD = 99


@dataclass(frozen=True)
class Damaged:
    """A bundle after an operator: the zip, the members that differ, and whether anybody can see that from the zip.

    Of a damaged zip `touched` is empty: what of it was lost shows when it is read.
    """

    operator: str
    data: bytes
    touched: tuple[str, ...] = ()
    visible: bool = False
    harmless: bool = False


@dataclass(frozen=True)
class _Listed:
    run: FileOperator
    seen: bool
    harmless: bool


@dataclass(frozen=True)
class _ListedZip:
    run: ZipOperator
    seen: bool
    harmless: bool


FILE_OPERATORS: dict[str, _Listed] = {}
ZIP_OPERATORS: dict[str, _ListedZip] = {}


def _name(function: Callable[..., object]) -> str:
    return function.__name__.replace("_s_", "'s ").replace("_", " ")


def on_files(*, seen: bool = False, harmless: bool = False) -> Callable[[FileOperator], FileOperator]:
    """List an operator on members under its name."""

    def listed(function: FileOperator) -> FileOperator:
        FILE_OPERATORS[_name(function)] = _Listed(function, seen, harmless)
        return function

    return listed


def on_zip(*, seen: bool = False, harmless: bool = False) -> Callable[[ZipOperator], ZipOperator]:
    """List an operator on the zip under its name."""

    def listed(function: ZipOperator) -> ZipOperator:
        ZIP_OPERATORS[_name(function)] = _ListedZip(function, seen, harmless)
        return function

    return listed


def damage(chance: random.Random, case: Draw, files: Files, operator: str = "") -> Damaged:
    """Damage a case by that operator, or by one drawn at random that finds something to damage."""
    while True:
        name = operator or chance.choice([*FILE_OPERATORS, *ZIP_OPERATORS])
        damaged = _by_files(chance, case, files, name) if name in FILE_OPERATORS else _by_zip(chance, case, files, name)
        if damaged:
            return damaged
        if operator:
            return undamaged(case, files)


def undamaged(case: Draw, files: Files) -> Damaged:
    """The case as it is."""
    return Damaged("none", zipped(case, files), harmless=True)


def zipped(case: Draw, files: Files) -> bytes:
    """The zip of these members, dated as the case is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, case.date_of(name).timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _by_files(chance: random.Random, case: Draw, files: Files, name: str) -> Damaged | None:
    operator = FILE_OPERATORS[name]
    left = operator.run(chance, case, files)
    touched = tuple(path for path in {**files, **left} if files.get(path) != left.get(path))
    if not touched:
        return None
    # The manifest has the hash of every member that was collected, so that it tells of a change; of its own it cannot.
    listed = MANIFEST in left and MANIFEST not in touched
    visible = not operator.harmless and (operator.seen or listed)
    return Damaged(name, zipped(case, left), touched, visible, operator.harmless)


def _by_zip(chance: random.Random, case: Draw, files: Files, name: str) -> Damaged | None:
    operator = ZIP_OPERATORS[name]
    whole = zipped(case, files)
    data = operator.run(chance, case, whole)
    if data == whole:
        return None
    return Damaged(name, data, (), operator.seen, operator.harmless)


# --- Members ---


def _pick(chance: random.Random, files: Files, *, suffix: str = "", start: str = "") -> str:
    """One of the members that hold anything, with that ending and beginning; "" where there is none."""
    filled = [path for path, data in sorted(files.items()) if data and path.endswith(suffix) and path.startswith(start)]
    return chance.choice(filled) if filled else ""


def _pick_text(chance: random.Random, files: Files) -> str:
    return chance.choice(sorted(path for path in files if path != MANIFEST and not path.endswith(".evtx")) or [""])


def _decoded(data: bytes, codepage: str) -> str:
    if data.startswith(_UTF_16_MARK):
        return data[2:].decode("utf-16-le", "replace")
    if data.startswith(_UTF_8_MARK):
        return data[3:].decode("utf-8", "replace")
    return data.decode(codepage, "replace")


def _rewritten(data: bytes, change: Callable[[str], str]) -> bytes:
    """Text changed in whatever encoding it has; one of a byte a character is left as it is, whatever it means."""
    mark, encoding = b"", "latin-1"
    if data.startswith(_UTF_16_MARK):
        mark, encoding = _UTF_16_MARK, "utf-16-le"
    return mark + change(data[len(mark) :].decode(encoding, "replace")).encode(encoding, "replace")


def _of_lines(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    return lambda text: "".join(change(text.splitlines(keepends=True)))


@on_files()
def a_file_is_cut(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A copy that was interrupted."""
    path = _pick(chance, files)
    return {**files, path: files[path][: chance.randrange(1, len(files[path]) + 1)]}


@on_files()
def a_table_is_cut(chance: random.Random, _case: Draw, files: Files) -> Files:
    """The same of a list of connections, where a count is what matters."""
    path = _pick(chance, files, start="netstat/ano")
    return {**files, path: files[path][: chance.randrange(1, len(files[path]))]} if path else files


@on_files()
def bytes_are_changed(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A bad disk."""
    path = _pick(chance, files)
    data = bytearray(files[path])
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] ^= chance.randint(1, 255)
    return {**files, path: bytes(data)}


@on_files()
def a_digit_is_changed(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A bit that flipped, where it makes one number of another."""
    path = _pick_text(chance, files)
    data = bytearray(files.get(path, b""))
    digits = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if digits:
        at = chance.choice(digits)
        data[at] = 0x30 + (data[at] - 0x30 + chance.randint(1, 9)) % 10
    return {**files, path: bytes(data)} if digits else files


@on_files()
def a_block_is_zero(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A sparse file, or a disk that lied."""
    path = _pick(chance, files)
    data = files[path]
    start = chance.randrange(len(data))
    return {**files, path: data[:start] + bytes(min(4096, len(data) - start)) + data[start + 4096 :]}


@on_files()
def lines_are_dropped(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A paste that lost some, anywhere."""
    path, share = _pick_text(chance, files), chance.choice((0.02, 0.1, 0.5))
    kept = _of_lines(lambda lines: [line for line in lines if chance.random() >= share])
    return {**files, path: _rewritten(files[path], kept)} if path else files


@on_files()
def lines_are_dropped_in_one_piece(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A paste out of a window whose buffer had run over: what is left begins and ends as it should."""
    path = _pick_text(chance, files)

    def without(lines: list[str]) -> list[str]:
        first, last = sorted(chance.randrange(len(lines) + 1) for _ in range(2))
        return lines[:first] + lines[last:]

    return {**files, path: _rewritten(files[path], _of_lines(without))} if path else files


@on_files()
def lines_are_doubled(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Every line of a file, or the file appended to itself."""
    path, together = _pick_text(chance, files), chance.random() < 0.5

    def doubled(lines: list[str]) -> list[str]:
        return [line for line in lines for _ in range(2)] if together else lines * 2

    return {**files, path: _rewritten(files[path], _of_lines(doubled))} if path else files


@on_files()
def two_tables_are_spliced(chance: random.Random, _case: Draw, files: Files) -> Files:
    """The beginning of one list of connections and the end of another."""
    tables = sorted(path for path in files if path.startswith("netstat/ano"))
    if len(tables) < 2:
        return files
    first, second = chance.sample(tables, k=2)
    kept = files[first][: files[first].rfind(b"\n", 0, chance.randrange(len(files[first]))) + 1]
    return {**files, first: kept + files[second][files[second].find(b"\n", len(kept) % len(files[second])) + 1 :]}


@on_files()
def line_ends_are_carriage_returns(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A transfer as text that went wrong."""
    path = _pick_text(chance, files)
    changed = _rewritten(files.get(path, b""), lambda text: text.replace("\r\n", "\r"))
    return {**files, path: changed} if path else files


@on_files(harmless=True)
def line_ends_are_line_feeds(_chance: random.Random, _case: Draw, files: Files) -> Files:
    """An editor on Unix."""
    texts = [path for path in files if path != MANIFEST and not path.endswith(".evtx")]
    return files | {path: _rewritten(files[path], lambda text: text.replace("\r\n", "\n")) for path in texts}


@on_files(harmless=True)
def a_text_is_saved_as_utf_16(chance: random.Random, case: Draw, files: Files) -> Files:
    """Notepad."""
    path = _pick_text(chance, files)
    text = _decoded(files.get(path, b""), case.machine.language.oem_codepage)
    return {**files, path: _UTF_16_MARK + text.encode("utf-16-le")} if path else files


@on_files()
def half_of_a_text_is_utf_16(chance: random.Random, case: Draw, files: Files) -> Files:
    """PowerShell's >> to a file that cmd began."""
    path = _pick_text(chance, files)
    data = files.get(path, b"")
    at = data.find(b"\n", chance.randrange(len(data) + 1)) + 1
    text = _decoded(data[at:], case.machine.language.oem_codepage)
    return {**files, path: data[:at] + text.encode("utf-16-le")} if path else files


@on_files()
def garbage_is_appended(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A file that was overwritten with a shorter one."""
    path = _pick(chance, files)
    return {**files, path: files[path] + chance.randbytes(chance.randint(1, 5000))}


@on_files()
def nul_bytes_are_inserted(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A transfer that padded."""
    path = _pick(chance, files)
    at = chance.randrange(len(files[path]))
    return {**files, path: files[path][:at] + bytes(chance.randint(1, 300)) + files[path][at:]}


@on_files()
def a_huge_line_is_inserted(chance: random.Random, _case: Draw, files: Files) -> Files:
    """One line of two million characters."""
    path = _pick(chance, files, suffix=".txt") or _pick(chance, files)
    at = files[path].find(b"\n") + 1
    return {**files, path: files[path][:at] + b"A1:[," * 400_000 + b"\r\n" + files[path][at:]}


@on_files()
def a_trace_is_cut_or_torn(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Where a bundle has one: most have none."""
    path = _pick(chance, files, start="trace/")
    if not path:
        return files
    data = files[path]
    start = chance.randrange(len(data))
    return {**files, path: data[:start] + (data[start + 4096 :] if chance.random() < 0.5 else b"")}


# --- Event logs ---


def _chunks(data: bytes) -> list[bytes]:
    return [data[at : at + _CHUNK] for at in range(_CHUNKS_FROM, len(data), _CHUNK)]


@on_files(seen=True)
def records_of_a_log_are_torn(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Bytes that a chunk's checksum covers: with or without a manifest the log itself tells."""
    path = _pick(chance, files, suffix=".evtx")
    chunks = _chunks(files.get(path, b""))
    held = [(number, struct.unpack_from("<I", chunk, _FREE_SPACE_AT)[0]) for number, chunk in enumerate(chunks)]
    held = [(number, end) for number, end in held if end > _RECORDS_FROM]
    if not held:
        return files
    number, end = chance.choice(held)
    data = bytearray(files[path])
    for _ in range(chance.choice((1, 20))):
        at = _CHUNKS_FROM + number * _CHUNK + chance.randrange(_RECORDS_FROM, end)
        data[at] ^= 1 << chance.randrange(8)
    return {**files, path: bytes(data)}


@on_files()
def chunks_of_a_log_are_doubled_or_disordered(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A log pieced together from a disk."""
    path = _pick(chance, files, suffix=".evtx")
    chunks = _chunks(files.get(path, b""))
    if not chunks:
        return files
    pieces = chunks[::-1] if len(chunks) > 1 and chance.random() < 0.5 else [*chunks, chance.choice(chunks)]
    return {**files, path: files[path][:_CHUNKS_FROM] + b"".join(pieces)}


@on_files()
def a_log_has_lost_its_end(chance: random.Random, _case: Draw, files: Files) -> Files:
    """The newest chunks, with the latest start and the latest events; a log of one chunk loses all of it."""
    path = _pick(chance, files, suffix=".evtx")
    chunks = _chunks(files.get(path, b""))
    if not chunks:
        return files
    return {**files, path: files[path][:_CHUNKS_FROM] + b"".join(chunks[: chance.randrange(len(chunks))])}


# --- Whole files ---


@on_files()
def a_file_is_missing(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Somebody left one out."""
    path = _pick(chance, files)
    return {name: data for name, data in files.items() if name != path}


@on_files()
def most_files_are_missing(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A bundle made by hand, in a hurry."""
    kept = chance.sample(sorted(files), k=max(1, len(files) // 5))
    return {path: files[path] for path in files if path in kept}


@on_files()
def two_files_are_exchanged(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Names mixed up: content alone tells what a file is, and the manifest that it is not where it was."""
    first, second = chance.sample(sorted(path for path in files if path != MANIFEST), k=2)
    return {**files, first: files[second], second: files[first]}


@on_files(harmless=True)
def a_file_is_renamed(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Explorer's "Copy of": the manifest knows it by its hash."""
    path = _pick_text(chance, files)
    return {(f"copies/Copy of {name.replace('/', ' ')}" if name == path else name): files[name] for name in files}


@on_files(seen=True)
def a_file_is_empty(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A full disk."""
    return {**files, _pick(chance, files): b""}


def _another(chance: random.Random) -> Files:
    return drawn(chance.randrange(10**6), chance.randrange(10**3)).files()


@on_files()
def another_machine_s_file(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A file of another case by mistake."""
    other = _another(chance)
    both = sorted(path for path in set(files) & set(other) - {MANIFEST} if other[path])
    return {**files, (path := chance.choice(both)): other[path]} if both else files


@on_files()
def another_machine_s_folder(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Two cases at once on an engineer's desk."""
    other = _another(chance)
    folder = chance.choice(sorted({path.partition("/")[0] for path in files if "/" in path}))
    return files | {path: data for path, data in other.items() if path.startswith(f"{folder}/") and data}


# --- The manifest ---


@on_files()
def the_manifest_is_garbage(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A manifest that somebody edited."""
    data = files.get(MANIFEST, b'{"schema": "forensics.bundle/1"}')
    at = chance.randrange(len(data))
    return {**files, MANIFEST: data[:at] + b'"}]{' + data[at + 4 :]}


@on_files()
def the_manifest_s_times_are_wrong(chance: random.Random, _case: Draw, files: Files) -> Files:
    """Of one entry by some hours, or of two exchanged."""
    if MANIFEST not in files:
        return files
    document = json.loads(files[MANIFEST])
    timed = [entry for entry in document["files"] if entry.get("started_at")]
    first, second = chance.sample(timed, k=2)
    if chance.random() < 0.5:
        first["started_at"], second["started_at"] = second["started_at"], first["started_at"]
        first["monotonic_ms"], second["monotonic_ms"] = second["monotonic_ms"], first["monotonic_ms"]
    else:
        moment = datetime.fromisoformat(first["started_at"]) + timedelta(hours=chance.choice((-30, -2, 2, 30)))
        first["started_at"] = moment.isoformat()
    return {**files, MANIFEST: json.dumps(document, indent=2).encode()}


@on_files()
def the_manifest_lacks_entries(chance: random.Random, _case: Draw, files: Files) -> Files:
    """A manifest of another run of the collector, in part."""
    if MANIFEST not in files:
        return files
    document = json.loads(files[MANIFEST])
    document["files"] = [entry for entry in document["files"] if chance.random() < 0.7]
    return {**files, MANIFEST: json.dumps(document, indent=2).encode()}


# --- The zip ---


@on_zip(seen=True)
def the_zip_is_cut(chance: random.Random, _case: Draw, data: bytes) -> bytes:
    """A mail gateway's limit."""
    return data[: chance.randrange(22, len(data))]


@on_zip()
def the_zip_is_torn(chance: random.Random, _case: Draw, data: bytes) -> bytes:
    """Bytes changed anywhere in the zip."""
    torn = bytearray(data)
    for _ in range(chance.randint(1, 30)):
        torn[chance.randrange(len(torn))] ^= chance.randint(1, 255)
    return bytes(torn)


def _entries(data: bytes) -> list[int]:
    """Where the entries of the directory begin."""
    at = struct.unpack_from("<I", data, data.rfind(b"PK\x05\x06") + 16)[0]
    found = []
    while data[at : at + 4] == _ENTRY:
        found.append(at)
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    return found


@on_zip()
def the_zip_lies_about_sizes(chance: random.Random, _case: Draw, data: bytes) -> bytes:
    """Sizes in the directory that are not true."""
    lying = bytearray(data)
    struct.pack_into("<I", lying, chance.choice(_entries(data)) + 24, chance.choice((0, 1, 0x7FFFFFFF)))
    return bytes(lying)


@on_zip()
def a_member_is_encrypted_or_packed_unknown(chance: random.Random, _case: Draw, data: bytes) -> bytes:
    """As it is marked; its bytes stay."""
    changed, entry = bytearray(data), chance.choice(_entries(data))
    member = struct.unpack_from("<I", data, entry + _OFFSET_AT)[0]
    at, value = chance.choice(((_FLAGS_AT, 1), (_METHOD_AT, _UNKNOWN_METHOD)))
    struct.pack_into("<H", changed, entry + at + 2, value)
    struct.pack_into("<H", changed, member + at, value)
    return bytes(changed)


@on_zip()
def a_name_comes_twice(chance: random.Random, _case: Draw, data: bytes) -> bytes:
    """A second member under the name of a first, with half of its content."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        twice = chance.choice([member for member in archive.infolist() if member.file_size > 1])
        again = zipfile.ZipInfo(twice.filename, twice.date_time)
        half = archive.read(twice)[: twice.file_size // 2]
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            archive.writestr(again, half, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@on_zip(seen=True)
def two_zips_in_one(chance: random.Random, case: Draw, data: bytes) -> bytes:
    """Another machine's zip behind this one, in one file."""
    return data + zipped(case, _another(chance))


@on_zip(harmless=True)
def a_zip_in_a_zip(_chance: random.Random, case: Draw, data: bytes) -> bytes:
    """A portal that packs what it is given."""
    return zipped(case, {"bundle.zip": data})
