"""Reads what the builder wrote by other means than the builder's own and the analyzer's."""

import io
import re
from datetime import datetime

import pytest

evtx = pytest.importorskip("evtx")


def tcp_rows(text: str) -> list[tuple[str, str, str, int]]:
    """Local, remote, state, PID of each TCP row."""
    found = re.findall(r"^ +TCP +(\S+) +(\S+) +(\S+) +(\d+)\r?$", text, re.MULTILINE)
    return [(local, remote, state, int(pid)) for local, remote, state, pid in found]


def active_opens(text: str, family: int = 4) -> int:
    """The first counter of the block "TCP … IPv4" or the next, IPv6: the fourth and third blocks from the end."""
    blocks = re.split(r"\r\n\r\n(?=\S)", text)
    return int(re.findall(r"= (\d+)", blocks[-4 if family == 4 else -3])[0])


def events_of(files: dict[str, bytes]) -> list[tuple[int, str, int, datetime, list[str]]]:
    """Record ID, provider, event ID, time and data, in order of record IDs."""
    found = []
    for record in evtx.PyEvtxParser(io.BytesIO(files["eventlog/System.evtx"])).records():
        xml = record["data"]
        provider = re.search(r'Provider Name="([^"]+)"', xml)
        number = re.search(r"<EventID[^>]*>(\d+)", xml)
        at = re.search(r'SystemTime="([^"]+)"', xml)
        assert provider
        assert number
        assert at
        data = [part.strip() for part in re.findall(r"<Data[^>]*>(.*?)</Data>", xml, re.DOTALL)]
        moment = datetime.fromisoformat(at[1])
        found.append((record["event_record_id"], provider[1], int(number[1]), moment, data))
    return sorted(found)
