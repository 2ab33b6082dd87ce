"""From a bundle to evidence: read every member once, recognise it by content, parse it, and account for it."""

import contextlib
import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from forensics.bundle import manifest as manifests
from forensics.bundle.archive import Bundle, Member, file_beside, open_bundle, open_nested
from forensics.bundle.content import (
    BEGINNING,
    NO_LIMITS,
    Budget,
    Content,
    Deadline,
    Limits,
    Reading,
    first_block,
    read_content,
)
from forensics.bundle.decode import decode, is_binary
from forensics.bundle.formats import foreign
from forensics.bundle.layout import place
from forensics.bundle.member import UnreadableError
from forensics.bundle.zips import MAGICS, MOST_MEMBERS
from forensics.errors import BundleError
from forensics.evidence import Evidence, FileReport, Found, Warned
from forensics.parsed import Parsed, Problem
from forensics.parsers import StreamParser, bytes_parsers, stream_parsers
from forensics.parsers.application_log import KIND as APPLICATION_LOG
from forensics.parsers.application_log import ApplicationLog
from forensics.parsing import DEFECT, LostError, Parse, guarded, parse_here
from forensics.text.lines import split_lines
from forensics.trace import SMALL

BUDGET = 4 * 2**30  # bytes that a whole bundle may unpack to: far above any real one without a trace
STREAM_BUDGET = 16 * 2**30  # bytes of its traces, which are read while they come: 500 MB of ETL become gigabytes
MOST_BYTES = 512 * 2**20  # a larger member is hashed and named, not read: no artefact but a trace is near it
MOST_PASTED = 4 * 2**20  # a trace no larger may be a few lines among other commands that somebody pasted into one file
MOST_UNKNOWN = 64 * 2**20  # for binary data that begins like nothing known: an event log may have lost its beginning
GRACE = 5.0  # seconds that parsers have for a member, although the time limit is over
_MOST_QUOTE = 300  # characters of a line that a report shows
_OFFICE = "/[Content_Types].xml"  # every Office document is a zip and holds this

Progress = Callable[[str, int, int], None]


def gather(
    path: Path,
    progress: Progress = lambda _name, _done, _total: None,
    trace: Path | None = None,
    limits: Limits = NO_LIMITS,
    parse: Parse = parse_here,
) -> tuple[Evidence, "Quotes"]:
    """Read a whole bundle, and a trace that lies beside it; `parse` reads each member's content.

    Raises:
        BundleError: where the input is no bundle, or holds nothing that any parser knows; where the trace is none.
    """
    evidence, quotes = survey(path, progress, trace, limits, parse)
    # A log of an application alone says nothing of the machine.
    if not any(found for kind, found in evidence.facts.items() if kind is not ApplicationLog):
        kinds = sorted({file.kind for file in evidence.files if file.kind})
        held = f"; it holds {', '.join(kinds)}" if kinds else ""
        count = len(evidence.files)
        files = f"its {count} files" if count > 1 else "its only file"
        reasons = "".join(f"; {one.message}" for one in evidence.warnings if not one.file)
        left = [file.note for file in evidence.files if file.status == "left"]
        held += f"; not read: {len(left)} of them ({left[0]})" if left else ""
        raise BundleError(f"{evidence.name}: no evidence of a Windows machine in {files}{held}{reasons}")
    return evidence, quotes


def survey(
    path: Path,
    progress: Progress = lambda _name, _done, _total: None,
    trace: Path | None = None,
    limits: Limits = NO_LIMITS,
    parse: Parse = parse_here,
) -> tuple[Evidence, "Quotes"]:
    """Read a whole bundle, though it may hold no evidence at all.

    Raises:
        BundleError: where the input is no bundle, or the trace is none.
    """
    deadline = Deadline(limits.seconds)  # the time to hash and to list the bundle counts too
    bundle = open_bundle(path, deadline)
    if trace is not None:
        bundle = msgspec.structs.replace(bundle, members=(*bundle.members, _trace_beside(trace)))
    reader = _Reader(bundle, limits.size, deadline, parse)
    evidence = reader.read(progress)
    return evidence, Quotes(reader.members, evidence)


def _trace_beside(path: Path) -> Member:
    member = file_beside(path)
    if _stream_parser(first_block(member)) is None:
        raise BundleError(
            f"{member.path.removeprefix('../')}: not the text of a network trace; an .etl file becomes text by: "
            "netsh trace convert input=FILE.etl output=FILE.txt"
        )
    return member


