"""The layout is the architecture: lower rooms import nothing from higher ones, and the registries keep their promises."""

import ast
from pathlib import Path

import pytest

from forensics.causes import Cause, all_causes
from forensics.parsers import all_parsers

PACKAGE = Path(__file__).resolve().parent.parent / "forensics"

# Lower first. A module may import from its own level and those below.
LEVELS = [
    {"errors", "knowledge", "text", "parsed", "worker", "environment"},
    {"bundle", "evtx", "trace"},
    {"parsers"},
    {"evidence"},
    {"ingest", "isolation", "parsing"},
    {"measure"},
    {"judgement"},
    {"rules"},
    {"causes"},
    {"verdict"},
    {"report"},
    {"compare"},
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
    parsers = all_parsers()
    assert len({parser.KIND for parser in parsers}) == len(parsers) >= 13
    for parser in parsers:
        assert ">>>" in (parser.__doc__ or ""), parser.KIND


STATUSES = ("confirmed", "likely", "possible", "inconclusive", "ruled-out")
RULES = "".join(path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "rules").glob("*.py")))


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_every_cause_explains_itself(cause: Cause) -> None:
    for text in (cause.TITLE, cause.ABOUT, cause.SHOWS, cause.PROVES, cause.RULES_OUT, cause.CURES):
        assert len(text) > 20
    assert cause.REFERENCES
    assert {f"headline-{status}" for status in STATUSES} <= set(cause.TEXTS)


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_every_weight_names_its_source_and_has_words(cause: Cause) -> None:
    for message, weight in cause.WEIGHTS.items():
        assert message in cause.TEXTS, message
        assert 1 <= abs(weight.grade) <= 3
        assert weight.witness
        assert weight.source


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_every_message_is_said(cause: Cause) -> None:
    said = Path(str(getattr(cause, "__file__", ""))).read_text(encoding="utf-8") + RULES
    for message in cause.TEXTS:
        if message.startswith("headline-"):
            continue
        stem = message.removesuffix("-for-remote").removesuffix("-previous")  # both are built from the stem
        # A fix's state is its message.
        states = {"fixed", "unfixed", "not-affected", "installed-not-loaded"}
        in_table = message in cause.WEIGHTS or stem in cause.WEIGHTS
        assert (
            said.count(f'"{stem}"') + said.count(f'"{stem}{{') >= 2 + in_table or stem in states or (stem != message)
        ), message


def test_the_catalogue_is_that_of_the_contract() -> None:
    causes = all_causes()
    assert len({cause.ID for cause in causes}) == len(causes) >= 16
