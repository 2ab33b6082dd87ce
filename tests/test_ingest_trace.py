"""A trace in a bundle: under any name, packed in any way, damaged, too large, or pasted among other output."""

import hashlib
from pathlib import Path

import pytest
from builder.trace import DIALECTS, PKTMON, Dialect

from forensics import ingest
from forensics.bundle.content import Limits
from forensics.errors import BundleError
from forensics.evidence import Evidence, FileReport
from forensics.ingest import gather, survey
from forensics.parsing import Found, LostError, parse_here
from forensics.trace import Trace
from tests.bundle.zip_builder import DEFLATE64, DEFLATED, STORED, Entry, build
from tests.bundles import findings_of, zipped
from tests.traces import AGENT, made, trace_of

NETSTAT = b"""
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
  TCP    10.0.0.5:49153         203.0.113.9:443        TIME_WAIT       0
""".replace(b"\n", b"\r\n")
TRACE = trace_of(rate=5, seconds=4)
CONNECTS = 20


def read(folder: Path, data: bytes) -> Evidence:
    (folder / "bundle.zip").write_bytes(data)
    return survey(folder / "bundle.zip")[0]


def report(evidence: Evidence, path: str) -> FileReport:
    return next(file for file in evidence.files if file.path == path)


def connects(evidence: Evidence) -> list[int]:
    return [one.fact.connects for one in evidence.all(Trace)]


@pytest.mark.parametrize("name", ["trace/trace.txt", "x", "netstat/ano-1.txt", "日志.log", "a.evtx", "manifest.json"])
def test_it_is_recognised_under_any_name(tmp_path: Path, name: str) -> None:
    evidence = read(tmp_path, zipped({name: TRACE, "other.txt": NETSTAT}))
    found = report(evidence, name)
    assert (found.kind, found.status) == ("trace", "read")
    assert (found.size, found.sha256) == (len(TRACE), hashlib.sha256(TRACE).hexdigest())
    assert found.note == "20 sockets, 20 connects in 4 s"
    assert connects(evidence) == [CONNECTS]
    assert evidence.warnings == ()


@pytest.mark.parametrize("method", [STORED, DEFLATED, DEFLATE64])
def test_however_it_is_packed(tmp_path: Path, method: int) -> None:
    evidence = read(tmp_path, build([Entry(b"t.txt", TRACE, method), Entry(b"n.txt", NETSTAT)]))
    assert connects(evidence) == [CONNECTS]
    assert report(evidence, "t.txt").sha256 == hashlib.sha256(TRACE).hexdigest()


def test_in_a_folder_and_in_a_zip_inside(tmp_path: Path) -> None:
    (tmp_path / "bundle" / "deep").mkdir(parents=True)
    (tmp_path / "bundle" / "deep" / "t.txt").write_bytes(TRACE)
    (tmp_path / "bundle" / "n.txt").write_bytes(NETSTAT)
    assert connects(survey(tmp_path / "bundle")[0]) == [CONNECTS]
    evidence = read(tmp_path, zipped({"inner.zip": zipped({"t.txt": TRACE}), "n.txt": NETSTAT}))
    assert connects(evidence) == [CONNECTS]
    assert report(evidence, "inner.zip/t.txt").kind == "trace"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xff\xfe"], ids=["plain", "UTF-8 BOM", "UTF-16"])
def test_in_any_encoding(tmp_path: Path, dialect: Dialect, mark: bytes) -> None:
    text = "".join(made(5, 4, dialect=dialect).lines())
    data = mark + text.encode("utf-16-le" if mark == b"\xff\xfe" else "utf-8")
    assert connects(read(tmp_path, zipped({"t": data, "n": NETSTAT}))) == [CONNECTS]


def test_utf_16_without_a_mark(tmp_path: Path) -> None:
    data = "".join(made(5, 4, dialect=PKTMON).lines()).encode("utf-16-le")
    assert connects(read(tmp_path, zipped({"t": data, "n": NETSTAT}))) == [CONNECTS]


def test_a_trace_alone_is_evidence_of_a_machine(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(zipped({"t.txt": TRACE}))
    evidence, _ = gather(tmp_path / "t.zip")
    assert connects(evidence) == [CONNECTS]


# --- pasted among other output ---


@pytest.mark.parametrize("text", [NETSTAT + b"\r\n" + TRACE, TRACE + b"\r\n" + NETSTAT], ids=["after", "before"])
def test_other_commands_in_the_same_file_are_read_too(tmp_path: Path, text: bytes) -> None:
    findings = findings_of(tmp_path, {"pasted.txt": text})
    (file,) = findings.bundle.files
    assert file.kind.split("+") == ["trace", "netstat"] or file.kind.split("+") == ["netstat", "trace"]
    assert findings.measurements.trace is not None
    assert findings.measurements.trace.connects == CONNECTS
    assert findings.measurements.connections.by_state == {"LISTENING": 1, "TIME_WAIT": 1}


def test_a_large_trace_is_read_while_it_comes_and_nothing_else_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_PASTED", 1000)
    evidence = read(tmp_path, zipped({"t.txt": TRACE + NETSTAT, "n.txt": NETSTAT}))
    assert report(evidence, "t.txt").kind == "trace"
    assert report(evidence, "t.txt").sha256 == hashlib.sha256(TRACE + NETSTAT).hexdigest()
    assert connects(evidence) == [CONNECTS]


# --- damaged, or too large ---

_LARGE = made(rate=30, seconds=10)
LARGE = b"".join(_LARGE.encoded())  # 1.5 MB: several blocks
LARGE_CONNECTS = _LARGE.truth.connects[AGENT]


def test_over_the_budget_it_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "STREAM_BUDGET", 800_000)
    evidence = read(tmp_path, zipped({"t.txt": LARGE, "n.txt": NETSTAT}))
    found = report(evidence, "t.txt")
    assert (found.kind, found.status, found.sha256) == ("trace", "partly-read", "")
    (some,) = connects(evidence)
    assert 50 < some < LARGE_CONNECTS
    cut, warning = evidence.warnings
    assert (cut.file, warning.file) == ("t.txt", "t.txt")
    assert "last line is cut off" in cut.message
    assert "unpacks to over 800,000 bytes" in warning.message
    assert "what came before is used" in warning.message
    assert report(evidence, "n.txt").status == "read"  # its budget is another