class Quotes:
    """Lines of members, fetched again for the few that a report cites."""

    def __init__(self, members: dict[str, Member], evidence: Evidence) -> None:
        self._members = members
        self._sizes = {file.path: file.size for file in evidence.files}
        self._pages = evidence.manifest.code_pages if evidence.manifest else ()
        self._lines = lru_cache(maxsize=8)(self._read)  # a report cites few files, each many times

    def line(self, file: str, number: int) -> str:
        """The text of one line, shortened; "" where it cannot be had."""
        lines = self._lines(file)
        return lines[number - 1].strip()[:_MOST_QUOTE] if 0 < number <= len(lines) else ""

    def _read(self, file: str) -> list[str]:
        member = self._members.get(file)
        if member is None or self._sizes[file] > MOST_BYTES:  # of a trace, the facts bring their own quotes
            return []
        try:
            return split_lines(decode(b"".join(member.open()), self._pages).text)
        except UnreadableError:
            return []


class _Reader:
    """One bundle on its way to evidence. What it reads does not depend on the members' order in the archive."""

    def __init__(self, bundle: Bundle, most: int | None, deadline: Deadline, parse: Parse) -> None:
        self._bundle = bundle
        self._parse, self._deadline = parse, deadline
        self._budget = Budget(BUDGET if most is None else most, deadline)
        self._stream_budget = Budget(STREAM_BUDGET, deadline) if most is None else self._budget
        # Beginnings are looked at before anything is read. Those of a bundle within its budget are within this one.
        self._beginnings = Budget(self._stream_budget.size, deadline)
        self._reserved: dict[str, int] = {}
        self._streams: dict[str, StreamParser] = {}
        self._nested_bytes, self._nested_members = MOST_BYTES, MOST_MEMBERS - len(bundle.members)
        self._facts: dict[type, list[Found[object]]] = defaultdict(list)
        self._warnings = [Warned("", note) for note in bundle.notes]
        self._files: list[FileReport] = []
        self._manifest: manifests.Manifest | None = None
        self._manifest_file = ""
        self._listing = manifests.Listing(manifests.Manifest(), "")
        self._strange_folders: set[str] = set()  # of other machines' manifests
        self.members: dict[str, Member] = {}

    def read(self, progress: Progress) -> Evidence:
        ordered, first = self._sorted()
        for number, member in enumerate(ordered):
            progress(member.path, number, len(ordered))
            self._member(member, may_be_manifest=number < first)
        self._files.sort(key=lambda file: file.path)
        return Evidence(
            self._bundle.name,
            self._bundle.sha256 or self._tree_digest(),
            tuple(self._files),
            self._manifest,
            self._manifest_file,
            tuple(self._warnings),
            {kind: tuple(sorted(found, key=lambda one: one.file)) for kind, found in self._facts.items()},
        )

    def _tree_digest(self) -> str:
        lines = "".join(f"{file.sha256}  {file.path}\n" for file in self._files)
        return hashlib.sha256(lines.encode()).hexdigest()

    def _sorted(self) -> tuple[list[Member], int]:
        """Every member, those of nested zips too, manifests first, and how many those are.

        A manifest names the code pages and the times of the others. The one that bears the name and lies nearest to
        the top comes before any other.
        """
        given: list[Member] = []
        others: list[Member] = []
        zips: list[Member] = []
        for member in sorted(self._bundle.members, key=_nearness):
            self._sort_in(member, given, others, zips)
        self._reserve([*given, *others])
        for member in sorted(zips, key=lambda member: member.path):
            for inner in self._nested(member):
                self._sort_in(inner, given, others, others)
        self._reserve([*given, *others])
        given.sort(key=_nearness)
        others.sort(key=lambda member: member.path)
        return [*given, *others], len(given)

    def _sort_in(self, member: Member, given: list[Member], others: list[Member], zips: list[Member]) -> None:
        """Put a member where its beginning belongs, under a label that no other has."""
        while member.path in self.members:  # `a.zip/b` may also be a file of the bundle itself
            member = msgspec.structs.replace(member, path=f"{member.path} (again)")
        self.members[member.path] = member
        block = first_block(member, self._beginnings)
        if block.startswith(MAGICS):
            zips.append(member)
        elif _is_manifest(block):
            given.append(member)
        else:
            others.append(member)
            if parser := _stream_parser(block):
                self._streams[member.path] = parser

    def _reserve(self, members: Sequence[Member]) -> None:
        """Keep back what each member claims to need, the smallest first, so that none takes what others need."""
        self._reserved = {}
        for budget in (self._budget, self._stream_budget):
            budget.reserved = 0
        for member in sorted(members, key=lambda member: member.stored_size):
            budget = self._stream_budget if member.path in self._streams else self._budget
            if budget.reserved + member.stored_size > budget.left:
                continue
            budget.reserved += member.stored_size
            self._reserved[member.path] = member.stored_size

    def _nested(self, member: Member) -> tuple[Member, ...]:
        """The members of a zip inside the bundle, which is reported itself."""
        content = read_content(member, self._budget, lambda _block: self._nested_bytes)
        if content.problem:
            self._report(member, "archive", "", content, _unread(content), content.problem)
            return ()
        if not content.whole:
            self._report(member, "archive", "", content, "left", "a zip too large: unpack it and give the folder")
            return ()
        self._nested_bytes -= content.size
        try:
            members, notes = open_nested(member.path, content.data, self._nested_members)
        except BundleError as error:
            self._report(member, "archive", "", content, "unreadable", str(error))
            return ()
        self._nested_members -= len(members)
        self._warnings.extend(Warned(member.path, note) for note in notes)
        if any(inner.path.endswith(_OFFICE) for inner in members):
            self._report(member, "document", "", content, "unrecognised", "")
            return ()
        self._report(member, "archive", "", content, "read", f"{len(members)} files inside")
        return members

    def _member(self, member: Member, *, may_be_manifest: bool) -> None:
        parser = None if self._is_strange(member) else self._streams.get(member.path)
        budget = self._stream_budget if member.path in self._streams else self._budget
        budget.reserved -= self._reserved.get(member.path, 0)
        if parser:
            self._stream(member, parser)
            return
        content = read_content(member, budget, _most_bytes)
        if content.problem:
            self._report(member, "", "", content, _unread(content), content.problem)
        elif not content.size:
            self._report(member, "", "", content, "empty", "")
        elif self._is_strange(member):
            self._report(member, "", "", content, "left", "belongs to another bundle: analyze that by itself")
        elif content.data.startswith(MAGICS):
            note = "a zip too deep inside others: unpack it and give the folder"
            self._report(member, "archive", "", content, "left", note)
        else:
            try:
                self._recognised(member, content, may_be_manifest=may_be_manifest)
            except LostError as error:
                self._report(member, "", "", content, "unreadable", str(error))
            except MemoryError:
                self._report(member, "", "", content, "unreadable", "not read: there is not enough memory")

    def _stream(self, member: Member, parser: StreamParser) -> None:
        """Read a member of any size while it comes; a small one may hold other commands' output too."""
        reading = Reading(member, self._stream_budget, lambda _block: MOST_PASTED)
        blocks = iter(reading)
        head = list(_first(blocks, SMALL))
        try:
            if sum(map(len, head)) > SMALL:  # the parser sends it to a process of its own
                parsed = [(parser.KIND, guarded(parser.KIND, partial(parser.parse, itertools.chain(head, blocks))))]
            else:
                parsed = self._parsed(b"".join(head))
        except LostError as error:
            self._report(member, parser.KIND, "", reading.content(), "unreadable", str(error))
            return
        content = reading.content()
        encoding, damaged = "", 0
        if content.whole:
            decoded = decode(content.data, self._manifest.code_pages if self._manifest else ())
            encoding, damaged = decoded.encoding, decoded.damaged
            with contextlib.suppress(LostError):  # the trace was read
                parsed += self._parsed(decoded.text, remaining=False)
        if content.problem:
            ended = Problem(None, f"{content.problem}; what came before is used")
            parsed.append((parser.KIND, Parsed((), "", (ended,))))
        self._keep(member, content, encoding, parsed, damaged)

    def _recognised(self, member: Member, content: Content, *, may_be_manifest: bool) -> None:
        head = content.data[:BEGINNING]
        kind = foreign(head)
        if kind:
            self._report(member, kind, "", content, "unrecognised", "")
        elif not content.whole:
            self._report(member, "", "", content, "left", f"{content.size:,} bytes: hashed, too large to be read")
        elif not is_binary(head):
            self._text(member, content, may_be_manifest=may_be_manifest)
        elif parsed := self._parsed(content.data):
            self._keep(member, content, "binary", parsed)
        else:
            self._report(member, "", "binary", content, "unrecognised", "")

    def _text(self, member: Member, content: Content, *, may_be_manifest: bool) -> None:
        decoded = decode(content.data, self._manifest.code_pages if self._manifest else ())
        if may_be_manifest:
            self._read_manifest(member, content, decoded.text, decoded.encoding)
            return
        parsed = self._parsed(decoded.text)
        if parsed:
            self._keep(member, content, decoded.encoding, parsed, decoded.damaged)
            return
        entry = self._listing.entry(member.path, content.sha256)
        where = place(member.path)
        note = f"the collector ran: {entry.command}" if entry and entry.command else ""
        if where and where.kinds == (APPLICATION_LOG,):
            note = "no log that this program can read: not enough of its lines bear a time"
        self._report(member, "", decoded.encoding, content, "unrecognised", note)

    def _parsed(self, content: str | bytes, *, remaining: bool = True) -> list[tuple[str, Parsed]]:
        """What the parsers make of it in the time that is left: a little for what was unpacked at the last moment."""
        left = self._deadline.left()
        return self._parse(content, remaining=remaining, seconds=None if left is None else max(left, GRACE))

    def _keep(
        self, member: Member, content: Content, encoding: str, parsed: list[tuple[str, Parsed]], damaged: int = 0
    ) -> None:
        """Take over what the parsers found in a member."""
        entry = self._listing.entry(member.path, content.sha256)
        problems = [problem for _, result in parsed for problem in result.problems]
        for _, result in parsed:
            for fact in result.facts:
                self._facts[type(fact)].append(Found(fact, member.path, member.time, entry))
        for problem in problems:
            where = f"line {problem.line}: " if problem.line else ""
            self._warnings.append(Warned(member.path, where + problem.message))
        notes = [result.summary for _, result in parsed if result.summary]
        if damaged:
            notes.append(f"{damaged:,} character{'s' * (damaged != 1)} could not be decoded")
        if problems:
            notes.append(f"{len(problems)} problem{'s' * (len(problems) != 1)}")
        status = "partly-read" if problems or damaged else "read"
        kinds = "+".join(dict.fromkeys(kind for kind, _ in parsed))
        self._report(member, kinds, encoding, content, status, "; ".join(notes))

    def _read_manifest(self, member: Member, content: Content, text: str, encoding: str) -> None:
        try:
            manifest = manifests.read(text)
        except ValueError as error:
            self._report(member, manifests.KIND, encoding, content, "unreadable", f"not readable: {error}")
            return
        failed = sum(entry.outcome not in {"ok", ""} for entry in manifest.files)
        note = f"{len(manifest.files)} artefacts" + (f", {failed} not collected" if failed else "")
        if self._manifest is None:
            self._manifest, self._manifest_file = manifest, member.path
            self._listing = manifests.Listing(manifest, member.path)
            self._warnings.extend(Warned(member.path, problem) for problem in manifest.problems)
        else:
            note = "a second manifest: ignored"
            self._warnings.append(Warned(member.path, note))
            self._strange_folders.add(manifests.folder_of(member.path))
        self._report(member, manifests.KIND, encoding, content, "read", note)

    def _is_strange(self, member: Member) -> bool:
        """Tell what lies beside another manifest: the evidence of two machines together would prove anything."""
        parts = member.path.split("/")
        above = ("/".join(parts[:depth]) + "/" if depth else "" for depth in range(len(parts)))
        return any(folder in self._strange_folders and not self._listing.folder.startswith(folder) for folder in above)

    def _report(self, member: Member, kind: str, encoding: str, content: Content, status: str, note: str) -> None:
        if status in {"unreadable", "left"}:
            self._warnings.append(Warned(member.path, note))
        self._files.append(FileReport(member.path, kind, encoding, content.size, content.sha256, status, note))


