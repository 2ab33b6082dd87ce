"""Every picture of the folder, on every sample and on findings that no machine would give."""

import re
from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree as ET

import msgspec
import pytest

from forensics.report.findings import Findings
from forensics.report.html import render_html
from forensics.report.inert import inert_findings
from forensics.report.pictures import SECTIONS, Drawn, all_pictures, draw_all
from forensics.report.pictures.canvas import Picture
from tests.report.cases import NAMES, sample

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "$x^2$ <script>alert(1)</script> ]]> \" & ' \u202e\x1b[31m {{7*7}} 协议 " + "y" * 200
PICTURES = all_pictures()


def named(name: str) -> Drawn:
    return next(one for one in PICTURES if name == one.NAME)


def parsed(picture: Picture) -> ET.Element:
    return ET.fromstring(picture.svg)  # noqa: S314 - ours


def drawn(name: str) -> list[Picture]:
    return [one for some in draw_all(inert_findings(sample(name))).values() for one in some]


def growing() -> Findings:
    """The founding case with ten tables, a quarter of an hour apart, that fill the range."""
    known = sample("founding-case")
    connections = known.measurements.connections
    last = connections.snapshots[-1]
    assert last.at
    tables = [
        msgspec.structs.replace(
            last,
            file=f"netstat/{number}.txt",
            at=last.at + timedelta(minutes=15 * number),
            ports_in_use=9000 + 700 * number,
        )
        for number in range(10)
    ]
    return with_connections(known, snapshots=tables)


def with_connections(known: Findings, **changes: object) -> Findings:
    change = msgspec.structs.replace
    connections = change(known.measurements.connections, **changes)
    return change(known, measurements=change(known.measurements, connections=connections))


def hostile(known: Findings) -> Findings:
    """Put a stranger's text wherever a picture shows a name."""
    raw = msgspec.to_builtins(known, builtin_types=())
    names = {"image", "address", "file", "local", "remote", "says", "status", "state", "from_state", "to_state"}

    def walk(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {one: walk(inner, one) for one, inner in value.items()}
        if isinstance(value, list):
            return [walk(one, key) for one in value]
        told = key in names and isinstance(value, str) and value not in {"local", "remote", "reset"}
        return HOSTILE if told else value

    for part in ("connections", "trace", "port_space"):
        if raw["measurements"][part]:
            raw["measurements"][part] = walk(raw["measurements"][part])
    return msgspec.convert(raw, Findings)


def cases() -> Iterator[tuple[Drawn, Findings]]:
    yield from ((one, sample(name)) for one in PICTURES for name in NAMES)
    yield from ((one, growing()) for one in PICTURES)


def test_there_are_pictures_and_each_is_drawn_for_some_sample() -> None:
    assert len(PICTURES) >= 7
    shown = {one.NAME for one, findings in cases() if one.draw(inert_findings(findings))}
    assert shown == {one.NAME for one in PICTURES}


@pytest.mark.parametrize("one", PICTURES, ids=lambda one: one.NAME)
def test_each_says_when_it_is_shown(one: Drawn) -> None:
    assert "\nShown where " in (one.__doc__ or "")
    assert one.SECTION in SECTIONS


@pytest.mark.parametrize("one", PICTURES, ids=lambda one: one.NAME)
def test_titles_tell_numbers_and_every_picture_has_words_and_a_source(one: Drawn) -> None:
    for case, findings in cases():
        picture = one.draw(inert_findings(findings)) if case is one else None
        if picture is None:
            continue
        assert picture.name == one.NAME
        assert re.search(r"\d", picture.title)
        assert re.search(r"\d", picture.alt)
        assert len(picture.title) < 140
        assert re.search(r"\.(txt|evtx)", picture.source)
        root = parsed(picture)
        assert root.findtext(f"{SVG}title") == picture.alt
        assert root.get("role") == "img"


def test_the_same_findings_give_the_same_bytes() -> None:
    known = inert_findings(sample("founding-case"))
    first, second = draw_all(known), draw_all(known)
    assert first == second
    assert sum(len(some) for some in first.values()) >= 6


@pytest.mark.parametrize("findings", [sample("founding-case"), growing(), sample("rebooted-after-incident")])
@pytest.mark.parametrize("bring", [inert_findings, lambda findings: findings], ids=["inert", "raw"])
def test_a_strangers_text_stays_text(findings: Findings, bring: object) -> None:
    assert callable(bring)
    bad = bring(hostile(findings))
    for one in PICTURES:
        picture = one.draw(bad)
        if picture is None:
            continue
        if bring is not inert_findings:
            assert "<script" not in picture.svg  # XML cannot hold the control characters; inert text has none
            continue
        root = parsed(picture)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "defs", "g", "path", "text", "use", "clipPath", "rect", "pattern",
        }  # fmt: skip
        assert "\u202e" not in picture.svg
        assert "\x1b" not in picture.svg


