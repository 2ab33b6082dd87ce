"""`forensics compare`: exit statuses, outputs, and what happens where one of the bundles cannot be read."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from builder import bundle_files

from forensics.errors import OutputError
from forensics.report import pdf, pdf_process
from tests.bundles import zipped
from tests.commands.program import ROOT, SAMPLES, run
from tests.compare.pairs import later, restarted, with_fix
from tests.machines import stuck

Caught = pytest.CaptureFixture[str]
Run = Callable[..., int]
FOUNDING, PATCHED = SAMPLES / "founding-case.zip", SAMPLES / "patched-not-rebooted.zip"


class HerePdf:
    """Renders in this process, where a test can take a hand in it."""

    def render(self, html: str, collected_at: datetime | None) -> bytes:
        assert html
        assert collected_at
        return pdf.render_pdf(html, collected_at)

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def forensics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in an empty folder, with a PDF that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pdf_process, "PdfProcess", HerePdf)
    monkeypatch.setattr(pdf, "render_pdf", lambda _html, _at: b"%PDF-1.7 stand-in")
    return partial(run, monkeypatch)


def write(folder: Path, **bundles: dict[str, bytes]) -> None:
    for name, files in bundles.items():
        (folder / f"{name}.zip").write_bytes(zipped(files))


def test_exit_code_says_what_the_answer_is(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    write(
        tmp_path,
        before=bundle_files(stuck()),
        cured=bundle_files(with_fix(restarted(replace(stuck(), piles=()), days=5))),
        stuck=bundle_files(later(stuck())),
        restarted=bundle_files(restarted(replace(stuck(), piles=()), days=5)),
    )
    arguments = ("--exit-code", "--quiet")
    assert forensics("compare", "before.zip", "cured.zip", *arguments) == 0
    assert forensics("compare", "before.zip", "stuck.zip", *arguments) == 10
    assert forensics("compare", "before.zip", "restarted.zip", *arguments) == 11
    assert forensics("compare", "stuck.zip", "before.zip", *arguments) == 11
    assert forensics("compare", "before.zip", "stuck.zip", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "cured-comparison.pdf").read_bytes().startswith(b"%PDF")


def test_the_terminal_and_every_file(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    assert forensics("compare", FOUNDING, PATCHED, "--json", "c.json", "--html", "c.html", "-o", "c.pdf") == 0
    out, err = capsys.readouterr()
    assert "IT CANNOT BE TOLD" in out
    assert out.splitlines()[-1] == "Report: c.pdf"
    assert err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.html", "c.json", "c.pdf"]
    schema = json.loads((ROOT / "forensics/compare/comparison.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads((tmp_path / "c.json").read_text("utf-8")), schema)


@pytest.mark.parametrize(("option", "begins"), [("--json", "{"), ("--html", "<!DOCTYPE html>"), ("-o", "%PDF")])
def test_standard_output_holds_that_output_alone(forensics: Run, capsys: Caught, option: str, begins: str) -> None:
    assert forensics("compare", FOUNDING, PATCHED, option, "-") == 0
    printed = capsys.readouterr().out
    assert printed.strip().startswith(begins)
    assert "CANNOT BE TOLD" not in printed


def test_the_real_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "c.pdf"
    assert run(monkeypatch, "compare", FOUNDING, PATCHED, "-q", "-o", target) == 0
    assert target.read_bytes().startswith(b"%PDF-")


def test_a_folder_is_a_bundle(forensics: Run, tmp_path: Path) -> None:
    for path, data in bundle_files(later(stuck())).items():
        file = tmp_path / "unpacked" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    write(tmp_path, before=bundle_files(stuck()))
    assert forensics("compare", "before.zip", "unpacked", "--exit-code", "-q") == 10
    assert (tmp_path / "unpacked-comparison.pdf").exists()


# What goes wrong.


@pytest.mark.parametrize("order", [1, -1])
def test_one_bundle_that_is_none(forensics: Run, capsys: Caught, tmp_path: Path, order: int) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    assert forensics("compare", *(FOUNDING, "broken.zip")[::order]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("forensics: ")
    assert "broken.zip" in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["broken.zip"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.zip",),
        (PATCHED, "--json", "-", "--html", "-"),
        (PATCHED, "--json", "same", "--html", "same"),
        (PATCHED, "-o", "patched-not-rebooted-comparison.pdf", "--json", "patched-not-rebooted-comparison.pdf"),
        (PATCHED, "--html", FOUNDING),
    ],
)
def test_what_cannot_be_meant(forensics: Run, capsys: Caught, arguments: tuple[object, ...]) -> None:
    assert forensics("compare", FOUNDING, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


def test_one_bundle_alone_is_wrong_usage(forensics: Run, capsys: Caught) -> None:
    assert forensics("compare", FOUNDING) == 2
    assert "AFTER" in capsys.readouterr().err


def test_without_pango_the_rest_is_made(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_html: str, _at: datetime | None) -> bytes:
        raise OutputError("the PDF could not be made: Pango is missing")

    monkeypatch.setattr(pdf, "render_pdf", refuse)
    assert forensics("compare", FOUNDING, PATCHED, "--exit-code", "--json", "c.json") == 4
    out, err = capsys.readouterr()
    assert "IT CANNOT BE TOLD" in out
    assert "Report:" not in out
    assert err == "forensics: the PDF could not be made: Pango is missing\n"
    assert Path("c.json").exists()


def test_a_defect_of_ours_is_one_line(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_html: str, _at: datetime | None) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(pdf, "render_pdf", fail)
    assert forensics("compare", FOUNDING, PATCHED, "--exit-code") == 1
    out, err = capsys.readouterr()
    assert "IT CANNOT BE TOLD" in out
    assert len(err.splitlines()) == 1
    assert "a defect of forensics (ZeroDivisionError)" in err
    assert "Traceback" not in err


def test_both_bundles_have_limits(forensics: Run, capsys: Caught) -> None:
    assert forensics("compare", FOUNDING, PATCHED, "--max-size", "1", "--quiet") == 3
    assert "no evidence of a Windows machine" in capsys.readouterr().err
    assert forensics("compare", FOUNDING, PATCHED, "--timeout", "0", "--quiet") == 2
    assert "--timeout: give a number of seconds above 0" in capsys.readouterr().err
