"""From a bundle to evidence: read every member once, recognise it by content, parse it, and account for it."""

import hashlib
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from forensics.bundle import manifest as manifests
from forensics.bundle.archive import BUDGET, Bundle, Member, open_bundle, open_nested
from forensics.bundle.decode import decode, is_binary
from forensics.bundle.formats import ZIP, foreign_bytes, foreign_text
from forensics.errors import BundleError
from forensics.evidence import Evidence, FileReport, Found, Warned
from forensics.text.lines import split_lines
from forensics.parsed import Parsed, Problem
from forensics.parsers import bytes_parsers, text_parsers

MOST_BYTES = 512 * 2**20  # a larger member is hashed and named, not read: no artefact but a trace is near it
_HEAD = 1 << 16
_MOST_QUOTE = 300  # characters of a line that a report shows

Progress = Callable[[str, int, int], None]


def gather(path: Path, progress: Progress = lambda _name, _done, _total: None) -> tuple[Evidence, "Quotes"]:
    """Read a whole bundle.

    Raises:
        BundleError: where the input is no bundle, or holds nothing that any parser knows.
    """
    bundle = open_bundle(path)
    reader = _Reader(bundle)
    evidence = reader.read(progress)
    if not any(evidence.facts.values()):
        kinds = sorted({file.kind for file in evidence.files if file.kind})
        held = f"; it holds {', '.join(kinds)}" if kinds else ""
        raise BundleError(f"{bundle.name}: no evidence of a Windows machine in {len(evidence.files)} files{held}")
    return evidence, Quotes(reader.members, evidence)


class Quotes:
    """Lines of members, fetched again for the few that a report cites."""

    def __init__(self, members: dict[str, Member], evidence: Evidence) -> None:
        self._members = members
        self._pages = evidence.manifest.code_pages if evidence.manifest else ()
        self._last: tuple[str, list[str]] = ("", [])

    def line(self, file: str, number: int) -> str:
        """The text of one line, shortened; "" where it cannot be had."""
        if self._last[0] != file:
            member = self._members.get(file)
            lines = split_lines(decode(b"".join(member.open()), self._pages).text) if member else []
            self._last = (file, lines)
        lines = self._last[1]
        return lines[number - 1].strip()[:_MOST_QUOTE] if 0 < number <= len(lines) else ""


class _Content(msgspec.Struct, frozen=True):
    data: bytes
    size: int
    sha256: str
    error: str = ""
    left: str = ""


