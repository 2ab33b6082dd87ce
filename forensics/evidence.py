"""Evidence: every typed fact of one bundle, each with the member it was found in."""

from collections.abc import Mapping
from typing import Generic, TypeVar, cast

import msgspec

from forensics.bundle.archive import MemberTime
from forensics.bundle.manifest import Entry, Manifest

Fact = TypeVar("Fact")
Fact_co = TypeVar("Fact_co", covariant=True)


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where something was read: a member and a line (1-based) or an event's record ID, and what stands there."""

    file: str
    line: int | None = None
    record: int | None = None
    quote: str = ""


class Found(msgspec.Struct, Generic[Fact_co], frozen=True):
    """A fact, the member that holds it, when that member was written, and what the manifest says of it."""

    fact: Fact_co
    file: str
    time: MemberTime
    entry: Entry | None = None

    def source(self, line: int | None = None, record: int | None = None, quote: str = "") -> Source:
        """Point into this fact's member."""
        return Source(self.file, line, record, quote)


class FileReport(msgspec.Struct, frozen=True):
    """What became of one member.

    `status` is `read`, `partly-read` (the note says what was lost), `unrecognised`, `empty`, `left` (over a limit) or
    `unreadable`; `kind` names every kind found in it, joined by `+`.
    """

    path: str
    kind: str
    encoding: str
    size: int
    sha256: str
    status: str
    note: str


class Warned(msgspec.Struct, frozen=True):
    """Something the reader of a report must know about a member, or about the bundle (`file` is then empty)."""

    file: str
    message: str


class Evidence(msgspec.Struct, frozen=True):
    """All that a bundle gave."""

    name: str
    sha256: str
    files: tuple[FileReport, ...]
    manifest: Manifest | None
    manifest_file: str
    warnings: tuple[Warned, ...]
    facts: Mapping[type, tuple[Found[object], ...]]

    def all(self, kind: type[Fact]) -> tuple[Found[Fact], ...]:
        """Every fact of a type, in the order of the members' names."""
        return cast("tuple[Found[Fact], ...]", self.facts.get(kind, ()))
