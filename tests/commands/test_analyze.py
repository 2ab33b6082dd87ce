"""`forensics analyze`: exit statuses, outputs, and what happens when one of them cannot be made."""

import json
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import jsonschema
import pypdf
import pytest

from forensics.errors import OutputError
from forensics.report import fonts, pdf, pdf_process
from tests.bundles import zipped
from tests.commands.program import ROOT, SAMPLES, run

Caught = pytest.CaptureFixture[str]
Run = Callable[..., int]
SCHEMA = json.loads((ROOT / "forensics/report/findings.schema.json").read_text("utf-8"))


class HerePdf:
    """Renders in this process, where a test can take a hand in it."""

    def render(self, html: str, collected_at: datetime | None, findings: bytes | None, logo: str) -> bytes:
        return pdf.render_pdf(html, collected_at, findings, logo)

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def forensics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in an empty folder, with a PDF that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pdf_process, "PdfProcess", HerePdf)
    monkeypatch.setattr(pdf, "render_pdf", lambda *_given: b"%PDF-1.7 stand-in")
    return partial(run, monkeypatch)


def part(name: str, target: Path, *keep: str) -> Path:
    """Some members of a sample."""
    with zipfile.ZipFile(SAMPLES / f"{name}.zip") as archive:
        target.write_bytes(zipped({one: archive.read(one) for one in archive.namelist() if one.startswith(keep)}))
    return target


def lines(text: str) -> list[str]:
    return text.splitlines()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("founding-case", 10),
        ("busy-patched", 10),
        ("approaching-489d", 10),
        ("rebooted-after-incident", 10),
        ("patched-not-rebooted", 10),
        ("healthy", 0),
    ],
)
def test_exit_code_of_each_sample(forensics: Run, capsys: Caught, name: str, expected: int) -> None:
    assert forensics("analyze", SAMPLES / f"{name}.zip", "--exit-code", "--quiet") == expected
    assert capsys.readouterr() == ("", "")


