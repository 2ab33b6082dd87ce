"""Finds the names and addresses of a bundle: in its facts, and in the text of every member that is short enough."""

from collections.abc import Iterator
from pathlib import Path

from forensics.bundle.archive import Member, file_beside, open_bundle, open_nested
from forensics.bundle.content import BEGINNING, Budget, first_block, read_content
from forensics.bundle.decode import decode, is_binary
from forensics.bundle.manifest import Manifest
from forensics.bundle.member import UnreadableError
from forensics.bundle.zips import MAGICS
from forensics.errors import BundleError
from forensics.evidence import Evidence
from forensics.parsers.event_log import Event, EventLog
from forensics.parsers.netstat import Snapshot
from forensics.parsers.systeminfo import SystemInfo
from forensics.report.redaction.addresses import canonical
from forensics.report.redaction.forms import named
from forensics.report.redaction.secret_names import Names, Secrets

_MOST_TEXT = (
    8 * 2**20
)  # bytes of a member that are searched for names; what is cited of a longer one is searched anyway
_MOST_NESTED = 512 * 2**20
_MOST_OF_ALL = 32 * 2**20  # bytes of all: a second for each one and a half million of them
_TABLES = {"netstat", "netstat-s", "trace"}  # of addresses and numbers: no text to be searched
_NAMED_PARTS = (("username", "user"), ("domainname", "domain"), ("computer", "host"), ("workstation", "host"))


def find_secrets(evidence: Evidence, path: Path | None = None, trace: Path | None = None) -> Secrets:
    """Every name and address that the evidence of one bundle holds.

    Args:
        evidence: What was read.
        path: The bundle, whose text is then read once more; without it names come from the facts alone.
        trace: The trace that lies beside it.
    """
    names = Names()
    manifest = evidence.manifest or Manifest()
    logs = [found.fact for found in evidence.all(EventLog)]
    # The order of forensics.measure.system, so that HOST-1 is the machine that the report names.
    own = [manifest.host, *(found.fact.host for found in evidence.all(SystemInfo))]
    own += [computer for log in logs for computer in (*(log.events[-1:] and [log.events[-1].computer]), *log.computers)]
    for name in filter(None, own):
        names.own(name)
    for log in logs:
        for event in log.events:
            _of_event(event, names)
    for entry in manifest.files:
        _of_text(f"{entry.path}\n{entry.command}\n{entry.reason}", names)
    addresses = _of_tables(evidence, names)
    for text in _texts(evidence, path, trace) if path else ():
        _of_text(text, names)
    return names.secrets(addresses, redacted=manifest.redacted)


def _of_text(text: str, names: Names) -> None:
    for one in named(text):
        names.add(one.kind, one.text)


def _of_event(event: Event, names: Names) -> None:
    names.own(event.computer)
    for name, text in zip(event.names, event.strings, strict=True):
        kind = next((kind for part, kind in _NAMED_PARTS if part in name.lower()), "")
        if kind:
            names.add(kind, text)
        else:
            _of_text(text, names)


def _of_tables(evidence: Evidence, names: Names) -> frozenset[str]:
    """The addresses of netstat's rows, and the names that stand there without -n."""
    found = {
        address
        for snapshot in evidence.all(Snapshot)
        for row in snapshot.fact.rows
        for address in (row.local_address, row.remote_address)
    }
    addresses = set()
    for one in sorted(found):
        address = canonical(one.strip("[]").partition("%")[0])
        if address:
            addresses.add(address)
        elif one.strip("*"):
            names.add("fqdn", one)
    return frozenset(addresses)


def _texts(evidence: Evidence, path: Path, trace: Path | None) -> Iterator[str]:
    """The text of each member, in the order of their names."""
    kinds = {file.path: set(file.kind.split("+")) for file in evidence.files}
    pages = evidence.manifest.code_pages if evidence.manifest else ()
    left = _MOST_OF_ALL
    for member in _members(path, trace):
        kind = kinds.get(member.path, set()) - {""}
        if left <= 0 or (kind and kind <= _TABLES):
            continue
        data = _beginning(member)
        if data and not is_binary(data[:BEGINNING]):
            left -= len(data)
            yield decode(data, pages).text


def _beginning(member: Member) -> bytes:
    blocks: list[bytes] = []
    size = 0
    try:
        for block in member.open() if not member.problem else ():
            blocks.append(block)
            size += len(block)
            if size >= _MOST_TEXT:
                break
    except UnreadableError:
        pass  # the report says so; what came before is searched
    return b"".join(blocks)


def _members(path: Path, trace: Path | None) -> list[Member]:
    """Those of the bundle, and of the zips inside it."""
    members = list(open_bundle(path).members)
    if trace:
        members.append(file_beside(trace))
    inner: list[Member] = []
    budget = Budget(_MOST_NESTED)
    for member in members:
        if not member.problem and first_block(member).startswith(MAGICS):
            content = read_content(member, budget, lambda _block: _MOST_NESTED)
            try:
                inner += open_nested(member.path, content.data)[0] if content.whole else ()
            except BundleError:
                continue
    return sorted([*members, *inner], key=lambda member: member.path)
