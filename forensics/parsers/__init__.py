"""Parsers, one module per kind of evidence, found by being in this folder.

A parser module is an interface of four names: `KIND`, `READS`, `recognise` and `parse` (see `Parser`). Every parser
whose `recognise` says yes is given the whole member, so that several pasted commands in one file are all read.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import Protocol, cast

from forensics.parsed import Parsed


class TextParser(Protocol):
    """A module that reads decoded text."""

    KIND: str
    READS: str  # "text", or "remaining-text" where it reads what no other parser knows

    def recognise(self, text: str) -> bool:
        """Tell by content alone, never by name, whether this kind occurs in the member."""

    def parse(self, text: str) -> Parsed:
        """Read every block of this kind; never raise."""


class BytesParser(Protocol):
    """A module that reads a binary format."""

    KIND: str
    READS: str  # "bytes"

    def recognise(self, data: bytes) -> bool:
        """Tell by content alone, never by name, whether the member is of this kind."""

    def parse(self, data: bytes) -> Parsed:
        """Read the member; never raise."""


class StreamParser(Protocol):
    """A module that reads members too large to be kept, while their bytes come."""

    KIND: str
    READS: str  # "stream"

    def recognise(self, head: bytes) -> bool:
        """Tell by a member's first block, never by name, whether it is of this kind."""

    def parse(self, chunks: Iterable[bytes]) -> Parsed:
        """Read the member; raise nothing but what the iterator raises."""


@cache
def _modules() -> tuple[object, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


def text_parsers() -> tuple[TextParser, ...]:
    """Every parser of text, by name."""
    return tuple(cast("TextParser", module) for module in _modules() if getattr(module, "READS", "") == "text")


def remaining_text_parsers() -> tuple[TextParser, ...]:
    """Parsers of text that is of no other kind: an application's log can look like anything."""
    return tuple(
        cast("TextParser", module) for module in _modules() if getattr(module, "READS", "") == "remaining-text"
    )


def bytes_parsers() -> tuple[BytesParser, ...]:
    """Every parser of a binary format, by name."""
    return tuple(cast("BytesParser", module) for module in _modules() if getattr(module, "READS", "") == "bytes")


def stream_parsers() -> tuple[StreamParser, ...]:
    """Every parser of members of any size, by name."""
    return tuple(cast("StreamParser", module) for module in _modules() if getattr(module, "READS", "") == "stream")


Parser = TextParser | BytesParser | StreamParser


def all_parsers() -> tuple[Parser, ...]:
    """Every parser, by name of its kind."""
    parsers: list[Parser] = [*text_parsers(), *remaining_text_parsers(), *bytes_parsers(), *stream_parsers()]
    return tuple(sorted(parsers, key=lambda parser: parser.KIND))
