r"""The CSV of `tracerpt x.etl -o x.csv -of CSV`: event ids and unlabelled fields, turned into the text that netsh writes.

::

    Event Name, Type, Event ID, Version, Channel, Level, Opcode, Task, Keyword, PID, TID, Processor Number, Instance ID, Parent Instance ID, Activity ID, Related Activity ID, Clock-Time, Kernel(ms), User(ms), User Data
    Microsoft-Windows-TCPIP, Info , 1001, 0, 16, 4, 0, 1001, 0x8000000000000400, 0x00000600, 0x061C, 3, , , {00000000-0000-0000-0000-000000000000}, , 131901561229780000, 0, 0, 0x0, 0xFFFFFA80C2F0A010, IPV4 , 1536
    Microsoft-Windows-TCPIP, Info , 1002, 0, 16, 4, 0, 1002, 0x8000000400000480, 0x00000600, 0x061C, 3, , , {00000000-0000-0000-0000-000000000000}, , 131901561229790000, 0, 0, 0xFFFFFA80C3956B20, 16, 0x0200271A0A0000080000000000000000, 16, 0x020000500A0000090000000000000000, SynSentState , 0
    Microsoft-Windows-TCPIP, Info , 1051, 0, 16, 4, 0, 1051, 0x8000000000000404, 0x00000000, 0x0000, 0, , , {00000000-0000-0000-0000-000000000000}, , 131901561285490000, 0, 0, 8, 10, 2, 0xFFFFFA80C3956B20

Each row becomes one line, so line numbers are those of the CSV. A row of the provider with an event of
`templates.TEMPLATES` becomes Windows' message with its fields, any other one a line of no interest. So what `Trace`
quotes is the message that netsh would have printed, not the row.

Known: the 20 columns and their order, hexadecimal PID and TID, the FILETIME of 18 digits, the provider in "Event Name",
and the blank behind the name of an enumeration's value (programs in public repositories that read such files: a test
with rows of Microsoft-Windows-DXGI, a reader of kernel events on Windows 11). The order of an event's fields is that
of its manifest, where `%n` of a message is the n-th (repnz/etw-providers-docs, 6.1.7600; jdu2600/Windows10EtwEvents, whose
newest stored dump has version 0 alone for all of these events).
Not verified, for no tracerpt CSV with events of Microsoft-Windows-TCPIP was found: whether a socket address is printed or
is the bytes of its structure, a state a name or a number, a status hexadecimal or decimal. Each is read either way. The order
of fields in later versions of an event is not known either. Therefore a field must be of its kind (an address, a
pointer, a state …): a row with another field in its place is left out, and `read` tells how many.

Times are UTC: Clock-Time is the event's FILETIME (learn.microsoft.com, EVENT_HEADER), and no option of tracerpt changes it
(-gmt is for WPP's payload, -lr means "less restrictive"). With a clock other than the system's it may be no FILETIME;
such rows count without a time. `netsh trace convert dump=CSV` was found in no public sample and is not read.

>>> text = [line for line in __doc__.splitlines() if ", 0x" in line]
>>> print(b"".join(as_text(["\n".join(text).encode(), b"\n"])).decode().splitlines()[1])
[0]0.0::2018-12-24 20:15:22.979000 [Microsoft-Windows-TCPIP]TCP: Tcb 0xFFFFFA80C3956B20 (local=10.0.0.8:10010 remote=10.0.0.9:80) requested to connect.
>>> trace = read(["\n".join(text).encode(), b"\n"])
>>> trace.sockets, trace.connects, trace.time_wait_births
(1, 1, 1)
"""  # noqa: E501 - lines as they are

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from typing import IO

import msgspec

from forensics.parsed import Problem
from forensics.text.problems import shortened
from forensics.trace.apart import Watch, answer, ask
from forensics.trace.blocks import LONGEST_LINE, utf_16
from forensics.trace.facts import Trace
from forensics.trace.inline import read_inline
from forensics.trace.reading import read_sized
from forensics.trace.templates import STATES, TEMPLATES
from forensics.trace.values import address_and_port
from forensics.trace.values import state as state_name

