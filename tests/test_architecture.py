"""The layout is the architecture: lower rooms import nothing from higher ones, and the registries keep their promises."""

import ast
from pathlib import Path

import pytest

from forensics.causes import all_causes
from forensics.parsers import BytesParser, TextParser, bytes_parsers, text_parsers

PACKAGE = Path(__file__).resolve().parent.parent / "forensics"

# Lower first. A module may import from its own level and those below.
LEVELS = [
    {"errors", "knowledge", "text", "parsed"},
    {"bundle", "evtx"},
    {"parsers"},
    {"evidence"},
    {"ingest"},
    {"measure"},
    {"judgement"},
    {"causes"},
    {"verdict"},
    {"report"},
    {"analysis"},
    {"commands", "cli", "__main__"},
]


def level_of(room: str) -> int:
    return next(number for number, rooms in enumerate(LEVELS) if room in rooms)


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        rooms |= {name.split(".")[1] for name in names if name.startswith("forensics.")}
    return rooms


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_flows_back(path: Path) -> None:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] == "__init__":
        return
    own = level_of(parts[0])
    above = {room for room in imported_rooms(path) if level_of(room) > own}
    assert not above, f"{parts} imports from {above}"


def test_every_parser_shows_its_input_and_an_example() -> None:
    parsers: list[TextParser | BytesParser] = [*text_parsers(), *bytes_parsers()]
    assert len({parser.KIND for parser in parsers}) == len(parsers) >= 13
    for parser in parsers:
        assert ">>>" in (parser.__doc__ or ""), parser.KIND


def test_every_cause_explains_itself_and_its_messages_are_used() -> None:
    causes = all_causes()
    assert len({cause.ID for cause in causes}) == len(causes) >= 4
    for cause in causes:
        assert cause.TITLE
        assert cause.PROVES
        assert cause.RULES_OUT
        assert cause.CURES
        assert cause.REFERENCES
        source = Path(str(getattr(cause, "__file__", ""))).read_text(encoding="utf-8")
        statuses = {f"headline-{status}" for status in ("confirmed", "likely", "possible", "inconclusive", "ruled-out")}
        assert statuses <= set(cause.TEXTS), cause.ID
        built = {
            "past-wrap",
            "past-wrap-previous",
            "short-of-wrap",
            "short-of-wrap-previous",
            "fixed",
            "not-affected",
            "unfixed",
            "installed-not-loaded",
        }
        for message in set(cause.TEXTS) - statuses - built:
            assert source.count(f'"{message}"') >= 2, f"{cause.ID}: message {message} is never said"
