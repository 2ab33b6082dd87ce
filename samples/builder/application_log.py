"""Logs of an application, in the forms that programs on Windows write, with what is true of them.

The agent of the founding case logs one submission about every 15.4 s, and a count of the milliseconds since it
started; its own words are not published, so the text of the line is invented. What a reader should find is in
``Written``, taken from the simulation and not from the text.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # strftime's are the builder's own locale's
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock, whatever its zone

Stamp = Callable[[datetime], str]


def _half_day(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M:%S} {'PM' if at.hour >= 12 else 'AM'}"


STAMPS: dict[str, Stamp] = {
    "iso": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}",
    "iso-blank": lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    "log4j": lambda at: f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03}",
    "brackets": lambda at: f"[{at:%Y-%m-%d %H:%M:%S}:{at.microsecond // 1000:03}]",
    "java-wrapper": lambda at: f"INFO   | jvm 1    | {at:%Y/%m/%d %H:%M:%S} |",
    "day-first": lambda at: f"{at:%d/%m/%Y %H:%M:%S}",
    "german": lambda at: f"{at:%d.%m.%Y %H:%M:%S}",
    "month-first": lambda at: f"{at.month}/{at.day}/{at.year} {_half_day(at)}",
    "new-dotnet": lambda at: f"{at.month}/{at.day}/{at.year} {_half_day(at).replace(' ', chr(0x202F))}",
    "short-year-first": lambda at: f"{at:%y/%m/%d %H:%M:%S}",
    "taiwan": lambda at: f"{at:%Y/%m/%d} {'下午' if at.hour >= 12 else '上午'} {at.hour % 12 or 12:02}:{at:%M:%S}",
    "thai": lambda at: f"{at.day}/{at.month}/{at.year + 543} {at:%H:%M:%S}",
    "apache-error": lambda at: f"[{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S}.{at:%f} {at.year}]",
    "java-util": lambda at: f"{_MONTHS[at.month - 1]} {at.day}, {at.year} {_half_day(at)}",
    "tomcat": lambda at: f"{at:%d}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S}.{at.microsecond // 1000:03}",
    "boost": lambda at: f"{at.year}-{_MONTHS[at.month - 1]}-{at:%d %H:%M:%S}.{at:%f}",
    "digits": lambda at: f"{at:%Y%m%d%H%M%S}",
    "nginx-error": lambda at: f"{at:%Y/%m/%d %H:%M:%S} [notice] 1536#1280:",
}
"""Times as a program prints them, without a zone."""

ZONED: dict[str, Callable[[datetime, int], str]] = {
    "iso-utc": lambda at, hours: f"{at - timedelta(hours=hours):%Y-%m-%dT%H:%M:%S.%f}Z",
    "iso-offset": lambda at, hours: f"{at:%Y-%m-%dT%H:%M:%S}{hours:+03}:00",
    "apache": lambda at, hours: (
        f"203.0.113.9 - - [{at:%d}/{_MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S} {hours:+03}00]"
    ),
    "epoch": lambda at, hours: f"{(at - _EPOCH).total_seconds() - hours * 3600:.3f}",
    "epoch-milliseconds": lambda at, hours: f"{((at - _EPOCH).total_seconds() - hours * 3600) * 1000:.0f}",
    "json": lambda at, hours: f'{{"level":"info","ts":{(at - _EPOCH).total_seconds() - hours * 3600:.3f},"m":"',
}
"""Times that name their moment, of a clock that many hours east of UTC."""


@dataclass(frozen=True, slots=True)
class Written:
    """A log's lines, and what is true of them.

    Attributes:
        lines: The lines, without their ends.
        times: When each submission was logged, by the wall clock.
        numbers: In which line (1-based) each submission stands.
        ages: Seconds since the process started, at each.
    """

    lines: tuple[str, ...]
    times: tuple[datetime, ...]
    numbers: tuple[int, ...]
    ages: tuple[float, ...]

    @property
    def text(self) -> str:
        """The file, with Windows' line ends."""
        return "".join(f"{line}\r\n" for line in self.lines)

    @property
    def intervals(self) -> tuple[float, ...]:
        """Seconds from each submission to the next."""
        return tuple((b - a).total_seconds() for a, b in zip(self.times, self.times[1:], strict=False))