TIMES_ARE_UTC = True
"""The times of a `Trace` read here are UTC, although they are named `…_local`."""

_HEAD = 1 << 16
_PIECE = 1 << 16
_EVENT_ID, _CLOCK, _COLUMNS = 2, 16, 19  # columns; so many stand before the user data
_PROVIDER = b"Microsoft-Windows-TCPIP"
_NO_TIME = b"[0]0.0::"

# The clock in its column, with 15 columns before it and two numbers (milliseconds) behind: no word is looked at.
_ROW = re.compile(
    rb"(?:\A|[\r\n])[^,\r\n]{1,200}+,[^,\r\n]{0,200}+,[ \t]*+\d{1,5}+[ \t]*+,(?:[^,\r\n]{0,200}+,){13}"
    rb"[ \t]*+1\d{17}+[ \t]*+(?:,[ \t]*+\d{1,20}+[ \t]*+){2}(?:[,\r\n]|\Z)"
)
_LINE_END = re.compile(rb"\r++\n?")
_QUOTED = re.compile(rb'"[^"]*+"')


def recognise(head: bytes) -> bool:
    """Find a row by its shape, in any encoding and language."""
    head = head[:_HEAD]
    codec = utf_16(head)
    if codec:
        head = head.decode(codec, "replace").removeprefix("\ufeff").encode("ascii", "replace")
    return _ROW.search(head) is not None