@pytest.mark.parametrize("name", NAMES)
def test_nothing_outside_is_referred_to_and_no_id_is_used_twice(name: str) -> None:
    ids: list[str] = []
    for picture in drawn(name):
        own = []
        for element in parsed(picture).iter():
            own += [element.get("id", "")] if element.get("id") else []
            assert "style" not in element.attrib
            assert not any(key.startswith("on") for key in element.attrib)
        referred = re.findall(r'(?:href="|url\()([^")]*)', picture.svg)
        assert {f"#{one}" for one in own} >= set(referred)
        assert all(one.startswith(picture.name) for one in own)
        ids += own
    assert len(ids) == len(set(ids))


def test_text_is_text_in_the_colour_of_the_page() -> None:
    for picture in drawn("founding-case"):
        root = parsed(picture)
        assert len(list(root.iter(f"{SVG}text"))) >= 4
        assert root.get("fill") == "currentColor"
        assert "#000000" not in picture.svg


def test_a_healthy_machine_has_none_and_a_full_one_has_them_in_its_report() -> None:
    assert "<svg" not in render_html(sample("healthy"))
    html = render_html(sample("founding-case"))
    assert html.count("<figure>") == len(drawn("founding-case")) == html.count("<svg ")


def test_what_would_change_nothing_is_not_drawn() -> None:
    patched, calm = inert_findings(sample("busy-patched")), inert_findings(sample("approaching-489d"))
    assert named("uptime-line").draw(patched) is None  # the fix is in force
    for name in ("port-space", "top-talkers", "connection-rate"):
        assert named(name).draw(calm) is None  # few ports are in use
    assert named("ports-in-time").draw(inert_findings(sample("founding-case"))) is None  # nothing moves in five minutes


def test_messages() -> None:
    titles = {picture.name: picture.title for picture in drawn("founding-case")}
    assert titles["port-space"] == (
        "15,192 of 16,384 usable dynamic ports of TCP over IPv4 are in use (93 %), 14,943 of them in TIME_WAIT"
    )
    assert titles["uptime-line"] == (
        "Up 500.3 days: 3 days 5 h past the wrap at 497.1 days; port events begin 2 days 19 h after it"
    )
    assert titles["connection-rate"].startswith("125/s needed, 0.067/s seen: 1,868 times too few")
    assert titles["one-life"].endswith("this machine closed first")
    slope = named("ports-in-time").draw(inert_findings(growing()))
    assert slope
    assert slope.title == (
        "9,000 to 15,300 ports in use within 2 h 15 min, of 16,384 usable; at that pace they last another 23 min 14 s"
    )


def test_the_run_before_a_restart_is_the_one_that_matters() -> None:
    line = named("uptime-line").draw(inert_findings(sample("rebooted-after-incident")))
    assert line
    assert line.title.startswith("The run before the restart lasted 502.3 days: 5 days 4 h past the wrap")
    assert "2 runs of the system" in line.alt
