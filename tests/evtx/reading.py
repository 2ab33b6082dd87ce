"""A log read by the parser, and read in full: every event, not only those that bear on ports."""

from forensics.parsers.event_log import EventLog, _LogReader, parse


class Everything:
    def __contains__(self, _: object) -> bool:
        return True


def read_all(data: bytes) -> EventLog:
    return _LogReader(data, Everything(), lambda _, __: True).read()


def read(data: bytes) -> EventLog:
    (found,) = parse(data).facts
    assert isinstance(found, EventLog)
    return found


def messages(data: bytes) -> str:
    return "\n".join(problem.message for problem in parse(data).problems)


def characters(found: EventLog) -> int:
    """How much text the events hold."""
    texts = (text for event in found.events for text in (event.provider, event.computer, *event.names, *event.strings))
    return sum(map(len, texts))