def as_text(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Turn the CSV into a trace's text, a line for a row. Raises nothing but what the chunks raise."""
    return iter(_Rows(chunks))


def read(chunks: Iterable[bytes]) -> Trace:
    """Read the CSV of any size and encoding. Its times are UTC. It raises what `read_trace` raises."""
    return read_sized(chunks, _read_here, _read_apart)


def _read_here(chunks: Iterable[bytes]) -> Trace:
    rows = _Rows(chunks)
    trace = read_inline(rows)
    return msgspec.structs.replace(trace, problems=shortened([*trace.problems, *rows.problems()]))


def _read_apart(chunks: Iterable[bytes]) -> Trace:
    return ask("from forensics.trace.tracerpt import serve; serve()", partial(_send, chunks))


def _send(chunks: Iterable[bytes], there: IO[bytes], watch: Watch) -> None:
    for chunk in chunks:
        with watch.waiting():
            there.write(chunk)


def serve() -> None:
    """Read the CSV from standard input in a process of its own (see apart.py)."""
    answer(lambda here: _read_here(iter(partial(here.read, _PIECE), b"")))


class _Rows:
    """Iterates over the text; counts what was left out."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._misfits = 0
        self._over_long = 0
        self._nuls = 0
        self._second = b""
        self._stamp = b""

    def __iter__(self) -> Iterator[bytes]:
        carry, skipping = b"", False
        for piece in self._pieces():
            lines = piece.split(b"\n")
            lines[0] = carry + lines[0]
            carry = lines.pop()
            if lines and skipping:
                lines[0], skipping = b"", False
            if lines:
                yield b"".join([self._line(line) for line in lines])
            if len(carry) > LONGEST_LINE:
                self._over_long += 1
                skipping = True
            if skipping:
                carry = b""
        if carry or skipping:
            yield b"?"  # no line end: the reader counts it and tells that the last line is cut off

    def _pieces(self) -> Iterator[bytes]:
        """Yield text of some size whose ASCII is ASCII, without NULs, with one line end."""
        held = b""
        for piece in _decoded(_regrouped(self._chunks)):
            text = held + piece
            if b"\0" in text:
                self._nuls += text.count(b"\0")
                text = text.replace(b"\0", b"")
            kept = text.rstrip(b"\r")
            held = text[len(kept) :]
            yield _LINE_END.sub(b"\n", kept) if b"\r" in kept else kept
        if held:
            yield b"\n"

    def _line(self, row: bytes) -> bytes:
        columns = row.split(b",", _COLUMNS)
        if len(columns) < _COLUMNS:
            return b"\n"
        prefix = self._prefix(columns[_CLOCK].strip())
        if len(columns) > _COLUMNS and columns[0].strip(b' \t"') == _PROVIDER:
            message = _MESSAGES.get(columns[_EVENT_ID].strip())
            if message is not None:
                told = message.told(columns[_COLUMNS])
                if told is not None:
                    return b"%b [%b]%b\n" % (prefix, _PROVIDER, told)
                self._misfits += 1
        # A line without a time has no prefix: the trace begins with the first time there is.
        return b"\n" if prefix is _NO_TIME else prefix + b" [-]\n"

    def _prefix(self, clock: bytes) -> bytes:
        if len(clock) != 18 or not clock.isdigit() or not clock.startswith(b"1"):  # noqa: PLR2004 - digits, 1917 to 2234
            return _NO_TIME
        second = clock[:11]  # what follows are units of 100 ns
        if second != self._second:
            at = datetime(1601, 1, 1) + timedelta(seconds=int(second))  # noqa: DTZ001 - written without a zone
            self._second, self._stamp = second, _NO_TIME + f"{at:%Y-%m-%d %H:%M:%S}.".encode()
        return self._stamp + clock[11:17]

    def problems(self) -> list[Problem]:
        """Say what was left out, when all of it was read."""
        counted = (
            (self._misfits, "row", "of known events have other fields than known and were left out"),
            (self._over_long, "row", f"of more than {LONGEST_LINE:,} bytes left out"),
            (self._nuls, "NUL byte", "left out"),
        )
        return [Problem(None, f"{n:,} {noun}{'s' * (n != 1)} {done}") for n, noun, done in counted if n]


def _regrouped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small chunks and cut large ones: a caller may hand over single bytes, or the whole file as one."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            parts.append(chunk[start : start + _PIECE])
            size += len(parts[-1])
            if size >= _PIECE:
                yield b"".join(parts)
                parts.clear()
                size = 0
    yield b"".join(parts)


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Turn UTF-16 into ASCII; anything else stays as it is."""
    head = next(pieces, b"")
    codec = utf_16(head)
    if not codec:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    yield decoder.decode(head).removeprefix("\ufeff").encode("ascii", "replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("ascii", "replace")


# -- fields: each writer returns the field as netsh prints it, None where it is of another kind

_NUMBER = re.compile(rb"-?\d{1,10}|0[xX][0-9A-Fa-f]{1,8}")
_POINTER = re.compile(rb"0[xX][0-9A-Fa-f]{1,16}")
_STATUS_NAME = re.compile(rb"STATUS_[A-Z_0-9]{2,60}")
_BYTES = re.compile(rb"(?:0[xX])?((?:[0-9A-Fa-f]{2}){8,256})")
_PRINTED = re.compile(rb"\[?[0-9A-Fa-f:.]{2,45}(?:%\w{1,16})?\]?:\d{1,5}")
_AF_INET, _AF_INET6 = 2, 23  # winsock2.h
_FAMILIES = {b"2": b"IPV4", b"23": b"IPV6"}
_HIGHEST_PORT = 0xFFFF
_LONGEST_TOKEN = 80
_LONGEST_FIELD = 520  # 256 bytes of an address as digits; fields are remembered


def _value(field: bytes) -> int | None:
    return int(field, 16 if field[:2] in {b"0x", b"0X"} else 10) if _NUMBER.fullmatch(field) else None


def _number(field: bytes) -> bytes | None:
    value = _value(field)
    return None if value is None or value < 0 else b"%d" % value


def _port(field: bytes) -> bytes | None:
    value = _value(field)
    return b"%d" % value if value is not None and 0 <= value <= _HIGHEST_PORT else None


def _status(field: bytes) -> bytes | None:
    value = _value(field)
    if value is None:
        return field if _STATUS_NAME.fullmatch(field) else None
    return b"0x%X" % (value & 0xFFFFFFFF)


def _pointer(field: bytes) -> bytes | None:
    return field if _POINTER.fullmatch(field) else None


@lru_cache(1 << 8)
def _state(field: bytes) -> bytes | None:
    name = STATES[int(field)] if field.isdigit() and int(field[:9]) < len(STATES) else state_name(field)
    return f"{name}State ".encode() if name in STATES else None


def _family(field: bytes) -> bytes | None:
    return _FAMILIES.get(field) or _token(field)


def _token(field: bytes) -> bytes | None:
    return b"".join(field.split())[:_LONGEST_TOKEN] or b"-"


def _bound_address(field: bytes) -> bytes | None:
    """Write the address of an endpoint; one that is not bound may have none."""
    return _address(field) if field else b"-"


@lru_cache(1 << 12)
def _address(field: bytes) -> bytes | None:
    """Write a socket address, printed or in the bytes of its structure.

    >>> _address(b"0x170001BB0000000020010DB800000000000000000000000100000000"), _address(b"16")
    (b'[2001:db8::1]:443', None)
    """
    found = _BYTES.fullmatch(field.replace(b" ", b"").replace(b"-", b""))
    if found is None:
        return field if _PRINTED.fullmatch(field) and address_and_port(field)[1] is not None else None
    data = bytes.fromhex(found[1].decode())
    family, port = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4])
    if family == _AF_INET:
        return f"{IPv4Address(data[4:8])}:{port}".encode()
    if family == _AF_INET6 and len(data) >= 24:  # noqa: PLR2004 - sockaddr_in6 up to its scope
        scope = int.from_bytes(data[24:28], "little")
        return f"[{IPv6Address(data[8:24])}{f'%{scope}' * bool(scope)}]:{port}".encode()
    return None