def agent_log(
    begin: datetime,
    count: int,
    stamp: Stamp = STAMPS["iso-blank"],
    *,
    started: datetime | None = None,
    interval: float = 15.4365,
    jitter: float = 0.02,
    remote: str = "http://203.0.113.40:8080/v1/metrics",
    noise: float = 0.0,
    unit: float = 0.001,
    counter_first: bool = False,
    restarts: tuple[int, ...] = (),
    clock_set: tuple[int, float] | None = None,
    seed: int = 497,
) -> Written:
    """An agent that submits at an interval.

    Args:
        begin: Wall clock at the first submission.
        count: How many submissions.
        stamp: How a time is printed.
        started: When the process started; None where its lines hold no count.
        interval: Seconds between submissions.
        jitter: By how many seconds each interval may be longer.
        remote: Where to.
        noise: The share of submissions that are followed by a failure with its stack trace.
        unit: What the count counts, in seconds.
        counter_first: Whether the count begins the line, before the time.
        restarts: Before which submissions the process starts anew.
        clock_set: Before which submission somebody sets the clock, and by how many seconds.
        seed: Of the random numbers.
    """
    chance = random.Random(seed)
    lines: list[str] = []
    times: list[datetime] = []
    numbers: list[int] = []
    ages: list[float] = []
    at, wall = begin, begin  # of a steady clock, and of the machine's
    for number in range(count):
        if number:
            step = timedelta(milliseconds=round(1000 * (interval + chance.uniform(0, jitter))))
            at, wall = at + step, wall + step
        if clock_set and number == clock_set[0]:
            wall += timedelta(seconds=clock_set[1])
        if started and number in restarts:
            started = at - timedelta(seconds=chance.uniform(1, 3))
        age = (at - started).total_seconds() if started else 0.0
        counter = f"{round(age / unit)} " if started else ""
        message = f"[pool-2-thread-{chance.randint(1, 9)}] INFO submit {chance.randint(1, 40)} metrics to {remote}: 200"
        lines.append(f"{counter}{stamp(wall)} {message}" if counter_first else f"{stamp(wall)} {counter}{message}")
        times.append(wall)
        numbers.append(len(lines))
        ages.append(age)
        if chance.random() < noise:
            lines += [
                f"{stamp(wall)} ERROR cannot submit",
                "java.net.BindException: Address already in use: connect",
                "\tat java.net.PlainSocketImpl.socketConnect(Native Method)",
                "\tat com.example.Agent.submit(Agent.java:127)",
            ]
    return Written(tuple(lines), tuple(times), tuple(numbers), tuple(ages))


def log_of(times: Sequence[datetime], started: datetime, remote: str, seed: int = 497) -> Written:
    """The same agent, where it is known when it submitted; its lines count the milliseconds since it started."""
    chance = random.Random(seed)
    ages = tuple((at - started).total_seconds() for at in times)
    lines = [
        f"{STAMPS['log4j'](at)} {round(age * 1000)} [pool-2-thread-{chance.randint(1, 9)}] INFO submit "
        f"{chance.randint(1, 40)} metrics to {remote}: 200"
        for at, age in zip(times, ages, strict=True)
    ]
    return Written(tuple(lines), tuple(times), tuple(range(1, len(lines) + 1)), ages)


def iis_log(begin_utc: datetime, seconds: list[float], client: str = "198.51.100.7") -> str:
    """What IIS 7.5 writes: W3C extended, times in UTC."""
    fields = (
        "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken"
    )
    lines = [
        "#Software: Microsoft Internet Information Services 7.5",
        "#Version: 1.0",
        f"#Date: {begin_utc:%Y-%m-%d %H:%M:%S}",
        f"#Fields: {fields}",
    ]
    for number, after in enumerate(seconds):
        at = begin_utc + timedelta(seconds=after)
        lines.append(f"{at:%Y-%m-%d %H:%M:%S} 10.0.0.5 GET /poll - 80 - {client} Agent/1.0 200 {15 + number % 7}")
    return "".join(f"{line}\r\n" for line in lines)


def firewall_log(begin: datetime, seconds: list[float], remote: str = "203.0.113.40", port: int = 443) -> str:
    """What the Windows firewall writes: W3C too, but in local time, and it says so."""
    fields = "date time action protocol src-ip dst-ip src-port dst-port size "
    fields += "tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path"
    lines = ["#Version: 1.5", "#Software: Microsoft Windows Firewall", "#Time Format: Local", f"#Fields: {fields}", ""]
    for number, after in enumerate(seconds):
        at = begin + timedelta(seconds=after)
        ports = f"{49152 + number * 7 % 16384} {port}"
        lines.append(f"{at:%Y-%m-%d %H:%M:%S} ALLOW TCP 10.0.0.5 {remote} {ports} 0 - 0 0 0 - - - SEND")
    return "".join(f"{line}\r\n" for line in lines)


def syslog(begin: datetime, seconds: list[float]) -> str:
    """Times without a year, as syslog agents write them (RFC 3164)."""
    lines = []
    for after in seconds:
        at = begin + timedelta(seconds=after)
        lines.append(f"{_MONTHS[at.month - 1]} {at.day:2} {at:%H:%M:%S} SRV1 agent[1536]: poll done")
    return "".join(f"{line}\n" for line in lines)
