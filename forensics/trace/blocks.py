"""Cut a stream of bytes into blocks of whole messages, whatever its encoding, its line ends and its damage."""

import codecs
import re
from collections.abc import Iterable, Iterator

import msgspec

from forensics.parsed import Problem
from forensics.trace.lines import PREFIX

SIZE = 1 << 17  # bytes: stays in a processor's cache while it is copied, searched and counted
LONGEST_LINE = 1 << 20
_TAIL = 1 << 11  # bytes at a block's end whose line ends are looked at
_MOST_WRAPPED = 50  # lines without a prefix that may end one message
_CHECKED = 1 << 24  # bytes at the beginning whose line ends are all looked at; later, those of each block's tail

_LONE_CR = re.compile(rb"\r(?![\r\n])")


def utf_16(head: bytes) -> str:
    """Return the codec of UTF-16 text, "" for anything else. Text of a trace is ASCII in the main.

    >>> utf_16("[01]0EF8".encode("utf-16-le")), utf_16(b"[01]0EF8")
    ('utf-16-le', '')
    """
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    first, second = head[0:64:2], head[1:64:2]
    if len(second) > 1 and second.count(0) * 4 >= len(second) * 3 and 0 not in first:
        return "utf-16-le"
    if len(second) > 1 and first.count(0) * 4 >= len(first) * 3 and 0 not in second:
        return "utf-16-be"
    return ""


class TextFacts(msgspec.Struct, frozen=True):
    """What the text was like as text: lines that are in no block, or end in a lone carriage return; what was wrong."""

    lines: int
    problems: tuple[Problem, ...]


class Blocks:
    """Iterates over blocks that begin with a line; counts what was wrong."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._read = 0
        self._over_long = 0
        self._nuls = 0
        self._cut = False
        self._other_lines = 0
        self._line_ends: set[str] = set()

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Yield blocks and where their last whole message ends; the last may lack its line end."""
        carry, skipping = b"", False
        parts: list[bytes] = []
        size = 0
        for chunk in _cut(_ascii(self._chunks)):
            parts.append(chunk)
            size += len(chunk)
            if size < SIZE:
                continue
            block = self._joined(carry, parts)
            carry, size = b"", 0
            parts.clear()
            if skipping:
                start = block.find(b"\n") + 1
                if not start:
                    continue
                block, skipping = block[start:], False
            end = _end_of_messages(block)
            if end:
                yield self._checked(block, end)
                carry = block[end:]
            elif len(block) <= LONGEST_LINE:
                carry = block
            else:
                skipping = True
                self._over_long += 1
                self._other_lines += 1
        block = self._joined(carry, parts)
        if skipping:
            block = block[block.find(b"\n") + 1 or len(block) :]
        if block:
            yield from self._last(block)

    def _joined(self, carry: bytes, parts: list[bytes]) -> bytes:
        block = b"".join((carry, *parts)) if carry or len(parts) != 1 else parts[0]
        self._read += len(block) - len(carry)
        return self._cleaned(block)

    def _last(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        """Take the end of the file: a line that was cut may name a wrong port or PID."""
        if not block.endswith((b"\n", b"\r")):
            self._cut = not block.rstrip(b" \t").endswith(b".")
            self._other_lines += self._cut
            if self._cut:
                block = block[: max(block.rfind(b"\n"), block.rfind(b"\r")) + 1]
            else:
                block += b"\n"
        if block:
            yield self._checked(block, len(block))

    def _cleaned(self, block: bytes) -> bytes:
        if b"\0" in block:
            self._nuls += block.count(b"\0")
            block = block.replace(b"\0", b"")
        if b"\n" not in block and b"\r" in block:
            self._line_ends.add("CR")
            block = block.replace(b"\r", b"\n")
        return block

    def _checked(self, block: bytes, end: int) -> tuple[bytes, int]:
        """Look at the line ends; lone carriage returns are counted as lines too."""
        start = 0 if self._read <= _CHECKED else max(0, end - _TAIL)
        seen = block[start + (block[start - 1 : start + 1] == b"\r\n") : end]  # not from between CR and LF
        if b"\r" in seen:
            feeds, pairs = seen.count(b"\n"), seen.count(b"\r\n")
            if pairs:
                self._line_ends.add("CR LF")
            if feeds > pairs:
                self._line_ends.add("LF")
            if _LONE_CR.search(seen):
                self._line_ends.add("CR")
                self._other_lines += len(_LONE_CR.findall(block, 0, end))
        elif b"\n" in seen:
            self._line_ends.add("LF")
        return block, end

    def facts(self) -> TextFacts:
        """Say what the text was like, when all of it was read."""
        found = []
        if self._over_long:
            message = f"{_count(self._over_long, 'line')} of more than {LONGEST_LINE:,} bytes left out"
            found.append(Problem(None, message))
        if self._nuls:
            found.append(Problem(None, f"{_count(self._nuls, 'NUL byte')} left out"))
        if len(self._line_ends) > 1:
            found.append(Problem(None, f"mixed line ends: {', '.join(sorted(self._line_ends))}"))
        if self._cut:
            found.append(Problem(None, "the last line is cut off in the middle and was left out"))
        return TextFacts(self._other_lines, tuple(found))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _end_of_messages(block: bytes) -> int:
    """Return where the last message of the block begins: it may go on in the next block, on a line without prefix."""
    newline = len(block)
    for _ in range(_MOST_WRAPPED):
        newline = block.rfind(b"\n", 0, newline)
        if newline < 0:
            break
        if PREFIX.match(block, newline + 1):
            return newline + 1
    return block.rfind(b"\n") + 1


def _cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut large chunks: a caller may hand over the whole file as one."""
    for chunk in chunks:
        if len(chunk) <= 2 * SIZE:
            yield chunk
        else:
            for start in range(0, len(chunk), SIZE):
                yield chunk[start : start + SIZE]


def _ascii(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Turn UTF-16 into bytes whose ASCII is ASCII (every token is); anything else stays as it is."""
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= 64:  # noqa: PLR2004 - enough to tell
            break
    codec = utf_16(head)
    if not codec:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from iterator
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    yield decoder.decode(head).removeprefix("\ufeff").encode("ascii", "replace")
    for chunk in iterator:
        yield decoder.decode(chunk).encode("ascii", "replace")
