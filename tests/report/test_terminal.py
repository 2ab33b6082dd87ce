import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from forensics.evidence import Warned
from forensics.report.collected import NotCollected, Transformed
from forensics.report.findings import FileEntry, Findings
from forensics.report.terminal import render_inspect, render_terminal

from .cases import NAMES, hostile, huge, sample, undecided

STYLES = re.compile(r"\x1b\[[0-9;]*m")


def verdict(findings: Findings, width: int = 80, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    render_terminal(findings, Console(file=stream, width=width, force_terminal=terminal))
    return stream.getvalue()


def members(files: Sequence[FileEntry], warnings: Sequence[Warned], width: int = 80) -> str:
    stream = io.StringIO()
    render_inspect(files, warnings, Console(file=stream, width=width))
    return stream.getvalue()


def fits(text: str, width: int = 80) -> bool:
    return all(cell_len(line) <= width for line in text.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_fits_one_screen(name: str) -> None:
    known = sample(name)
    text = verdict(known)
    leading = next(one for one in known.causes if one.id == known.verdict.cause)
    joined = " ".join(text.split())
    assert fits(text)
    assert 15 <= len(text.splitlines()) <= 30
    assert f"{known.verdict.status.upper()}: {leading.title}" in joined
    assert known.verdict.headline in joined
    for remedy in leading.remedies:
        # A long command goes on after "^", as the Command Prompt reads it.
        assert " ".join(remedy.command.split()) in joined.replace(" ^ ", " ")


def test_other_cases_fit_too(tmp_path: Path) -> None:
    for known in (undecided(tmp_path), hostile(), huge()):
        text = verdict(known)
        assert fits(text)
        assert len(text.splitlines()) <= 30


def test_plain_text_where_it_is_no_terminal() -> None:
    text = verdict(sample("founding-case"))
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_styles_change_no_word() -> None:
    known = sample("founding-case")
    assert STYLES.sub("", verdict(known, terminal=True)) == verdict(known)


def test_a_wide_terminal_keeps_the_width_of_a_page() -> None:
    assert verdict(sample("founding-case"), 200) == verdict(sample("founding-case"))


def test_evidence_cannot_steer_the_terminal() -> None:
    known = hostile()
    text = STYLES.sub("", verdict(known, terminal=True)) + members(known.bundle.files, known.warnings)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b]0;owned" in text
    assert "[bold red]markup" in text


def test_inspect_shows_every_member() -> None:
    known = sample("founding-case")
    text = members(known.bundle.files, known.warnings)
    assert fits(text)
    for file in known.bundle.files:
        assert re.search(rf"^{file.status} +{re.escape(file.path)}$", text, re.MULTILINE)
        assert f"sha256 {file.sha256[:12]}" in " ".join(text.split())
    assert "netstat, cp936, 1,127,660 bytes" in text


def test_inspect_tells_what_was_wrong() -> None:
    files = [
        FileEntry("a.txt", "netstat", "cp936", 10, "ab" * 32, "partly-read", "1 snapshot"),
        FileEntry("b.bin", "", "binary", 0, "", "unrecognised", ""),
    ]
    warnings = [Warned("a.txt", f"line {number}") for number in range(5)] + [Warned("", "two overlapping members")]
    text = members(files, warnings)
    assert text == (
        "partly-read   a.txt\n"
        "              netstat, cp936, 10 bytes, sha256 abababababab: 1 snapshot\n"
        "              ! line 0\n"
        "              ! line 1\n"
        "              ! line 2\n"
        "              ! and 2 more\n"
        "unrecognised  b.bin\n"
        "              binary, 0 bytes\n"
        "! two overlapping members\n"
    )


def test_the_manifest_s_own_words_cannot_steer_the_terminal() -> None:
    stream = io.StringIO()
    lost = [NotCollected("a\x1b[2J", "\x1b]0;owned\x07" * 9, "b\x9b31m", "c\u202e")]
    changed = [Transformed("x.txt", "\x1b[2J")]
    file = FileEntry("x.txt", "netstat", "\x1b[1m", 1, "00" * 32, "read", "\x07")
    render_inspect([file], [], Console(file=stream, width=80), lost, changed)
    assert all(char.isprintable() or char == "\n" for char in stream.getvalue())
    assert "\n\\x1b]0;owned\\ a\\x1b[2J\n" in stream.getvalue()


def test_long_names_wrap() -> None:
    file = FileEntry("日本語" * 100, "netstat", "utf-8", 1, "00" * 32, "read", "x" * 1000)
    for width in (40, 80, 300):
        assert fits(members([file], [], width), min(width, 120))
