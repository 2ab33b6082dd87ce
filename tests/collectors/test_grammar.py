"""What the grammar gets wrong is forgiven, and nothing else."""

import pytest

from tests.collectors.powershell import KNOWN_BUGS, Script

EXAMPLES = {
    "$a / 1MB": ("$x = $a/1MB", "$x = $a.Length / 16KB", '"$($a / 1MB) MB"'),
    "break label": (":outer while ($true) { break outer }", "while ($a) { continue foo; b }"),
    "switch ($a) { 'b' { 1 } default { 2 } }": ("switch -regex ($x) { 'a' { 1 } default { 2 } }",),
    "Select-Object Name,Id": ("Get-Item a,b", "Select-Object A,B,@{n='H';e={$n}} | Out-Null"),
    "param()": ("param()", "# a comment", "<# a comment #>\n"),
}
BROKEN = (
    "$a / 1XB",
    "if ($a) {",
    "$a ?? 2",
    "$a ? 1 : 2",
    "'open",
    "break a b c d )",
    "@{ a = ",
    "foo &",
    "$x ??= 1",
    "1 / ",
    "param(,)",
    "Get-Item ,,b )",
)


def test_every_bug_has_its_examples() -> None:
    assert {bug.construct for bug in KNOWN_BUGS} == set(EXAMPLES)
    assert all(bug.why_valid for bug in KNOWN_BUGS)


@pytest.mark.parametrize("text", [one for examples in EXAMPLES.values() for one in examples])
def test_valid_powershell_passes(text: str) -> None:
    script = Script(text)
    assert script.errors() == []
    assert script.text(script.root).startswith(text.strip()[:4])


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_powershell_is_refused(text: str) -> None:
    assert Script(text).errors()


def test_positions_stay() -> None:
    script = Script("$x = $a / 1MB\n$y = $b\n")
    variables = [(script.text(node), node.start_point[0]) for node in script.nodes("variable")]
    assert variables == [("$x", 0), ("$a", 0), ("$y", 1), ("$b", 1)]
