"""What is fuzzed: each target takes the bytes of one input, and raises only where a contract is broken.

Every parser of text is a target of its own, by the name of its kind, found by being there.
"""

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from forensics.bundle import manifest
from forensics.bundle.archive import open_nested
from forensics.bundle.content import Budget, read_content
from forensics.bundle.decode import decode, is_binary
from forensics.errors import BundleError
from forensics.parsers import TextParser, bytes_parsers, remaining_text_parsers, text_parsers
from forensics.report.redaction.forms import named
from forensics.report.redaction.redactor import Redactor
from forensics.report.redaction.secret_names import Names
from forensics.trace.inline import read_inline
from forensics.trace.tracerpt import read as read_tracerpt
from tests.parsers.promises import kept

ROOT = Path(__file__).resolve().parent.parent
TEXT_PARSERS = (*text_parsers(), *remaining_text_parsers())
LONGEST = 1 << 16  # bytes of an input: a chunk of an event log
LONGEST_TEXT = 1 << 12  # what a parser does with more lines it does with these
HEADER, CHUNK = 4096, 1 << 16  # bytes of an event log's header block and of a chunk
BUDGET = 1 << 26  # bytes that a zip may unpack to here
_HOST, _ADDRESS = "SRV-PROD-01", "10.20.30.40"  # what redaction has to hide, in any text


def text(data: bytes) -> None:
    """Every parser of text on the same text, whether it knows it or not."""
    told = decode(data).text
    for parser in TEXT_PARSERS:
        kept(parser, told)


def one_parser(parser: TextParser, data: bytes) -> None:
    """One parser: libFuzzer comes further into it than among eighteen."""
    kept(parser, data.decode("utf-8", "replace"))


def decoding(data: bytes) -> None:
    """Encodings and code pages: any bytes become text, nearly each byte or pair of bytes a character."""
    is_binary(data)
    for prefer in ((), ("cp936", "cp850")):
        decoded = decode(data, prefer)
        if len(decoded.text) > len(data) or decoded.damaged > len(decoded.text):
            raise AssertionError(f"{decoded.encoding}: {len(decoded.text)} of {len(data)}, {decoded.damaged} damaged")
        if decoded.encoding == "ascii" and decoded.text.encode("ascii") != data:
            raise AssertionError("ASCII is not what it was")


def redaction(data: bytes) -> None:
    """Names are found in a text and hidden in it; what must be hidden is not there any more."""
    told = decode(data).text
    names = Names()
    names.own(_HOST)
    for one in named(told):
        names.add(one.kind, one.text)
    redactor = Redactor(names.secrets(frozenset({_ADDRESS})))
    shown = redactor.text(f"{told}\n{_HOST} {_ADDRESS}\n")
    if shown.endswith(f"{_HOST} {_ADDRESS}\n") or f"{_HOST} " in shown.splitlines()[-1]:
        raise AssertionError(f"not hidden: {shown[-100:]!r}")
    redactor.originals()


def event_log(data: bytes) -> None:
    """The parsers of binary formats, with checksums that are right: else every change ends at the first of them."""
    sealed = _sealed(data)
    for parser in bytes_parsers():
        if parser.recognise(sealed):
            parser.parse(sealed)


def _sealed(data: bytes) -> bytes:
    """Put the right checksums into an event log: of the file's header, and of each chunk's header and records."""
    log = bytearray(data)
    if len(log) >= HEADER:
        log[124:128] = zlib.crc32(log[:120]).to_bytes(4, "little")
    for start in range(HEADER, len(log) - 512, CHUNK):
        free = int.from_bytes(log[start + 48 : start + 52], "little")
        log[start + 52 : start + 56] = zlib.crc32(log[start + 512 : start + free]).to_bytes(4, "little")
        header = log[start : start + 120] + log[start + 128 : start + 512]
        log[start + 124 : start + 128] = zlib.crc32(header).to_bytes(4, "little")
    return bytes(log)


def trace(data: bytes) -> None:
    """The trace's text, and tracerpt's table."""
    for found in (read_inline([data]), read_tracerpt([data])):
        if found.connects > found.lines or found.time_wait_births > found.lines:
            raise AssertionError(f"{found.connects} connects in {found.lines} lines")


def collector_manifest(data: bytes) -> None:
    """The manifest: one line says what is wrong."""
    try:
        manifest.read(decode(data).text)
    except ValueError as error:
        if "\n" in str(error):
            raise AssertionError(str(error)) from error


def archive(data: bytes) -> None:
    """The directory of a zip, and every member, within a budget."""
    try:
        members, _ = open_nested("fuzz.zip", data)
    except BundleError:
        return
    budget = Budget(BUDGET)
    for member in members:
        content = read_content(member, budget, lambda _block: LONGEST)
        if content.whole and content.size != len(content.data):
            raise AssertionError(member.path)


PARSERS = {parser.KIND: parser for parser in TEXT_PARSERS}
TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": text,
    "decoding": decoding,
    "redaction": redaction,
    "event-log": event_log,
    "trace": trace,
    "manifest": collector_manifest,
    "archive": archive,
    **{kind: partial(one_parser, parser) for kind, parser in PARSERS.items()},
}
