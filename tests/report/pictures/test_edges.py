"""What single pictures do at their edges: wide and small ranges, exclusions, quiet stretches of a life, old wraps."""

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import msgspec
import pytest

from forensics.report.findings import Findings
from forensics.report.inert import inert_findings
from forensics.report.pdf import render_pdf
from forensics.report.pictures import all_pictures, draw_all
from forensics.report.pictures.canvas import Picture
from forensics.report.port_space import PortSpaceEntry, PortStateEntry
from forensics.report.trace_entry import StepEntry
from tests.report.cases import sample
from tests.report.pdfs import read, words_of

change = msgspec.structs.replace
FOUNDING = sample("founding-case")
TEXT, USE = "{http://www.w3.org/2000/svg}text", "{http://www.w3.org/2000/svg}use"


def measured(**changes: object) -> Findings:
    return change(FOUNDING, measurements=change(FOUNDING.measurements, **changes))


def picture(name: str, findings: Findings) -> Picture:
    drawn = next(one for one in all_pictures() if name == one.NAME).draw(inert_findings(findings))
    assert drawn
    return drawn


def texts(drawn: Picture) -> list[str]:
    return [one.text or "" for one in ET.fromstring(drawn.svg).iter(TEXT)]  # noqa: S314 - ours


def with_ports(start: int, count: int, usable: int, *states: PortStateEntry) -> Findings:
    ports, space = FOUNDING.measurements.ports, FOUNDING.measurements.port_space
    assert space
    used = sum(one.ports for one in states if one.state != "excluded")
    pool = change(ports["tcp_ipv4"], start=start, count=count, usable=usable, in_use=used, utilisation=used / usable)
    return measured(ports={**ports, "tcp_ipv4": pool}, port_space=PortSpaceEntry(space.source, list(states)))


def test_a_wide_range_with_exclusions_and_many_states() -> None:
    states = [
        PortStateEntry("tcp_ipv4", f"STATE_{number}", 4000, [f"{10000 + 5000 * number}-{13999 + 5000 * number}"])
        for number in range(9)
    ]
    drawn = picture(
        "port-space",
        with_ports(10000, 55535, 50535, *states, PortStateEntry("tcp_ipv4", "excluded", 5000, ["60000-64999"])),
    )
    assert "4 other states 16,000" in texts(drawn)
    assert "excluded 5,000" in texts(drawn)
    assert "free 14,535" in texts(drawn)
    assert "dynamic range 10000–65534" in texts(drawn)


def test_only_ports_inside_the_range_are_counted() -> None:
    state = PortStateEntry("tcp_ipv4", "CLOSE_WAIT", 400, ["900-1299"])
    drawn = picture("port-space", with_ports(1024, 300, 300, state))
    assert "CLOSE_WAIT 276" in texts(drawn)


@pytest.mark.parametrize(("used", "shown"), [(149, False), (150, True)])
def test_the_map_is_shown_from_half_of_the_range(used: int, shown: bool) -> None:
    state = PortStateEntry("tcp_ipv4", "CLOSE_WAIT", used, [f"1024-{1023 + used}"])
    known = with_ports(1024, 300, 300, state)
    assert any(one.name == "port-space" for one in draw_all(inert_findings(known))["ports"]) is shown


def test_quiet_moments_are_one_row_and_a_later_change_keeps_its_time() -> None:
    trace = FOUNDING.measurements.trace
    assert trace
    begin = trace.lives[0].steps[0].at
    assert begin

    def step(seconds: int, says: str, before: str = "", after: str = "") -> StepEntry:
        return StepEntry(begin + timedelta(seconds=seconds), 1051, says, before, after, None, "", seconds + 1)

    steps = [
        step(0, "state", "Listen", "SynRcvd"),
        step(1, "state", "SynRcvd", "Established"),
        *(step(2 + number, "data delivered") for number in range(30)),
        step(31, "state", "Established", "CloseWait"),
    ]
    life = change(trace.lives[0], steps=steps, closed_first="remote")
    drawn = picture("one-life", measured(trace=change(trace, lives=[life])))
    shown = texts(drawn)
    assert drawn.alt.startswith("A sequence of 4 moments")
    assert drawn.title.endswith("lasted 31.000 s: the remote closed first")
    assert [one for one in shown if one in {"SYN", "ACK", "FIN"}] == ["SYN", "ACK", "FIN"]
    assert sum("data delivered" in one or one.endswith("delivered") for one in shown) == 1


@pytest.mark.parametrize("name", ["founding-case", "busy-patched"])
def test_time_wait_has_no_length_and_no_end(name: str) -> None:
    drawn = picture("one-life", sample(name))
    shown = texts(drawn)
    assert shown.count("TimeWait: goes on without an event") == 1
    assert drawn.alt.endswith("Closing 0 ms, TimeWait: goes on without an event.")
    assert "entered TIME_WAIT after" in drawn.title
    assert not any("Closed" in one for one in [*shown, drawn.alt])
    assert "1 ms" not in shown
    assert "without the ACKs that change none" in drawn.source


def test_a_life_of_which_the_trace_holds_only_the_end_is_not_drawn() -> None:
    trace = FOUNDING.measurements.trace
    assert trace
    steps = trace.lives[0].steps
    end = next(index for index, one in enumerate(steps) if one.from_state == "TimeWait")
    known = measured(trace=change(trace, lives=[change(trace.lives[0], steps=steps[end - 1 :])]))
    assert not any(one.name == "one-life" for one in draw_all(inert_findings(known))["trace"])


def test_the_arrow_between_the_rates_runs_from_marker_to_marker() -> None:
    drawn = picture("connection-rate", FOUNDING)
    svg = ET.fromstring(drawn.svg)  # noqa: S314 - ours
    needed, seen = (
        next(float(one.get("x", "")) for one in svg.iter(USE) if one.get("fill") == color)
        for color in ("#d55e00", "#0072b2")
    )
    arrow = re.search(r"M ([\d.]+) [\d.]+ Q [\d.]+ [\d.]+ ([\d.]+) ", drawn.svg)
    assert arrow
    right, left = map(float, arrow.groups())
    assert left == pytest.approx(seen, abs=1)
    assert right == pytest.approx(needed - 2.5, abs=1)  # the edge of its marker


def test_a_wrap_long_past_stays_in_view() -> None:
    uptime = FOUNDING.measurements.uptime
    assert uptime.wrap_at
    drawn = picture("uptime-line", measured(uptime=change(uptime, at=uptime.wrap_at + timedelta(days=300))))
    assert drawn.title.startswith("Up 797.1 days: 300 days past the wrap")
    assert any(one.startswith("wrap 12-20") for one in texts(drawn))


def test_thousands_of_ports_are_few_elements() -> None:
    drawn = [one for some in draw_all(inert_findings(FOUNDING)).values() for one in some]
    assert sum(one.svg.count("<") for one in drawn) < 1500
    assert sum(len(one.svg) for one in drawn) < 150_000


def test_text_is_text_in_the_pdf() -> None:
    drawn = picture("connection-rate", FOUNDING)
    page = f"<!DOCTYPE html><html lang=en><title>t</title><figure>{drawn.svg}</figure>"
    pdf = read(render_pdf(page, None))
    shown = words_of(pdf.pages[0])
    for text in ("1,868 times", "needed for 14,943 ports", "0.067/s"):
        assert text in shown
