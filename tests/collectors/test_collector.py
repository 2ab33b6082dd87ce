"""The real script and its starter, through every checker."""

import re

import pytest

from docs.collector_table import read_table
from tests.collectors.form import ill_formed, ill_started
from tests.collectors.harmless import changing, refused_rows
from tests.collectors.powershell import Script
from tests.collectors.powershell_2 import newer
from tests.collectors.script import ROOT, SCRIPT, STARTER, text_of


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(text_of(SCRIPT))


def test_it_is_powershell(script: Script) -> None:
    assert script.errors() == []


def test_it_is_powershell_2(script: Script) -> None:
    assert newer(script) == []


def test_it_changes_nothing(script: Script) -> None:
    rows = read_table(text_of(SCRIPT))
    commands = frozenset(command for row in rows for command in row.commands)
    assert refused_rows(rows) + changing(script, commands) == []


def test_its_form() -> None:
    text = text_of(SCRIPT)
    first = text.index("$Table = @(")
    start, end = (text.count("\n", 0, at) + 1 for at in (first, text.index("\n)", first) + 1))
    # Commands and patterns are one string each.
    strings = {
        number
        for number, one in enumerate(text.split("\n"), 1)
        if (one.startswith("$") and "Command = '" in one) or re.match(r"""(?:    |\$\w+ = )['"@(]""", one)
    }
    assert ill_formed(SCRIPT.read_bytes(), frozenset(range(start, end + 1)) | strings) == []


def test_the_starter() -> None:
    text_of(STARTER)
    assert ill_started(STARTER.read_bytes()) == []


def test_every_label_of_the_starter_is_there_once() -> None:
    text = text_of(STARTER)
    labels = re.findall(r"(?m)^:(\w+)", text)
    assert len(set(labels)) == len(labels)
    assert set(re.findall(r"goto :(\w+)", text)) == set(labels)


def test_git_keeps_the_line_ends() -> None:
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert {"*.cmd text eol=crlf", "*.ps1 text eol=crlf"} <= set(rules)
