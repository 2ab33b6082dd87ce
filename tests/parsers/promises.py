"""What every parser of text promises of any text; the fuzzer (fuzz/run.py) holds them to it as well."""

from collections.abc import Iterator

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.parsers import TextParser
from forensics.text.delimited import MOST_LINES
from forensics.text.lines import split_lines

_LONGEST_TOLD = 400  # characters of a summary or of a problem, which quote the text
_MOST_PROBLEMS = 200
# Facts whose line is that of a heading or a rule, or that count and measure what no line says.
_OF_SEVERAL_LINES = {
    "DynamicRange",
    "ExcludedRanges",
    "TcpGlobal",
    "Statistics",
    "ApplicationLog",
    "ProcessAge",
    "Snapshot",
}


def kept(parser: TextParser, text: str) -> Parsed:
    """Read a text, and return what was read of it.

    Raises:
        AssertionError: where a promise is broken.
    """
    recognised, parsed = parser.recognise(text), parser.parse(text)
    lines = split_lines(text)
    _demand(isinstance(recognised, bool) and isinstance(parsed, Parsed), "an answer of its type", parsed)
    _demand(len(parsed.summary) <= _LONGEST_TOLD, "a short summary", parsed.summary)
    _demand(len(parsed.problems) <= _MOST_PROBLEMS, "few problems", len(parsed.problems))
    for problem in parsed.problems:
        _demand(isinstance(problem, Problem) and len(problem.message) <= _LONGEST_TOLD, "a short problem", problem)
        _demand(problem.line is None or 1 <= problem.line <= len(lines), "a line of the text", problem)
    hash(parsed.facts)  # frozen all the way down
    for fact in _all_facts(parsed.facts):
        _demand(_is_cited(fact, lines), "a fact with its source", fact)
    _demand(parser.parse(text) == parsed, "the same of the same", parsed)
    return parsed


def _demand(given: object, what: str, found: object) -> None:
    if not given:
        raise AssertionError(f"not {what}: {repr(found)[:500]}")


def _all_facts(facts: object) -> Iterator[msgspec.Struct]:
    """Every fact, and the facts inside it."""
    if isinstance(facts, msgspec.Struct):
        yield facts
        facts = msgspec.structs.astuple(facts)
    if isinstance(facts, tuple):
        for fact in facts:
            yield from _all_facts(fact)


def _is_cited(fact: msgspec.Struct, lines: list[str]) -> bool:
    """Whether the lines that a fact names are lines of the text, and the one it stands in holds something of it."""
    fields = msgspec.structs.asdict(fact)
    named = [value for name, value in fields.items() if f"_{name}".endswith("_line") and isinstance(value, int)]
    named += fields.get("lines", ())
    # 0 stands for none where a fact has several lines; a fact's own line is never none.
    if not all(0 <= line <= len(lines) for line in named) or fields.get("line") == 0:
        return False
    if "line" not in fields or type(fact).__name__ in _OF_SEVERAL_LINES:
        return True
    cited = lines[fields["line"] - 1]
    if '"' in cited:  # a field in quotes may run on
        cited = "\n".join(lines[fields["line"] - 1 : fields["line"] + MOST_LINES])
    tokens = [token for name, value in fields.items() if name != "line" for token in _tokens(value)]
    nameless = fields.get("name") == ""  # `""=hex:` says nothing that could be found
    return not tokens or nameless or any(token in _plain(cited) for token in tokens)


def _plain(text: str) -> str:
    """Without what escapes add or take away."""
    return text.casefold().replace("\\", "").replace('"', "")


def _tokens(value: object) -> list[str]:
    """How a value may stand in a line."""
    if isinstance(value, str):
        # Of a string, its first line. Of nothing but signs that may be escaped, nothing could be found.
        words = [word.strip() for word in _plain(value).removeprefix("kb").split("\n")[0].split("&")]
        return [word for word in words if word] or ([""] if value else [])
    if isinstance(value, int) and not isinstance(value, bool):
        return [form for unit in (1, 2**10, 2**20) if value % unit == 0 for form in (f"{value // unit}", f"{value:x}")]
    if isinstance(value, bytes):
        return [f"{value[0]:02x}"] if value else []
    if isinstance(value, tuple):
        return [token for one in value for token in _tokens(one)]
    return []