def test_without_exit_code_a_cause_is_no_failure(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    assert forensics("analyze", SAMPLES / "founding-case.zip") == 0
    printed = capsys.readouterr()
    assert "CONFIRMED" in printed.out
    assert lines(printed.out)[-1] == "Report: founding-case-report.pdf"
    assert printed.err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["founding-case-report.pdf"]


def test_too_little_evidence_is_inconclusive(forensics: Run, tmp_path: Path) -> None:
    thin = part("healthy", tmp_path / "thin.zip", "system/systeminfo.txt")
    assert forensics("analyze", thin, "--exit-code", "-q") == 11
    assert forensics("analyze", thin, "-q") == 0


def test_the_real_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    assert run(monkeypatch, "analyze", SAMPLES / "healthy.zip", "-q", "-o", target) == 0
    assert target.read_bytes().startswith(b"%PDF-")


def test_attached_findings_are_those_of_the_json_and_letter_is_letter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("-q", "-o", "r.pdf", "--json", "f.json", "--attach", "--paper", "letter")
    assert run(monkeypatch, "analyze", SAMPLES / "healthy.zip", *arguments) == 0
    report = pypdf.PdfReader("r.pdf")
    assert report.attachments == {"findings.json": [Path("f.json").read_bytes()]}
    assert round(float(report.pages[0].mediabox.width)) == 612


def test_a_glyph_that_is_missing_is_one_line_that_names_the_extra(
    forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fonts._folder
    monkeypatch.setattr(fonts, "_folder", lambda one: None if one == "noto_cjk_sans_otc" else found(one))
    assert forensics("analyze", SAMPLES / "founding-case.zip", "-q") == 0
    (told,) = lines(capsys.readouterr().err)
    assert told.startswith("forensics: the PDF shows ")
    assert told.endswith("pip install 'forensics[cjk]'")
    assert forensics("analyze", SAMPLES / "healthy.zip", "-q") == 0
    assert capsys.readouterr().err == ""


def test_json_on_standard_output_is_alone_there_and_valid(forensics: Run, capsys: Caught) -> None:
    assert forensics("analyze", SAMPLES / "healthy.zip", "--json", "-") == 0
    printed = capsys.readouterr()
    findings = json.loads(printed.out)
    jsonschema.validate(findings, SCHEMA)
    assert findings["verdict"]["cause"] == "no-exhaustion"
    assert printed.err == ""


@pytest.mark.parametrize(("option", "begins"), [("--html", "<!DOCTYPE html>"), ("-o", "%PDF")])
def test_other_outputs_on_standard_output(forensics: Run, capsys: Caught, option: str, begins: str) -> None:
    assert forensics("analyze", SAMPLES / "healthy.zip", option, "-") == 0
    printed = capsys.readouterr().out
    assert printed.lower().startswith(begins.lower())
    assert "Report:" not in printed


def test_every_output_as_a_file(forensics: Run, tmp_path: Path) -> None:
    arguments = ("--json", "f.json", "--html", "f.html", "-o", "f.pdf", "-q")
    assert forensics("analyze", SAMPLES / "healthy.zip", *arguments) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.html", "f.json", "f.pdf"]
    assert (tmp_path / "f.json").stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_folder_is_named_after_itself(
    forensics: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Caught
) -> None:
    with zipfile.ZipFile(SAMPLES / "healthy.zip") as archive:
        archive.extractall(tmp_path / "WEB.01")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert forensics("analyze", "../WEB.01") == 0
    assert "Report: WEB.01-report.pdf" in capsys.readouterr().out


# --- wrong usage: 2 ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.zip",), "nowhere.zip: no such file or folder"),
        (("a.zip", "nowhere.zip"), "nowhere.zip: no such file or folder"),
        (("a.zip", "--json", "-", "--html", "-"), "only one output can go to standard output (-)"),
        (("a.zip", "--output", "-", "--html", "-"), "only one output can go to standard output (-)"),
        (("a.zip", "b.zip", "-o", "x.pdf"), "several bundles cannot share one output file"),
        (("a.zip", "b.zip", "--json", "-"), "several bundles cannot share one output file"),
        (("a.zip", "-o", "a.zip"), "a.zip: is an input"),
        (("a.zip", "--json", "./a.zip"), "a.zip: is an input"),
        (("a.zip", "--json", "x", "--html", "./x"), "x: two outputs have this name"),
        (("a.zip", "--json", "a-report.pdf"), "a-report.pdf: two outputs have this name"),
        (("a.zip", "deep/a.zip"), "a-report.pdf: two outputs have this name"),
        (("a.zip", "a.zip"), "a-report.pdf: two outputs have this name"),
    ],
)
def test_wrong_usage(forensics: Run, capsys: Caught, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.zip", "b.zip", "deep/a.zip"):
        (tmp_path / name).write_bytes((SAMPLES / "healthy.zip").read_bytes())
    before = (tmp_path / "a.zip").read_bytes()
    assert forensics("analyze", *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(lines(printed.err)) == 1
    assert printed.err.startswith(f"forensics: {said}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip", "deep"]
    assert (tmp_path / "a.zip").read_bytes() == before


@pytest.mark.parametrize("arguments", [(), ("--nonsense", "a.zip")])
def test_wrong_options(forensics: Run, capsys: Caught, arguments: tuple[str, ...]) -> None:
    assert forensics("analyze", *arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


# --- no bundle: 3 ---


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"7z\xbc\xaf\x27\x1c", b"%PDF-", b"Dear support,"])
def test_no_bundle(forensics: Run, capsys: Caught, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "case.zip").write_bytes(data)
    assert forensics("analyze", "case.zip", "--json", "x.json") == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(lines(printed.err)) == 1
    assert printed.err.startswith("forensics: case.zip: ")
    assert [path.name for path in tmp_path.iterdir()] == ["case.zip"]


def test_a_broken_bundle_does_not_keep_the_others(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04")
    good = [SAMPLES / "healthy.zip", SAMPLES / "approaching-489d.zip"]
    assert forensics("analyze", good[0], "broken.zip", good[1], "--exit-code") == 3
    printed = capsys.readouterr()
    assert lines(printed.err)[0].startswith("forensics: broken.zip: the zip is cut off")
    assert printed.out.count("Report: ") == 2
    assert sorted(path.name for path in tmp_path.glob("*.pdf")) == ["approaching-489d-report.pdf", "healthy-report.pdf"]


def test_of_several_bundles_one_found_is_found(forensics: Run) -> None:
    good = [SAMPLES / "healthy.zip", SAMPLES / "approaching-489d.zip"]
    assert forensics("analyze", *good, "--exit-code", "-q") == 10


# --- an output that cannot be made: 4 ---


def test_a_folder_that_is_missing_costs_that_output_alone(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    arguments = ("--json", "missing/f.json", "--html", "f.html", "--exit-code")
    assert forensics("analyze", SAMPLES / "founding-case.zip", *arguments) == 4
    printed = capsys.readouterr()
    assert printed.err == "forensics: missing/f.json: cannot be written: No such file or directory\n"
    assert "CONFIRMED" in printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.html", "founding-case-report.pdf"]


def test_a_pdf_that_cannot_be_made_costs_only_the_pdf(
    forensics: Run, capsys: Caught, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_given: object) -> NoReturn:
        raise OutputError("the PDF needs the Pango library")

    monkeypatch.setattr(pdf, "render_pdf", failing)
    arguments = ("--json", "f.json", "--html", "f.html")
    assert forensics("analyze", SAMPLES / "founding-case.zip", *arguments) == 4
    printed = capsys.readouterr()
    assert printed.err == "forensics: the PDF needs the Pango library\n"
    assert "CONFIRMED" in printed.out
    assert "Report:" not in printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.html", "f.json"]


def test_a_failed_output_leaves_the_old_file_and_no_half_one(forensics: Run, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").write_bytes(b"old")
    assert forensics("analyze", SAMPLES / "healthy.zip", "-q", "-o", "target") == 4
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target" / "kept").read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="another name there")
def test_a_device_is_written_to_and_not_replaced(forensics: Run) -> None:
    assert forensics("analyze", SAMPLES / "healthy.zip", "-q", "-o", os.devnull) == 0
    assert not Path(os.devnull).is_file()


def test_a_link_is_followed_and_kept(forensics: Run, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    try:
        (tmp_path / "latest.pdf").symlink_to(tmp_path / "real" / "report.pdf")
    except OSError:
        pytest.skip("this system makes no links")
    assert forensics("analyze", SAMPLES / "healthy.zip", "-q", "-o", "latest.pdf") == 0
    assert (tmp_path / "latest.pdf").is_symlink()
    assert (tmp_path / "real" / "report.pdf").read_bytes().startswith(b"%PDF")


# --- a defect of ours: 1 ---


def _details(printed: str) -> str:
    (line,) = lines(printed)
    path = Path(line.rpartition("the details are in ")[2])
    try:
        return path.read_text("utf-8")
    finally:
        path.unlink()


def _raise(*_arguments: object) -> NoReturn:
    raise ZeroDivisionError("our fault")


def test_a_cause_that_raises(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("forensics.causes.time_wait_churn.judge", _raise)
    assert forensics("analyze", SAMPLES / "founding-case.zip", "--exit-code") == 1
    printed = capsys.readouterr()
    assert "CONFIRMED" in printed.out
    assert "time-wait-churn" in printed.err
    assert "ZeroDivisionError: our fault" in _details(printed.err)
    assert (tmp_path / "founding-case-report.pdf").exists()


def test_a_parser_that_raises(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.parsers.fltmc.parse", _raise)
    assert forensics("analyze", SAMPLES / "founding-case.zip", "-q") == 1
    printed = capsys.readouterr().err
    assert "system/fltmc.txt: a defect of forensics: its fltmc reader failed" in printed
    assert "ZeroDivisionError at test_analyze.py" in _details(printed)


@pytest.mark.parametrize("place", ["forensics.analysis.measure", "forensics.analysis.build"])
def test_the_analysis_itself_raises(
    forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(place, _raise)
    assert forensics("analyze", SAMPLES / "healthy.zip") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert "in _raise" in _details(printed.err)


def test_a_report_that_raises_leaves_the_verdict(
    forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pdf, "render_pdf", _raise)
    assert forensics("analyze", SAMPLES / "founding-case.zip", "--json", "f.json") == 1
    printed = capsys.readouterr()
    assert "CONFIRMED" in printed.out
    assert printed.err.count("the details are in") == 1
    assert "in _raise" in _details(printed.err)
    assert [path.name for path in tmp_path.iterdir()] == ["f.json"]


# --- messages ---


def test_verbose_prints_every_warning(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    with zipfile.ZipFile(SAMPLES / "healthy.zip") as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    files["bad\x1b[2J.zip"] = b"PK\x03\x04"
    (tmp_path / "case.zip").write_bytes(zipped(files))
    assert forensics("analyze", "case.zip", "-q", "-v") == 0
    printed = capsys.readouterr().err
    assert "bad\\x1b[2J.zip: " in printed
    assert "\x1b" not in printed


def test_evidence_is_no_markup(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    (tmp_path / "[bold]x.zip").write_bytes(b"")
    assert forensics("analyze", "[bold]x.zip") == 3
    assert capsys.readouterr().err == "forensics: [bold]x.zip: the file is empty\n"


def test_a_file_of_an_input_folder_is_not_replaced(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    folder = tmp_path / "SRV1"
    with zipfile.ZipFile(SAMPLES / "healthy.zip") as archive:
        archive.extractall(folder)
    before = (folder / "netstat/ano-1.txt").read_bytes()
    assert forensics("analyze", folder, "-o", folder / "netstat/ano-1.txt") == 2
    assert "lies in the bundle's own folder" in capsys.readouterr().err
    assert (folder / "netstat/ano-1.txt").read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_no_bundle_and_is_not_waited_for(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert forensics("analyze", "pipe") == 3
    assert capsys.readouterr().err == "forensics: pipe: neither a file nor a folder\n"
    assert forensics("analyze", SAMPLES / "healthy.zip", "--brand", "pipe") == 2
    assert "pipe is no file" in capsys.readouterr().err
