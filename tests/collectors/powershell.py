"""PowerShell read by tree-sitter: the tree, its errors, and the bugs of the grammar that are not the script's.

Each bug is matched narrowly and covered by blanks or by text after the end, so that every position stays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

LANGUAGE = Language(tree_sitter_powershell.language())


@dataclass(frozen=True)
class GrammarBug:
    """Valid PowerShell that the grammar refuses. `cover` has the same length as what `pattern` matches, or is longer
    at the script's end.
    """

    construct: str
    why_valid: str
    pattern: re.Pattern[str]
    cover: str  # a template for re.sub; "~" stands for a blank in place of each character of the group "gone"


KNOWN_BUGS = (
    GrammarBug(
        "$a / 1MB",
        "a number may have a multiplier (KB to PB) wherever a number may stand (language specification 2.3.5.1)",
        re.compile(r"(?<=[-+*/%])(?P<kept>[ ]*\d+)(?P<gone>[KMGTP]B)\b", re.IGNORECASE),
        r"\g<kept>~",
    ),
    GrammarBug(
        "break label",
        "break and continue may name the loop that they mean (language specification 8.5.1, 8.5.2)",
        re.compile(r"(?P<kept>\b(?:break|continue))(?P<gone>[ ]+[A-Za-z_]\w*)(?=[ ]*(?:[;}\n]|\Z))"),
        r"\g<kept>~",
    ),
    GrammarBug(
        "switch ($a) { 'b' { 1 } default { 2 } }",
        "the clauses of a switch need no separator (language specification 8.6)",
        re.compile(r"(?P<kept>\})(?P<gone>[ ])(?=default[ ]\{)"),
        r"\g<kept>;",
    ),
    GrammarBug(
        "Select-Object Name,Id",
        "bare words with commas are one list (language specification 8.2.4); the grammar wants a blank after each",
        re.compile(r"(?P<kept>(?<=[A-Za-z0-9_]))(?P<gone>,)(?=[A-Za-z_@])"),
        r"\g<kept>~",
    ),
    GrammarBug(
        "param()",
        "a script may be nothing but its parameters (language specification 8.10.9), or nothing but a comment",
        re.compile(r"\A(?P<kept>\s*(?:param\(\s*\)|#[^\n]*|<#(?:[^#]|#(?!>))*#>)\s*)(?P<gone>)\Z"),
        "\\g<kept>\n$null",
    ),
)


class Script:
    """A parsed script. Lines count from 1."""

    def __init__(self, text: str) -> None:
        self.source = text.encode()
        parser = Parser(LANGUAGE)
        self.root = parser.parse(self.source).root_node
        if any(_broken(self.root)):
            self.root = parser.parse(_covered(text).encode()).root_node

    def text(self, node: Node) -> str:
        """What stands there in the script."""
        return self.source[node.start_byte : node.end_byte].decode()

    def without(self, *kinds: str) -> str:
        """The script with blanks in place of nodes of these kinds."""
        source = bytearray(self.source)
        for node in self.nodes(*kinds):
            gone = source[node.start_byte : node.end_byte]
            source[node.start_byte : node.end_byte] = bytes(10 if one == 10 else 32 for one in gone)
        return source.decode()

    def errors(self) -> list[str]:
        """Where the script is no PowerShell."""
        return [f"line {line(node)}: no PowerShell: {self.text(node)[:50]!r}" for node in _broken(self.root)]

    def nodes(self, *kinds: str) -> Iterator[Node]:
        """Every node, or every one of these kinds, in order."""
        return (node for node in walk(self.root) if not kinds or node.type in kinds)


def line(node: Node) -> int:
    """The line where a node begins."""
    return node.start_point[0] + 1


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in order."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def ancestors(node: Node) -> Iterator[Node]:
    """What a node stands in, the nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _covered(text: str) -> str:
    for bug in KNOWN_BUGS:
        text = bug.pattern.sub(
            lambda match, bug=bug: match.expand(bug.cover).replace("~", " " * len(match["gone"])),  # type: ignore[misc]
            text,
        )
    return text


def _broken(root: Node) -> Iterator[Node]:
    for node in walk(root):
        if node.type == "ERROR" or node.is_missing:
            yield node
