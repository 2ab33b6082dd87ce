"""`--redact`: nothing that names a computer, domain, user or address leaves the program, and nothing else changes."""

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import msgspec
import pypdf
import pytest
from builder import Held, Machine, Pile
from builder.behaviour import ApplicationLog
from builder.bundle import bundle_files, zip_bytes
from builder.languages import SIMPLIFIED_CHINESE
from builder.machine import Process

from forensics.analysis import Analysis, analyze
from forensics.commands.redacted import redacted
from forensics.evidence import Source
from forensics.report.findings import Findings, encode
from forensics.report.pdf_process import PdfProcess
from forensics.report.redaction import Redacted, Redactor, Secrets, find_secrets, redact
from forensics.report.redaction.known_names import stands_alone
from forensics.report.redaction.secret_names import Names
from tests.commands.program import run
from tests.machines import stuck
from tests.report.cases import NAMES, SAMPLES

Caught = pytest.CaptureFixture[str]
ADDRESSES = ("10.20.0.40", "203.0.113.40", "2001:db8:20::40", "172.20.1.9", "198.51.100.77")


def agent(command_line: str) -> tuple[Process, ...]:
    """The processes of the machine, the busiest with this command line."""
    return tuple(replace(one, command_line=command_line) if one.pid == 1536 else one for one in stuck().processes)


COMMANDS = (
    r'"C:\Users\Jane.Roe\agent\agent.exe" --server=db7.sales.acme-works.com -u ACMEWORKS\svc_backup',
    r"C:\Users\王小明\agent.exe \\FILESRV-9\pool jane@mail.acme-works.com https://hub.meier-soehne.de:8443/x",
)
MACHINES: dict[str, tuple[Machine, tuple[str, ...]]] = {
    "accounts": (
        stuck(host="PRODDB-17.sales.acme-works.com", processes=agent(COMMANDS[0])),
        ("PRODDB-17", "acme-works", "ACMEWORKS", "Jane.Roe", "db7", "svc_backup", "sales.acme"),
    ),
    "Chinese": (
        stuck(host="数据库服务器", language=SIMPLIFIED_CHINESE, processes=agent(COMMANDS[1])),
        ("数据库服务器", "王小明", "FILESRV-9", "acme-works", "jane@", "meier-soehne"),
    ),
    "long": (
        stuck(host="VERYLONGHOSTNAMEX1", processes=agent(r"x.exe /u:VERYLONGHOSTNAMEX1\q.public")),
        ("VERYLONGHOSTNAM", "q.public"),
    ),
    "log in a profile": (
        stuck(
            processes=agent(r"D:\Documents and Settings\hschmidt\run.exe -host zeus4"),
            application_log=ApplicationLog(1536, r"C:\Users\hschmidt\logs\hschmidt-WEB-SH-03.log", hours=1),
            piles=(Pile("203.0.113.40", 443, 700), Pile("172.20.1.9", 1433, 100)),
            held=(Held(1536, "198.51.100.77", 443, "ESTABLISHED", 9),),
        ),
        ("WEB-SH-03", "hschmidt", "zeus4"),
    ),
}


@cache
def bundle_of(name: str) -> bytes:
    return zip_bytes(bundle_files(MACHINES[name][0]))