@pytest.mark.parametrize(
    "entry",
    [Entry(b"t.txt", LARGE, DEFLATED, crc=7), Entry(b"t.txt", LARGE, DEFLATE64, crc=7), Entry(b"t.txt", LARGE, STORED, crc=7)],
    ids=["deflate", "deflate64", "stored"],
)  # fmt: skip
def test_a_wrong_checksum_is_told_and_what_came_is_used(tmp_path: Path, entry: Entry) -> None:
    evidence = read(tmp_path, build([entry, Entry(b"n.txt", NETSTAT)]))
    found = report(evidence, "t.txt")
    assert (found.kind, found.status, found.sha256) == ("trace", "partly-read", "")
    assert connects(evidence) == [LARGE_CONNECTS]
    assert "what came before is used" in evidence.warnings[0].message


def test_a_member_that_breaks_off(tmp_path: Path) -> None:
    whole = build([Entry(b"t.txt", LARGE)])
    packed = whole[whole.index(b"t.txt") + 5 : whole.rindex(b"PK\x01\x02")]
    evidence = read(
        tmp_path, build([Entry(b"t.txt", LARGE, packed=packed[: len(packed) // 2]), Entry(b"n.txt", NETSTAT)])
    )
    (some,) = connects(evidence)
    assert 50 < some < LARGE_CONNECTS * 3 // 4
    assert report(evidence, "t.txt").status == "partly-read"


def test_a_defect_in_the_reader_is_told_and_the_rest_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_chunks: object) -> Trace:
        raise RuntimeError

    monkeypatch.setattr("forensics.parsers.network_trace.read_trace", broken)
    evidence = read(tmp_path, zipped({"t.txt": TRACE, "n.txt": NETSTAT}))
    assert report(evidence, "t.txt").status == "partly-read"
    assert report(evidence, "t.txt").sha256 == hashlib.sha256(TRACE).hexdigest()
    assert "defect of forensics" in evidence.warnings[0].message
    assert report(evidence, "n.txt").status == "read"


# --- beside the bundle ---


def test_a_trace_beside_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(zipped({"n.txt": NETSTAT}))
    (tmp_path / "my trace.txt").write_bytes(TRACE)
    evidence, _ = gather(tmp_path / "b.zip", trace=tmp_path / "my trace.txt")
    assert report(evidence, "../my trace.txt").kind == "trace"
    assert connects(evidence) == [CONNECTS]


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(zipped({"n.txt": NETSTAT}))
    for data in (NETSTAT, b"", b"PK\x03\x04" + TRACE):
        (tmp_path / "t.txt").write_bytes(data)
        with pytest.raises(BundleError, match=r"t\.txt: not the text of a network trace.*netsh trace convert"):
            gather(tmp_path / "b.zip", trace=tmp_path / "t.txt")
    with pytest.raises(BundleError, match=r"gone\.txt: cannot be opened"):
        gather(tmp_path / "b.zip", trace=tmp_path / "gone.txt")


def test_a_small_trace_is_read_where_the_parsers_are(tmp_path: Path) -> None:
    """A trace that hangs its parser costs itself: the parsers' process has a limit, and this one has none."""
    read_there: list[str | bytes] = []

    def parse(content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:
        read_there.append(content)
        if isinstance(content, bytes):
            raise LostError("not read: it took more than 60 s")
        return parse_here(content, remaining=remaining, seconds=seconds)

    (tmp_path / "bundle.zip").write_bytes(zipped({"trace.txt": TRACE, "netstat.txt": NETSTAT}))
    evidence = survey(tmp_path / "bundle.zip", parse=parse)[0]
    assert TRACE in read_there
    found = report(evidence, "trace.txt")
    assert (found.kind, found.status, found.note) == ("trace", "unreadable", "not read: it took more than 60 s")
    assert found.sha256 == hashlib.sha256(TRACE).hexdigest()
    assert connects(evidence) == []
    assert report(evidence, "netstat.txt").status == "read"


def test_parsers_have_no_more_time_than_is_left(tmp_path: Path) -> None:
    given: list[float | None] = []

    def parse(content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:
        given.append(seconds)
        return parse_here(content, remaining=remaining)

    (tmp_path / "bundle.zip").write_bytes(zipped({"trace.txt": TRACE, "netstat.txt": NETSTAT}))
    survey(tmp_path / "bundle.zip", limits=Limits(seconds=1000), parse=parse)
    assert len(given) == 3  # the table, the trace, and the trace as text
    assert all(seconds is not None and ingest.GRACE <= seconds < 1000 for seconds in given)
    given.clear()
    survey(tmp_path / "bundle.zip", parse=parse)
    assert given == [None] * 3