Writer = Callable[[bytes], bytes | None]

_WRITERS: dict[str, Writer] = {
    "local": _address,
    "remote": _address,
    "address": _address,
    "sockaddr": _bound_address,
    "PID": _number,
    "TimedWaitDelay": _number,
    "number": _port,
    "status": _status,
    "resolved": _status,
    "from": _state,
    "to": _state,
    "State": _state,
    "state": _state,
    "endpoint": _pointer,
    "connection": _pointer,
    "Tcb": _pointer,
    "TCB": _pointer,
    "Family": _family,
}
"""By the word before the field in a template. Fields behind other words are told and decide nothing."""

_LAST_WORD = re.compile(r"([A-Za-z]+)[\s=(]*$")


class _Message:
    """A message of Windows that a row's fields are filled into."""

    def __init__(self, text: str) -> None:
        first, *rest = re.split(r"%(\d+)", text)
        self._first = first.encode()
        self._fields: list[tuple[int, Writer, bytes]] = []
        """Its place, what writes it, and the text that follows it."""
        before = first
        for number, after in zip(rest[::2], rest[1::2], strict=True):
            word = _LAST_WORD.search(before)
            self._fields.append((int(number) - 1, _WRITERS.get(word[1] if word else "", _token), after.encode()))
            before = after

    def told(self, user_data: bytes) -> bytes | None:
        """Fill the fields in, None where one is missing or of another kind."""
        if b'"' in user_data:
            user_data = _QUOTED.sub(lambda quoted: quoted[0].replace(b",", b" "), user_data)
        fields = user_data.split(b",")
        written = [self._first]
        for place, write, after in self._fields:
            if place >= len(fields):
                return None
            field = write(fields[place].strip(b' \t"')[:_LONGEST_FIELD])
            if field is None:
                return None
            written += (field, after)
        return b"".join(written)


_INSERTION_FAILED = "TCP: connection (local=%3 remote=%5) connect failed: connection insertion status ."
"""1030 has the fields of 1002, and no status among them; its message counts fields that it does not have."""

_MESSAGES = {str(row.id).encode(): _Message(row.text) for row in TEMPLATES} | {b"1030": _Message(_INSERTION_FAILED)}