class _Reader:
    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._budget = BUDGET
        self._facts: dict[type, list[Found[object]]] = defaultdict(list)
        self._warnings = [Warned("", note) for note in bundle.notes]
        self._files: list[FileReport] = []
        self._manifest: manifests.Manifest | None = None
        self._manifest_file = ""
        self.members: dict[str, Member] = {}

    def read(self, progress: Progress) -> Evidence:
        # The manifest first: it names the code pages and the commands of the others.
        members = sorted(self._bundle.members, key=lambda member: (not _is_manifest_name(member.path), member.path))
        for number, member in enumerate(members):
            progress(member.path, number, len(members))
            self._member(member, nested=False)
        self._files.sort(key=lambda file: file.path)
        digest = self._bundle.sha256 or self._tree_digest()
        return Evidence(
            self._bundle.name,
            digest,
            tuple(self._files),
            self._manifest,
            self._manifest_file,
            tuple(self._warnings),
            {kind: tuple(sorted(found, key=lambda one: one.file)) for kind, found in self._facts.items()},
        )

    def _tree_digest(self) -> str:
        lines = "".join(f"{file.sha256}  {file.path}\n" for file in self._files)
        return hashlib.sha256(lines.encode()).hexdigest()

    def _member(self, member: Member, *, nested: bool) -> None:
        self.members[member.path] = member
        if member.problem:
            self._report(member, "", "", _Content(b"", member.stored_size, ""), "unreadable", member.problem)
            return
        content = self._content(member)
        if content.error:
            self._report(member, "", "", content, "unreadable", content.error)
        elif not content.size:
            self._report(member, "", "", content, "empty", "")
        elif content.data.startswith(ZIP) and not nested:
            self._nested(member, content)
        else:
            self._recognised(member, content)

    def _content(self, member: Member) -> _Content:
        """Read a member block by block, hashing; keep its bytes while they are within the limits."""
        digest, blocks, size, left = hashlib.sha256(), [], 0, ""
        foreign = False
        try:
            for block in member.open():
                if not size:
                    foreign = _foreign(block[:_HEAD]) == "trace-text"
                size += len(block)
                self._budget -= len(block)
                digest.update(block)
                if size <= MOST_BYTES and (not foreign or size <= _HEAD * 2):
                    blocks.append(block)
                elif not foreign:
                    left = f"over {MOST_BYTES >> 20} MB: hashed, not read"
                if self._budget < 0:
                    return _Content(b"", size, "", f"the bundle unpacks to over {BUDGET >> 30} GB: left here")
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            reason = str(error) or type(error).__name__
            return _Content(b"", size, "", f"cannot be unpacked after {size:,} bytes ({reason[:120]})")
        return _Content(b"" if left else b"".join(blocks), size, digest.hexdigest(), "", left)

    def _nested(self, member: Member, content: _Content) -> None:
        try:
            members, notes = open_nested(member.path, content.data)
        except BundleError as error:
            self._report(member, "archive", "", content, "unreadable", str(error))
            return
        self._report(member, "archive", "", content, "read", f"{len(members)} files inside")
        self._warnings.extend(Warned(member.path, note) for note in notes)
        for inner in sorted(members, key=lambda one: one.path):
            self._member(inner, nested=True)

    def _recognised(self, member: Member, content: _Content) -> None:
        if content.left:
            self._report(member, _foreign(content.data[:_HEAD]) or "", "", content, "left", content.left)
            return
        head = content.data[:_HEAD]
        for parser in bytes_parsers():
            if parser.recognise(content.data):
                self._parsed(member, content, "binary", [(parser.KIND, _guarded(parser.parse, content.data))])
                return
        foreign = _foreign(head)
        if foreign:
            note = "recognised; this version does not analyze it" if foreign == "trace-text" else ""
            self._report(member, foreign, "", content, "unrecognised", note)
            return
        if is_binary(head):
            self._report(member, "", "binary", content, "unrecognised", "")
            return
        decoded = decode(content.data, self._manifest.code_pages if self._manifest else ())
        if manifests.is_manifest(decoded.text):
            self._read_manifest(member, content, decoded.text, decoded.encoding)
            return
        parsed = [
            (parser.KIND, _guarded(parser.parse, decoded.text))
            for parser in text_parsers()
            if parser.recognise(decoded.text)
        ]
        if not parsed:
            note = self._manifest_note(member)
            self._report(member, "", decoded.encoding, content, "unrecognised", note)
            return
        self._parsed(member, content, decoded.encoding, parsed, decoded.damaged)

    def _parsed(
        self,
        member: Member,
        content: _Content,
        encoding: str,
        parsed: list[tuple[str, Parsed]],
        damaged: int = 0,
    ) -> None:
        entry = self._manifest.entry(member.path) if self._manifest else None
        problems = [problem for _, result in parsed for problem in result.problems]
        for _, result in parsed:
            for fact in result.facts:
                self._facts[type(fact)].append(Found(fact, member.path, member.time, entry))
        for problem in problems:
            where = f"line {problem.line}: " if problem.line else ""
            self._warnings.append(Warned(member.path, where + problem.message))
        note = "; ".join(result.summary for _, result in parsed if result.summary)
        if damaged:
            note += f"; {damaged:,} characters could not be decoded"
        if problems:
            note += f"; {len(problems)} problem{'s' * (len(problems) != 1)}"
        status = "partly-read" if problems or damaged else "read"
        self._report(member, "+".join(kind for kind, _ in parsed), encoding, content, status, note)

    def _read_manifest(self, member: Member, content: _Content, text: str, encoding: str) -> None:
        try:
            manifest = manifests.read(text)
        except ValueError as error:
            self._warnings.append(Warned(member.path, f"the manifest cannot be read: {error}"))
            self._report(member, manifests.KIND, encoding, content, "unreadable", f"not readable: {error}")
            return
        if self._manifest is not None:
            self._warnings.append(Warned(member.path, "a second manifest: ignored"))
        else:
            self._manifest, self._manifest_file = manifest, member.path
        self._warnings.extend(Warned(member.path, problem) for problem in manifest.problems)
        failed = sum(entry.outcome not in {"ok", ""} for entry in manifest.files)
        note = f"{len(manifest.files)} artefacts" + (f", {failed} not collected" if failed else "")
        self._report(member, manifests.KIND, encoding, content, "read", note)

    def _manifest_note(self, member: Member) -> str:
        entry = self._manifest.entry(member.path) if self._manifest else None
        return f"the collector ran: {entry.command}" if entry and entry.command else ""

    def _report(self, member: Member, kind: str, encoding: str, content: _Content, status: str, note: str) -> None:
        if status in {"unreadable", "left"}:
            self._warnings.append(Warned(member.path, note))
        self._files.append(FileReport(member.path, kind, encoding, content.size, content.sha256, status, note))


def _is_manifest_name(path: str) -> bool:
    return path.rsplit("/", 1)[-1].lower() == manifests.NAME


def _foreign(head: bytes) -> str | None:
    kind = foreign_bytes(head)
    if kind or is_binary(head):
        return kind
    return foreign_text(decode(head).text)


def _guarded(parse: Callable[..., Parsed], content: str | bytes) -> Parsed:
    """Run one parser. It must not raise; should it, that is a defect of ours which costs this member alone."""
    try:
        return parse(content)
    except Exception as error:  # noqa: BLE001 - the one seam between the bundle and our parsers
        message = f"a defect of forensics: its reader failed here with {type(error).__name__}; please report it"
        return Parsed((), "", (Problem(None, message),))


def failures(evidence: Evidence) -> Iterator[Warned]:
    """The warnings that name a defect of ours (exit status 1)."""
    return (warning for warning in evidence.warnings if "a defect of forensics" in warning.message)