def _first(blocks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The first blocks: one more than have so many bytes, where there are more."""
    size = 0
    for block in blocks:
        yield block
        size += len(block)
        if size > most:
            return


def _unread(content: Content) -> str:
    return "left" if content.over_budget else "unreadable"


def _is_manifest(block: bytes) -> bool:
    return b"{" in block[:8] and not is_binary(block) and manifests.is_manifest(decode(block).text)


def _nearness(member: Member) -> tuple[bool, int, str]:
    """Sort a manifest's name before any other, and what lies nearer to the top before what is deeper."""
    is_misnamed = member.path.rsplit("/", 1)[-1].lower() != manifests.NAME
    return is_misnamed, member.path.count("/"), member.path


def _most_bytes(block: bytes) -> int:
    """How many bytes of a member to keep, told by its beginning."""
    if block.startswith(MAGICS) or foreign(block[:BEGINNING]):
        return BEGINNING
    if is_binary(block) and not any(parser.recognise(block) for parser in bytes_parsers()):
        return MOST_UNKNOWN
    return MOST_BYTES


def _stream_parser(block: bytes) -> StreamParser | None:
    if block.startswith(MAGICS) or foreign(block[:BEGINNING]):
        return None
    return next((parser for parser in stream_parsers() if parser.recognise(block)), None)


def failures(evidence: Evidence) -> Iterator[Warned]:
    """The warnings that name a defect of ours (exit status 1)."""
    return (warning for warning in evidence.warnings if warning.message.startswith(DEFECT))
