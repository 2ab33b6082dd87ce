"""What people read of a comparison: at most 80 columns, nothing that acts, everything in its place."""

import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from forensics.compare.compare import compare
from forensics.compare.comparison import Comparison, encode, json_schema
from forensics.compare.html import render_html
from forensics.compare.terminal import render_terminal
from forensics.compare.texts import OUTCOMES, TEXTS
from forensics.report.findings import Findings
from forensics.report.inert import inert_findings
from tests.compare.pairs import compared, restarted
from tests.machines import stuck
from tests.report.cases import hostile, huge, sample

ROOT = Path(__file__).parents[2]


def shown(before: Findings, after: Findings) -> Comparison:
    """As the command shows it."""
    return compare(inert_findings(before), inert_findings(after))


def printed(comparison: Comparison, width: int = 80) -> str:
    stream = io.StringIO()
    render_terminal(comparison, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


CASES = {
    "two samples": lambda: shown(sample("founding-case"), sample("patched-not-rebooted")),
    "hostile": lambda: shown(hostile(), sample("busy-patched")),
    "hostile twice": lambda: shown(hostile(), hostile()),
    "huge": lambda: shown(huge(), sample("healthy")),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [80, 200, 40])
def test_the_terminal_is_never_wider_than_80_columns(name: str, width: int) -> None:
    lines = printed(CASES[name](), width).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert not [line for line in lines if line != line.rstrip()]
    assert len(lines) < 260


def test_the_answer_comes_first_and_everything_has_its_place(tmp_path: Path) -> None:
    text = printed(compared(tmp_path, stuck(), restarted(stuck(0), days=5, piles=())))
    order = [
        "BEFORE  before.zip",
        "AFTER   after.zip",
        "NOT YET",
        "Why we say so",
        "What to do next",
        "What changed",
        "Same:",
    ]
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)
    assert "not there" in text
    assert re.search(r"Ports in use +\d+ +\d+ +better", text)
    assert "[BEFORE: netstat/ano-3.txt, line 4; AFTER: netstat/ano-3.txt, line 4]" in " ".join(text.split())


def test_two_machines_are_said_before_the_answer() -> None:
    text = printed(CASES["two samples"]())
    assert text.index("The bundles are of two machines") < text.index("IT CANNOT BE TOLD")
    html = render_html(CASES["two samples"]()).partition("<body")[2]
    assert html.index("The bundles are of two machines") < html.index("It cannot be told whether the remedy worked")


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_text_alone(name: str) -> None:
    html = render_html(CASES[name]())
    assert "<script" not in html
    assert "onerror=alert(1)>" not in html
    assert "<link" not in html
    assert not re.search(r"https?://", html)
    assert "\x1b" not in html


@pytest.mark.parametrize("name", CASES)
def test_the_json_is_valid_and_comes_back(name: str) -> None:
    comparison = CASES[name]()
    document = json.loads(encode(comparison))
    jsonschema.validate(document, json_schema())
    assert document["schema"] == "forensics.comparison/1"


def test_the_schema_names_every_outcome() -> None:
    schema = json.dumps(json_schema())
    assert all(outcome in schema for outcome in OUTCOMES)
    assert "forensics.comparison/1" in schema


def test_every_text_is_said_and_every_message_has_a_text() -> None:
    files = [path for path in sorted((ROOT / "forensics/compare").glob("*.py")) if path.name != "texts.py"]
    code = "".join(path.read_text("utf-8") for path in (*files, ROOT / "report_templates/compare.html.j2"))
    built = ("fix-", "status-", "meaning-", "when-", "value-updates", "answer-restarted-", "bundle-")
    states = {"answer-fixed", "answer-not-affected"}  # the state of the fix is the message
    for message in TEXTS:
        short = message.partition("-")[2]
        assert message.startswith(built) or message in states or f'"{message}"' in code or f'"{short}"' in code, message