def telling(name: str, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """A bundle under a telling name, and what must not be seen of it."""
    data = bundle_of(name) if name in MACHINES else (SAMPLES / f"{name}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        host = json.loads(archive.read("manifest.json"))["host"]
    path = folder / "in" / f"{host}_20181224T045000Z.zip"
    path.parent.mkdir()
    path.write_bytes(data)
    return path, (host, *(MACHINES[name][1] if name in MACHINES else ()), *ADDRESSES)


def seen(text: str, secrets: tuple[str, ...]) -> list[str]:
    """Secrets in a text, in any case of letters; of an address only the whole."""
    return [
        one for one in secrets if re.search(rf"(?<![0-9]){re.escape(one)}(?![0-9])", text, re.IGNORECASE | re.DOTALL)
    ]


def as_text(pdf: Path) -> str:
    """The text of a PDF, with and without its line ends, and all that it says of itself."""
    shown = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True).stdout.decode()
    reader = pypdf.PdfReader(pdf)
    attached = [data.decode() for many in reader.attachments.values() for data in many]
    about = (
        str(reader.metadata),
        str(reader.xmp_metadata and reader.xmp_metadata.stream.get_data()),
        str(reader.outline),
    )
    return "\n".join((shown, re.sub(r"\s", "", shown), *about, *attached))


@pytest.mark.parametrize("name", ["founding-case", "accounts", "Chinese"])
def test_nothing_that_leaves_the_program_holds_a_name(
    monkeypatch: pytest.MonkeyPatch, capsys: Caught, tmp_path: Path, name: str
) -> None:
    path, secrets = telling(name, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    assert run(monkeypatch, "analyze", path, "--redact", "--json", "f.json", "--html", "f.html", "--attach", "-v") == 0
    printed = capsys.readouterr()
    assert seen(printed.out + printed.err, secrets) == []
    assert sorted(one.name for one in out.iterdir()) == ["HOST-1_20181224T045000Z-report.pdf", "f.html", "f.json"]
    assert seen((out / "f.json").read_text("utf-8"), secrets) == []
    assert seen((out / "f.html").read_text("utf-8"), secrets) == []
    assert seen(as_text(out / "HOST-1_20181224T045000Z-report.pdf"), secrets) == []
    assert "HOST-1" in (out / "f.html").read_text("utf-8")


@pytest.mark.parametrize("name", [*NAMES, *MACHINES])
def test_no_findings_hold_a_name(tmp_path: Path, name: str) -> None:
    path, secrets = telling(name, tmp_path)
    found = analyze(path)
    assert seen(encode(found.findings).decode(), secrets)
    after = redact(found.findings, find_secrets(found.evidence, path)).findings
    assert seen(encode(after).decode(), secrets) == []


@cache
def analysis(name: str) -> tuple[Analysis, Secrets]:
    path = SAMPLES / f"{name}.zip"
    found = analyze(path)
    return found, find_secrets(found.evidence, path)


def hidden(name: str) -> Redacted:
    found, secrets = analysis(name)
    return redact(found.findings, secrets)


TELLING = {
    "id",
    "status",
    "cause",
    "effect",
    "applies_to",
    "method",
    "basis",
    "sha256",
    "kind",
    "encoding",
    "at",
    "pool",
}
TELLING |= {"collected_at", "collected_method", "start", "from", "to", "boot_time", "when", "group", "version", "state"}


def figures(value: object, field: str = "") -> object:
    """A JSON document's numbers, times, and words that are no prose."""
    if isinstance(value, dict):
        return {key: figures(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [figures(one, field) for one in value]
    return value if field in TELLING or not isinstance(value, str) else bool(value)


@pytest.mark.parametrize("name", NAMES)
def test_figures_statuses_and_hashes_stay(name: str) -> None:
    before, after = (json.loads(encode(one)) for one in (analysis(name)[0].findings, hidden(name).findings))
    before["bundle"]["redacted"] = after["bundle"]["redacted"]
    assert figures(after) == figures(before)
    for part in ("by_owner", "by_remote", "snapshots"):
        pair = [one["measurements"]["connections"][part] for one in (before, after)]
        assert len(pair[0]) == len(pair[1])
    remotes = [
        len({(one["address"], one["port"]) for one in document["measurements"]["connections"]["by_remote"]})
        for document in (before, after)
    ]
    assert remotes[0] == remotes[1]


@pytest.mark.parametrize("name", NAMES)
def test_twice_is_the_same(name: str) -> None:
    once = hidden(name)
    assert hidden(name) == once
    assert redact(once.findings, analysis(name)[1]).findings == once.findings
    assert redact(once.findings, Secrets()).findings == once.findings


@pytest.mark.parametrize("name", NAMES)
def test_the_map_leads_back(name: str) -> None:
    found = hidden(name)
    assert found.originals["HOST-1"].upper().startswith(analysis(name)[0].findings.bundle.host)
    assert len(set(found.originals.values())) == len(found.originals)
    remote = found.findings.measurements.connections.by_remote
    known = analysis(name)[0].findings.measurements.connections.by_remote
    for one, original in zip(remote, known, strict=True):
        assert found.originals.get(one.address, one.address) == original.address


def test_a_bundle_that_the_collector_redacted_passes_through(tmp_path: Path) -> None:
    """What the collector would have written: the manifest says so, and pseudonyms stand for names and addresses."""
    files = bundle_files(
        stuck(
            host="HOST-1",
            address="10.0.0.1",
            address6="2a00::1",
            piles=(Pile("11.0.0.9", 443, 900),),
            held=(Held(1536, "192.168.0.2", 443, "ESTABLISHED"),),
            processes=agent(r"C:\Users\USER-2\a.exe -u DOMAIN-1\USER-3 https://HOST-4.DOMAIN-2:1433/ USER-5@HOST-7"),
        )
    )
    manifest = json.loads(files["manifest.json"]) | {"redacted": True}
    path = tmp_path / "HOST-1_20181224T045000Z.zip"
    path.write_bytes(zip_bytes(files | {"manifest.json": json.dumps(manifest).encode()}))
    found = analyze(path)
    assert found.findings.bundle.redacted
    assert redact(found.findings, find_secrets(found.evidence, path)).findings == found.findings


def test_what_comes_beside_a_redacted_bundle_is_hidden_and_gets_free_numbers() -> None:
    names = Names()
    names.own("HOST-1")
    names.add("user", "jdoe")
    redactor = Redactor(names.secrets(redacted=True), frozenset({"user-1", "host-1", "11.0.0.1"}))
    assert redactor.text("HOST-1 USER-1 jdoe 11.0.0.1 203.0.113.40") == "HOST-1 USER-1 USER-2 11.0.0.1 11.0.0.2"


def test_two_languages_have_one_map(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(bundle_of("accounts"))
    found = analyze(path)
    both = redacted(msgspec.structs.replace(found, told=msgspec.structs.replace(found.findings)), path, None).analysis
    assert both.told is not both.findings
    assert both.told == both.findings


def text_of(names: Iterator[tuple[str, str]] | list[tuple[str, str]], text: str, *, own: str = "WEB-01") -> str:
    found = Names()
    found.own(own)
    for kind, name in names:
        found.add(kind, name)
    return Redactor(found.secrets()).text(text)


ORDINARY = [
    ("TCP over IPv4: 225 of 16,384 usable ports.", "TCP"),
    ("TIME_WAIT rows that were never released", "TIME"),
    ("The dynamic range is not too small.", "the"),
    ("an update of tcpip.sys in netstat/s-1.txt", "s-1"),
    ("netstat/ano-2.txt, line 4", "ano-2"),
    ("example.exe has com.acme.Main", "com"),
    ("Windows Server 2008 R2", "SERVER"),
    ("Windows Server 2008 R2", "2008"),
    ("Windows Server 2008 R2", "R2"),
    ("CONFIRMED: nothing is assumed", "confirmed"),
]


@pytest.mark.parametrize(("text", "name"), ORDINARY)
def test_ordinary_words_survive_a_machine_of_that_name(text: str, name: str) -> None:
    assert text_of([], text, own=name) == text


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (r"\\TCP\share", "TCP", r"\\HOST-1\share"),
        ("Host Name:                 SERVER", "SERVER", "Host Name:                 HOST-1"),
        ('"Hostname"="time"', "TIME", '"Hostname"="HOST-1"'),
        (r"TCP\jdoe", "tcp", r"HOST-1\jdoe"),
        ("http://web:80/x", "WEB", "http://HOST-1:80/x"),
        ("<Computer>TCP</Computer>", "TCP", "<Computer>HOST-1</Computer>"),
        ("2018-12-24 EventLog 6011: OLD | TCP | 1", "tcp", "2018-12-24 EventLog 6011: OLD | HOST-1 | 1"),
        ("  TCP    TCP:49152   db:1433   ESTABLISHED  4", "TCP", "  TCP    HOST-1:49152   db:1433   ESTABLISHED  4"),
        (r"C:\Windows\Explorer.EXE (TIME)", "time", r"C:\Windows\Explorer.EXE (HOST-1)"),
    ],
)
def test_an_ordinary_word_is_replaced_where_it_is_meant_as_a_name(text: str, name: str, expected: str) -> None:
    assert text_of([], text, own=name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WEB-01 web-01 Web-01_old.log x-web-01.", "HOST-1 HOST-1 HOST-1_old.log x-HOST-1."),
        ("web-011 aweb-01 web-01a", "web-011 aweb-01 web-01a"),
        (r"C:\Users\jdoe\a, c:\\users\\JDOE\\b", r"C:\Users\USER-1\a, c:\\users\\USER-1\\b"),
        (r"C:\Users\Administrator\a C:\Users\Public\b", r"C:\Users\Administrator\a C:\Users\Public\b"),
        ("C%3A%5CUsers%5Cjdoe%5Ca ?user=j%C3%B6rg", "C%3A%5CUsers%5CUSER-1%5Ca ?user=USER-2"),
        ("hex(7):6a,00,64,00,6f,00,65,00,00,00", "hex(7):55,00,53,00,45,00,52,00,2d,00,31,00,00,00"),
        ("  00,6a,00,64,00,6f,00,65,00,00,00", "  00,55,00,53,00,45,00,52,00,2d,00,31,00,00,00"),
        ("10.20.0.11:443 10.20.0.12 10.20.0.11", "10.0.0.1:443 10.0.0.2 10.0.0.1"),
        (
            "172.31.0.1 192.168.7.7 169.254.1.1 100.64.9.9 8.8.8.8",
            "172.16.0.1 192.168.0.1 169.254.0.1 100.64.0.1 11.0.0.1",
        ),
        ("127.0.0.1 0.0.0.0 255.255.255.0 239.1.2.3 [::1] [::]:0 ff02::fb", None),
        ("[fe80::1c2d%11]:49231 fd12::9 2001:DB8::1 2001:db8:0:0::1", "[fe80::1%11]:49231 fd00::1 2a00::1 2a00::1"),
        ("::ffff:10.20.0.11 ::ffff:0a14:000b 10.20.0.11", "::ffff:10.0.0.1 ::ffff:10.0.0.1 10.0.0.1"),
        ("00-50-56-A1-B2-C3 00:50:56:a1:b2:c3", "02-00-00-00-00-01 02:00:00:00:00:01"),
        ("6.1.7601.17514 at 12:30:45, version 4.2.0.1, 1.3.6.1.4.1", None),
        ("S-1-5-21-1-2-3-1001 S-1-5-18", "S-1-5-21-0-0-0-1001 S-1-5-18"),
        ("C:\\Users\\jd…", "C:\\Users\\…"),
        ("run by jdo… (3 more)", "run by … (3 more)"),
    ],
)
def test_text(text: str, expected: str | None) -> None:
    assert text_of([("user", "jdoe"), ("user", "Jörg")], text) == (text if expected is None else expected)


def test_a_quote_that_was_cut_off_ends_before_a_name_that_begins() -> None:
    quote = "x" * 288 + r" C:\ web-0"
    assert len(quote) + 2 == 300
    assert text_of([], f"xx{quote}") == f"xx{quote.removesuffix('web-0')}…"


@pytest.mark.parametrize("word", ["oracle", "the", "2008", "port", "端口", "王", "a", "s-1"])
def test_such_a_name_needs_surroundings_that_make_it_one(word: str) -> None:
    assert not stands_alone(word)


SYSTEMINFO = """\
Host Name:                 WEB-01
Registered Owner:          Erika Mustermann
Registered Organization:   Mustermann KG
Product ID:                00477-001-0000421-84164
Domain:                    muster.intern
Logon Server:              \\\\ZEUS4
"""
LOG = "2018-12-24 INFO user 'kowalski' asks pay.nowak.pl, ftp://files.nowak.pl/x and host ip-10-20-0-11\n"


def test_names_are_learnt_from_the_whole_text_of_a_bundle(tmp_path: Path) -> None:
    files = bundle_files(stuck()) | {"applog/x.log": LOG.encode(), "more/info.txt": SYSTEMINFO.encode("utf-16")}
    nested = zip_bytes({"inner.log": rb"C:\Users\nestor\x"})
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes(files | {"old.zip": nested}))
    secrets = find_secrets(analyze(path).evidence, path)
    said = "Kowalski, Erika Mustermann of Mustermann KG, ZEUS4, muster.intern, pay.nowak.pl, nestor, ip-10-20-0-11"
    hidden_text = Redactor(secrets).text(said)
    assert seen(hidden_text, ("kowalski", "mustermann", "zeus4", "muster", "nowak", "nestor", "10-20")) == []


def test_many_names_cost_little() -> None:
    names = Names()
    names.own("WEB-01")
    for number in range(20_000):
        names.add("host", f"web-{number}")
        names.add("user", f"王{number}小明")
    redactor = Redactor(names.secrets())
    assert redactor.text("web-19999 王19999小明 " + "web-x 王 " * 2000).startswith("HOST-2 USER-1 web-x")


def test_words_of_the_program_never_change() -> None:
    """Every statement of the samples survives machines that are called like its words."""
    findings = analysis("founding-case")[0].findings
    said = {word for cause in findings.causes for word in re.findall(r"[\w-]+", f"{cause.title} {cause.headline}")}
    names = Names()
    for word in sorted(said):
        names.own(word)
    redactor = Redactor(names.secrets())
    for cause in findings.causes:
        assert redactor.text(cause.title) == cause.title
        assert redactor.text(cause.headline) == cause.headline


def test_two_machines_are_told_apart() -> None:
    one, other = Names(), Names()
    one.own("WEB-01")
    other.own("DB-02")
    other.add("host", "web-01")
    redactor = Redactor(one.secrets().merged(other.secrets()))
    assert redactor.text("DB-02 asks WEB-01") == "HOST-2 asks HOST-1"


def changed(findings: Findings, quote: str) -> Findings:
    cause = findings.causes[0]
    point = msgspec.structs.replace(cause.evidence[0], sources=[Source("a.log", 1, quote=quote)])
    return msgspec.structs.replace(findings, causes=[msgspec.structs.replace(cause, evidence=[point])])


@pytest.mark.parametrize(
    "hostile",
    ["\\" * 5000, "a." * 5000, "%5C" * 3000, "Users\\" * 2000, "1.1.1." * 3000, "::" * 4000, "00," * 5000, "-h a" * 3000,
     "a@" * 3000, "| a\\b " * 2000, ":" * 9000, "a:" * 5000, "\ud800 \x00 İ", "x" * 20000, " " * 9000, "a-1" * 5000],
)  # fmt: skip
def test_hostile_text_costs_little_and_breaks_nothing(hostile: str) -> None:
    findings = changed(analysis("healthy")[0].findings, hostile)
    once = redact(findings, analysis("healthy")[1]).findings
    assert redact(once, Secrets()).findings == once


def test_options(monkeypatch: pytest.MonkeyPatch, capsys: Caught, tmp_path: Path) -> None:
    program: Callable[..., int] = partial(run, monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(PdfProcess, "render", lambda *_: b"%PDF-1.7 stand-in")
    healthy = SAMPLES / "healthy.zip"
    assert program("analyze", healthy, "--redact-map", "m.json") == 2
    assert "needs --redact" in capsys.readouterr().err
    assert (
        program("analyze", healthy, "-q", "--redact", "-o", "r.pdf", "--redact-map", "m.json", "--json", "m.json") == 2
    )
    capsys.readouterr()
    assert program("analyze", healthy, "-q", "--redact", "-o", "r.pdf", "--redact-map", "m.json") == 0
    listed = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert listed["schema"] == "forensics.redaction/1"
    assert listed["bundle"] == "healthy.zip"
    assert listed["originals"]["HOST-1"] == "SRV-LYON-07"
    assert program("analyze", healthy, SAMPLES / "founding-case.zip", "-q", "--redact") == 0
    assert {"HOST-1-report.pdf", "HOST-1-2-report.pdf"} <= {one.name for one in tmp_path.iterdir()}
