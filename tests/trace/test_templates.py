"""Every template of the table is found in a line that shows it, in either decoder's writing."""

import re

import pytest

from forensics.trace import read_trace
from forensics.trace.templates import BY_ID, TEMPLATES, Template


def shown(template: Template) -> str:
    """Fill the fields in as Windows would."""
    text = template.text
    for field, value in (
        ("local=%", "local=10.0.0.8:5000"), ("remote=%", "remote=10.0.0.9:80"), ("Family=%", "Family=IPV4 "), ("PID=%", "PID=4"),
        ("sockaddr=%", "sockaddr=0.0.0.0:0"), ("port number %", "port number 5000"), ("PID = %", "PID = 4"),
        ("Successful = %", "Successful = TRUE "), ("transition from %", "transition from ClosedState "), (" to %", " to SynSentState "),
        ("TimedWaitDelay = %", "TimedWaitDelay = 120"), ("Family %", "Family IPV4 "), ("status = %", "status = 0x0"),
    ):  # fmt: skip
        text = re.sub(re.escape(field) + r"\d+", value, text)
    return re.sub(r"%\d+", "0xFFFFFA80C3956B20", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: str(template.id))
def test_it_is_recognised(template: Template) -> None:
    line = f"[1]0F24.1020::2018-12-24 20:15:22.978 [Microsoft-Windows-TCPIP]{shown(template)}\r\n".encode()
    trace = read_trace([line, b"[1]0F24.1020::2018-12-24 20:15:22.978 [nt]NSI: Enter.\r\n"])
    assert (trace.lines, trace.unrecognised_lines) == (2, 1)
    failures = [row.event_id for row in trace.failures]
    assert failures == ([template.id] if template.fails else [])


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(TEMPLATES)
