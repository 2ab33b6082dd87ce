import pytest

from forensics.knowledge.event_ids import KNOWN_EVENTS, known_event, usual_name


def test_each_event_is_listed_once_with_meaning_and_source() -> None:
    assert len({(event.provider, event.id) for event in KNOWN_EVENTS}) == len(KNOWN_EVENTS)
    assert all(event.meaning and event.source for event in KNOWN_EVENTS)


@pytest.mark.parametrize(
    ("spelling", "usual"),
    [
        ("USER32", "User32"),
        ("User32", "User32"),
        ("eventlog", "EventLog"),
        ("Microsoft-Windows-Eventlog", "Microsoft-Windows-Eventlog"),
        ("Tcpip6", "Tcpip"),
        ("AFD", "AFD"),
        ("W32Time", "Microsoft-Windows-Time-Service"),
        ("Disk", "Disk"),
    ],
)
def test_usual_name(spelling: str, usual: str) -> None:
    assert usual_name(spelling) == usual


@pytest.mark.parametrize(
    ("provider", "event_id", "known"),
    [
        ("EventLog", 6013, True),
        ("EventLog", 6014, False),
        ("EventLog", 104, False),
        ("Microsoft-Windows-Eventlog", 104, True),
        ("Microsoft-Windows-Eventlog", 6013, False),
        ("Tcpip", 4227, True),
        ("Tcpip", 4228, False),
        ("Tcpip6", 4231, True),
        ("Microsoft-Windows-Kernel-General", 12, True),
        ("Microsoft-Windows-Kernel-Power", 12, False),
    ],
)
def test_known_event(provider: str, event_id: int, known: bool) -> None:
    assert (known_event(provider, event_id) is not None) == known
