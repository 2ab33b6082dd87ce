"""What the Rust package `evtx` reads in a log, in the shape of our events."""

import io
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Any, NamedTuple

from evtx import PyEvtxParser

NAMESPACE = re.compile(r"\{[^}]*\}")
NO_TEXT = re.compile(r"\n *")  # how Rust prints an element without content
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # Rust prints them; XML has no place for them


class RustEvent(NamedTuple):
    at: datetime | None
    provider: str
    id: int
    computer: str
    strings: tuple[str, ...]
    names: tuple[str, ...]
    binary: bytes


def rust_events(data: bytes) -> tuple[dict[int, RustEvent], list[str]]:
    """Return the first event of each record ID, and the errors."""
    events: dict[int, RustEvent] = {}
    errors: list[str] = []
    records = PyEvtxParser(io.BytesIO(data), number_of_threads=1).records()
    while True:
        try:
            record: Any = next(records)
        except StopIteration:
            return events, errors
        except RuntimeError as error:
            errors.append(str(error))
        else:
            events.setdefault(record["event_record_id"], event_of(record["data"]))


def event_of(xml: str) -> RustEvent:
    root = ET.fromstring(CONTROL.sub("\ufffd", xml).encode("utf-8", "replace"))  # noqa: S314
    children = {tag(child): child for child in root}
    system = {tag(child): child for child in children["System"]}
    at = system["TimeCreated"].get("SystemTime")
    strings: list[str] = []
    names: list[str] = []
    binary = b""
    for element in children.get("EventData", ()):
        if tag(element) == "Data":
            strings.append(text(element))
            names.append(element.get("Name", ""))
        elif tag(element) == "Binary":
            binary = bytes.fromhex(text(element))
        else:
            leaves(element, strings, names)
    for element in children.get("UserData", ()):
        leaves(element, strings, names)
    return RustEvent(
        at=datetime.fromisoformat(at) if at else None,
        provider=system["Provider"].get("Name", ""),
        id=int(text(system["EventID"])),
        computer=text(system["Computer"]) if "Computer" in system else "",
        strings=tuple(strings),
        names=tuple(names),
        binary=binary,
    )


def leaves(element: ET.Element, strings: list[str], names: list[str]) -> None:
    if len(element):
        for child in element:
            leaves(child, strings, names)
    else:
        strings.append(text(element))
        names.append(tag(element))


def tag(element: ET.Element) -> str:
    return NAMESPACE.sub("", element.tag)


def text(element: ET.Element) -> str:
    return plain(element.text or "")


def plain(found: str) -> str:
    """Return a text without what XML loses: control characters, kinds of line ends, a line end as the only text."""
    found = CONTROL.sub("\ufffd", found).replace("\r\n", "\n").replace("\r", "\n")
    return "" if NO_TEXT.fullmatch(found) else found
