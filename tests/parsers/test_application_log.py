"""Logs of applications, held against what the simulated agent really did."""

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import median

import pytest
from builder.application_log import STAMPS, ZONED, Written, agent_log, firewall_log, iis_log, syslog
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.parsed import Problem
from forensics.parsers import application_log, text_parsers
from forensics.parsers.application_log import ApplicationLog, ProcessAge, Remote, Repeated, parse, recognise
from forensics.text import log_times
from forensics.text.lines import split_lines

from . import hostile


def local(year: int, month: int, day: int, *clock: int) -> datetime:
    """A wall clock, naive as the log's times are."""
    hour, minute, second, microsecond = (*clock, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001


BEGIN = local(2018, 12, 24, 17, 51, 20, 123_000)
DAY = 86_400
STARTED = BEGIN - timedelta(days=485.32)


def the_log(text: str) -> ApplicationLog:
    (fact,) = parse(text).facts
    assert isinstance(fact, ApplicationLog)
    return fact


def repeated(text: str) -> Repeated:
    found = the_log(text).repeated
    assert found is not None
    return found


def age(text: str) -> ProcessAge:
    found = the_log(text).age
    assert found is not None
    return found


def cut(at: datetime, log: ApplicationLog) -> datetime:
    return at.replace(microsecond=0) if log.resolution_seconds == 1 else at


FOUNDING = (
    "2018-12-24 17:57:20 | 41931904323 [pool-2-thread-1] INFO submit 1\n"
    "2018-12-24 17:57:36 | 41931919752 [pool-2-thread-1] INFO submit 2\n"
    "2018-12-24 17:57:51 | 41931935196 [pool-2-thread-1] INFO submit 3\n"
)


def test_the_founding_case() -> None:
    found = age(FOUNDING)
    assert found.seconds / DAY == pytest.approx(485.32, abs=0.01)
    assert (found.unit, found.pairs, found.misfits, found.line) == ("milliseconds", 2, 0, 3)
    assert found.at is None
    assert found.at_local == (local(2018, 12, 24, 17, 57, 51),)
    # domain.md §4.1: boot no later than 2017-08-26 10:12, from the line of 41931919752
    started = found.at_local[0] - timedelta(seconds=found.seconds)
    assert abs(started - local(2017, 8, 26, 10, 12)) < timedelta(minutes=1)
    assert found.uncertain_seconds < 3


@pytest.mark.parametrize("name", STAMPS)
def test_every_form_without_a_zone(name: str) -> None:
    written = agent_log(BEGIN, 40, STAMPS[name])
    assert recognise(written.text)
    log = the_log(written.text)
    assert log.events == 40
    assert (log.first, log.last) == (None, None)
    truth = [cut(at, log) for at in (written.times[0], written.times[-1])]
    assert truth[0] in log.first_local
    assert truth[1] in log.last_local
    if name != "short-year-first":
        assert (len(log.first_local), len(log.last_local)) == (1, 1)
    assert log.repeated is not None
    assert log.repeated.count == 40
    assert log.repeated.interval_seconds == pytest.approx(median(written.intervals), abs=0.03)
    assert log.repeated.rate == pytest.approx(39 / sum(written.intervals), rel=0.01)
    assert log.repeated.remote == Remote("203.0.113.40", 8080)
    assert log.repeated.lines == (1, 2, 3, 40)


@pytest.mark.parametrize("name", ZONED)
@pytest.mark.parametrize("hours", [8, -5])
def test_every_form_with_a_zone(name: str, hours: int) -> None:
    written = agent_log(BEGIN, 40, lambda at: ZONED[name](at, hours))
    assert recognise(written.text)
    log = the_log(written.text)
    assert log.events == 40
    assert (log.first_local, log.last_local) == ((), ())
    utc = [(at - timedelta(hours=hours)).replace(tzinfo=UTC) for at in written.times]
    assert log.first is not None
    assert log.last is not None
    assert abs(log.first - utc[0]) < timedelta(seconds=log.resolution_seconds + 0.001)
    assert abs(log.last - utc[-1]) < timedelta(seconds=log.resolution_seconds + 0.001)


NUMERIC_ZONES = {
    "2018-12-24 17:51:20 +0800 x": datetime(2018, 12, 24, 9, 51, 20, tzinfo=UTC),
    "2018-12-24 17:51:20,123+08 x": datetime(2018, 12, 24, 9, 51, 20, 123_000, tzinfo=UTC),
    "2018-12-24T17:51:20.5-03:30 x": datetime(2018, 12, 24, 21, 21, 20, 500_000, tzinfo=UTC),
    "2018-12-24 17:51:20 UTC x": datetime(2018, 12, 24, 17, 51, 20, tzinfo=UTC),
    "Mon Dec 24 2018 17:51:20 GMT+0800 x": datetime(2018, 12, 24, 9, 51, 20, tzinfo=UTC),
    "Mon, 24 Dec 2018 17:51:20 GMT x": datetime(2018, 12, 24, 17, 51, 20, tzinfo=UTC),
    "20181224T175120Z x": datetime(2018, 12, 24, 17, 51, 20, tzinfo=UTC),
    "20181224 175120 x": None,
    "20181224-175120 x": None,
    # names of zones are not unique, and a number beside the time need not be an offset
    "Mon Dec 24 17:51:20 CST 2018 x": None,
    "2018-12-24 17:51:20 PST x": None,
    "2018-12-24 17:51:20 -1234 bytes": None,
    "2018-12-24 17:51:20 - 0800 x": None,
}


@pytest.mark.parametrize("line", NUMERIC_ZONES)
def test_a_zone_only_where_it_is_printed(line: str) -> None:
    log = the_log(line)
    assert log.first == NUMERIC_ZONES[line]
    if log.first is None:
        assert log.first_local == (local(2018, 12, 24, 17, 51, 20),)


def days_log(texts: list[str]) -> ApplicationLog:
    return the_log("".join(f"{text} poll\n" for text in texts))


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["03/04/2019 10:00:00", "13/04/2019 10:00:00"], [(2019, 4, 3)]),
        (["03/04/2019 10:00:00", "03/13/2019 10:00:00"], [(2019, 3, 4)]),
        (["03.04.2019 10:00:00"], [(2019, 4, 3)]),  # dots: the day first
        # midnight passes: the number that went up is the day
        (["03/04/2019 23:59:50", "04/04/2019 00:00:05"], [(2019, 4, 3)]),
        (["03/04/2019 23:59:50", "03/05/2019 00:00:05"], [(2019, 3, 4)]),
        (["18/12/24 23:59:50", "18/12/25 00:00:05"], [(2018, 12, 24)]),
        (["18/12/24 23:59:50", "19/12/24 00:00:05"], [(2024, 12, 18)]),
        # one damaged date does not decide
        (["03/04/2019 10:00:00", "03/13/2019 10:00:00", "03/14/2019 10:00:00", "99/99/2019 10:00:00"], [(2019, 3, 4)]),
        # open: every reading
        (["03/04/2019 10:00:00", "03/04/2019 11:00:00"], [(2019, 4, 3), (2019, 3, 4)]),
        (["18/12/24 10:00:00"], [(2024, 12, 18), (2018, 12, 24)]),
        (["03/04/2019 10:00:00", "05/06/2019 10:00:00"], [(2019, 4, 3), (2019, 3, 4)]),
        (["05/05/2019 10:00:00"], [(2019, 5, 5)]),
    ],
)
def test_the_order_of_day_and_month(texts: list[str], first: list[tuple[int, int, int]]) -> None:
    log = days_log(texts)
    assert {one.date() for one in log.first_local} == {local(*one).date() for one in first}


def test_an_open_order_is_said() -> None:
    problems = parse("03/04/2019 10:00:00 a\n03/04/2019 10:00:15 a\n").problems
    assert problems == (
        Problem(None, "nothing decides the order of day and month in its dates: both readings are kept"),
    )


def test_times_without_a_year() -> None:
    log = the_log(syslog(local(2018, 12, 31, 23, 50), [0, 300, 700, 900]))
    assert (log.first_local, log.first) == ((), None)
    assert log.yearless == (local(2000, 12, 31, 23, 50), local(2001, 1, 1, 0, 5))
    assert log.repeated is not None
    assert log.repeated.interval_seconds == 300
    assert log.steps_back == 0


def test_w3c_is_utc_and_names_the_client() -> None:
    log = the_log(iis_log(local(2018, 12, 24, 9, 51, 20), [0, 15, 30, 46]))
    assert log.events == 4
    assert log.first == datetime(2018, 12, 24, 9, 51, 20, tzinfo=UTC)
    assert log.repeated is not None
    assert log.repeated.remote == Remote("198.51.100.7", None)


def test_the_firewall_log_is_local() -> None:
    log = the_log(firewall_log(local(2018, 12, 24, 17, 51, 20), [0, 15, 30, 46]))
    assert log.events == 4
    assert log.first_local == (local(2018, 12, 24, 17, 51, 20),)


@pytest.mark.parametrize(
    ("message", "remote"),
    [
        ("POST https://metrics.example.com/v1?id=7", Remote("metrics.example.com", 443)),
        ("POST http://[2001:db8::7]:8080/", Remote("2001:db8::7", 8080)),
        ("connect 10.0.0.5 -> 203.0.113.40:443", Remote("203.0.113.40", 443)),
        ("connect [fe80::1%11]:443", Remote("fe80::1", 443)),
        ("connect to 203.0.113.40", Remote("203.0.113.40", None)),
        ("connect 203.0.113.40 and 203.0.113.41", None),
        ("at Agent.java:127 version 6.1.7601.17514", None),
        ("203.0.113.400:80", None),
        ("203.0.113.40:99999", None),
    ],
)
def test_the_remote(message: str, remote: Remote | None) -> None:
    text = "".join(f"2018-12-24 17:51:{second} {message}\n" for second in (20, 35, 50))
    assert repeated(text).remote == remote


def test_the_constant_end_is_the_remote_and_a_changing_port_is_not() -> None:
    text = "".join(
        f"2018-12-24 17:{n // 60:02}:{n % 60:02} 10.0.0.5:{50_000 + n} -> 203.0.113.40:443\n" for n in range(30)
    )
    assert repeated(text).remote == Remote("203.0.113.40", 443)


def test_a_remote_of_few_lines_is_not_the_remote() -> None:
    text = "".join(
        f"2018-12-24 17:{n:02}:20 poll {'203.0.113.40:443' if n % 3 else f'203.0.113.{n}:443'}\n" for n in range(30)
    )
    assert repeated(text).remote == Remote("203.0.113.40", 443)
    text = "".join(f"2018-12-24 17:{n:02}:20 poll 203.0.113.{n // 2}:443\n" for n in range(30))
    assert repeated(text).remote is None
    text = "".join(f"2018-12-24 17:{n:02}:20 poll 203.0.113.{n if n % 3 else 200}:443\n" for n in range(30))
    assert repeated(text).remote is None


def test_numbers_guids_and_hex_do_not_tell_lines_apart() -> None:
    chance = random.Random(1)
    lines = []
    for n in range(50):
        guid = f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04X}-1111-abcd-{chance.getrandbits(48):012x}"
        lines.append(f"2018-12-24 10:00:{n:02} job {guid} at 0x{chance.getrandbits(40):X} took {n * n}.{n} ms\n")
        lines.append(f"2018-12-24 10:00:{n:02} other {'abcdefghij'[n % 10]}\n")
    found = repeated("".join(lines))
    assert (found.count, found.pattern) == (50, "job # at # took #.# ms")


# --- the age ---


def steady(**changes: object) -> Written:
    return agent_log(BEGIN, 60, STAMPS["iso-blank"], started=STARTED, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("counter_first", [False, True])
@pytest.mark.parametrize("name", ["iso-blank", "log4j", "java-wrapper", "apache-error", "month-first", "brackets"])
def test_a_counter_of_milliseconds(name: str, counter_first: bool) -> None:
    written = agent_log(BEGIN, 60, STAMPS[name], started=STARTED, counter_first=counter_first, noise=0.2)
    found = age(written.text)
    assert found.line in written.numbers
    assert found.seconds == pytest.approx(written.ages[written.numbers.index(found.line)], abs=0.002)
    assert (found.unit, found.misfits) == ("milliseconds", 0)
    assert found.pairs >= 50
    started = found.at_local[0] - timedelta(seconds=found.seconds)
    assert abs(started - STARTED).total_seconds() <= found.uncertain_seconds


def test_a_counter_of_seconds_needs_uneven_intervals() -> None:
    uneven = agent_log(BEGIN, 60, started=STARTED, unit=1.0, jitter=40.0)
    found = age(uneven.text)
    assert found.unit == "seconds"
    assert found.seconds == pytest.approx(uneven.ages[-1], abs=30)
    even = agent_log(BEGIN, 60, started=STARTED, unit=1.0, interval=15.0, jitter=0.0)
    assert the_log(even.text).age is None


def test_a_number_of_lines_one_a_second_is_no_age() -> None:
    text = "".join(f"{BEGIN + timedelta(seconds=n):%Y-%m-%d %H:%M:%S} {1000 + n} beat\n" for n in range(500))
    assert the_log(text).age is None


def test_no_age_from_two_lines_or_a_short_time() -> None:
    lines = FOUNDING.splitlines(keepends=True)
    assert the_log("".join(lines[:2])).age is None
    close = agent_log(BEGIN, 3, started=STARTED, interval=2.0)
    assert the_log(close.text).age is None


def test_a_counter_behind_the_name_of_a_thread() -> None:
    written = agent_log(BEGIN, 60, lambda at: f"{STAMPS['log4j'](at)} [pool-2-thread-7] DEBUG", started=STARTED)
    assert age(written.text).pairs == 59


def test_a_counter_that_goes_back_a_little_is_no_age() -> None:
    text = "".join(
        f"{BEGIN + timedelta(seconds=3 * (n // 2)):%Y-%m-%d %H:%M:%S} {10**6 + 3000 * (n // 2) - n % 2 + n // 9}\n"
        for n in range(300)
    )
    assert the_log(text).age is None


def test_clocks_may_drift_apart() -> None:
    text = "".join(
        f"{BEGIN + timedelta(hours=n):%Y-%m-%d %H:%M:%S} {10**6 + 3_601_800 * n + n * n}\n" for n in range(20)
    )
    assert (age(text).pairs, age(text).misfits) == (19, 0)


def test_two_comparisons_close_together_are_not_sure() -> None:
    assert the_log(agent_log(BEGIN, 3, started=STARTED, interval=6.0).text).age is None
    assert the_log(agent_log(BEGIN, 6, started=STARTED, interval=6.0).text).age is not None


@pytest.mark.parametrize("slope", [0.9, 1.1, 0.001, 1000.0, -1.0, 0.0])
def test_a_counter_of_another_speed_is_no_age(slope: float) -> None:
    seconds = list(accumulate([15.4, 15.5, 15.6] * 20))
    text = "".join(
        f"{BEGIN + timedelta(seconds=one):%Y-%m-%d %H:%M:%S} {10**9 + round(1000 * slope * one)} sent\n"
        for one in seconds
    )
    assert the_log(text).age is None


@pytest.mark.parametrize("epoch", [local(1970, 1, 1), local(2000, 1, 1), local(2018, 12, 24)])
def test_a_clock_is_no_age(epoch: datetime) -> None:
    assert the_log(agent_log(BEGIN, 60, started=epoch).text).age is None


def test_random_numbers_are_no_age() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        value = 10**6
        lines = []
        for n in range(200):
            value += chance.choice([chance.randint(0, 40_000), 15_000, 15_400])
            at = BEGIN + timedelta(seconds=15.4 * n)
            lines.append(f"{at:%Y-%m-%d %H:%M:%S} {value if seed % 2 else chance.randint(10**5, 10**6)} bytes sent\n")
        assert the_log("".join(lines)).age is None


def test_the_clock_is_set() -> None:
    written = steady(clock_set=(30, 3600.0))
    found = age(written.text)
    assert found.misfits == 1
    assert found.seconds == pytest.approx(written.ages[written.numbers.index(found.line)], abs=0.002)
    back = the_log(steady(clock_set=(30, -3600.0)).text)
    assert back.steps_back == 1
    assert back.age is not None
    assert back.repeated is not None
    assert back.repeated.interval_seconds == pytest.approx(15.4, abs=1)


def test_the_process_restarts() -> None:
    written = agent_log(BEGIN, 200, started=STARTED, restarts=(150,))
    found = age(written.text)
    assert found.seconds == pytest.approx(written.ages[written.numbers.index(found.line)], abs=0.002)
    assert found.seconds < 50 * 16
    assert found.first_line == 151
    often = agent_log(BEGIN, 200, started=STARTED, restarts=tuple(range(0, 200, 8)))
    assert the_log(often.text).age is None


def test_a_restart_at_the_end_leaves_the_age_before_it() -> None:
    written = agent_log(BEGIN, 60, started=STARTED, restarts=(59,))
    found = age(written.text)
    assert found.line == 59
    assert found.seconds > 485 * DAY


def test_two_processes_in_one_log_have_no_age() -> None:
    one = agent_log(BEGIN, 60, started=STARTED)
    other = agent_log(BEGIN + timedelta(seconds=3), 60, started=BEGIN - timedelta(days=3), seed=2)
    text = "".join(f"{a}\n{b}\n" for a, b in zip(one.lines, other.lines, strict=True))
    assert the_log(text).age is None


# --- disorder and damage ---


def test_stack_traces_are_no_events() -> None:
    written = agent_log(BEGIN, 100, noise=0.5)
    log = the_log(written.text)
    failures = sum("cannot submit" in line for line in written.lines)
    assert failures > 30
    assert log.events == 100 + failures
    assert log.repeated is not None
    assert log.repeated.count == 100
    assert log.repeated.interval_seconds == pytest.approx(15.4, abs=0.7)


def test_a_pause_is_left_out_of_the_rate() -> None:
    first, second = agent_log(BEGIN, 50), agent_log(BEGIN + timedelta(days=5), 50)
    found = repeated(first.text + second.text)
    assert found.rate == pytest.approx(1 / 15.4465, rel=0.01)


def test_the_median_of_a_long_log_is_of_all_of_it() -> None:
    seconds = list(accumulate([1] * 5_000 + [3] * 20_000))
    text = "".join(f"{BEGIN + timedelta(seconds=one):%Y-%m-%d %H:%M:%S} poll\n" for one in seconds)
    assert repeated(text).interval_seconds == 3


def test_the_first_time_of_a_line_counts() -> None:
    until = "2018-12-24 10:00:00 until 2019-01-31 00:00:00\n"
    text = f"licence is good for use:  2019-01-31 00:00:00\n2018-12-24 09:59:00 a\n{until}{until}"
    assert the_log(text).last_local == (local(2018, 12, 24, 10, 0, 0),)


def test_an_irregular_line_has_no_pauses_to_leave_out() -> None:
    seconds = list(accumulate([3, 5, 16_000] * 20))
    text = "".join(f"{BEGIN + timedelta(seconds=one):%Y-%m-%d %H:%M:%S} poll\n" for one in seconds)
    assert repeated(text).rate == pytest.approx(59 / (seconds[-1] - seconds[0]))


def test_bursts_at_a_coarse_clock() -> None:
    text = "".join(f"{BEGIN + timedelta(seconds=n // 50):%Y-%m-%d %H:%M:%S} open\n" for n in range(5_000))
    found = repeated(text)
    assert found.interval_seconds == pytest.approx(0.02, rel=0.15)
    assert found.rate == pytest.approx(50, rel=0.15)


def test_newest_first() -> None:
    written = agent_log(BEGIN, 40)
    text = "".join(f"{line}\n" for line in reversed(written.lines))
    log = the_log(text)
    assert recognise(text)
    assert log.first_local == (written.times[0].replace(microsecond=0),)
    assert log.last_local == (written.times[-1].replace(microsecond=0),)
    assert log.steps_back == 0


def test_mixed_forms() -> None:
    one, other = agent_log(BEGIN, 30, STAMPS["log4j"]), agent_log(BEGIN, 30, lambda at: ZONED["iso-utc"](at, 8))
    text = "".join(f"{a}\r\n{b}\r\n" for a, b in zip(one.lines, other.lines, strict=True))
    log = the_log(text)
    assert log.events == 60
    assert log.first_local == (one.times[0],)
    assert log.first is not None
    assert log.repeated is not None
    assert log.repeated.interval_seconds == pytest.approx(15.4, abs=0.2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(end: str) -> None:
    written = agent_log(BEGIN, 20, started=STARTED)
    text = end.join(written.lines)
    assert the_log(text) == the_log(written.text)
    assert the_log(text).last_line == 20


def test_wrong_dates_are_counted() -> None:
    written = agent_log(BEGIN, 20)
    text = written.text + "2018-02-30 10:00:00 a\r\n2018-12-24 25:00:00 a\r\n9999-12-24 10:00:00 a\r\n"
    assert parse(text).problems == (Problem(21, "3 lines with a date or time that cannot be, the first here"),)
    assert the_log(text).events == 20


@pytest.mark.parametrize("text", ["", "no times here\nnone\n", "10:00:00 started\n10:00:15 poll\n", "\x00" * 100])
def test_no_times_is_a_problem(text: str) -> None:
    parsed = parse(text)
    assert parsed.facts == ()
    (problem,) = parsed.problems
    assert problem.message == (
        "no line bears a date and time that can be read: nothing can be told of how often or when"
    )
    assert not recognise(text)


def test_cut_anywhere() -> None:
    text = agent_log(BEGIN, 4, started=STARTED, noise=0.5).text
    for end in range(len(text)):
        for fact in parse(text[:end]).facts:
            hash(fact)


SEEDS = [
    *(agent_log(BEGIN, 6, stamp, started=STARTED, noise=0.3).text for stamp in STAMPS.values()),
    iis_log(BEGIN, [0, 9]),
]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_damage(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 100)))
        piece = data.draw(
            st.sampled_from(
                [
                    "",
                    "\x00",
                    "9" * 40,
                    "12/",
                    "\r",
                    "24.12.99 ",
                    "0000-00-00 00:00:00",
                    "#Fields: date time c-ip\n",
                    "٣",
                    "٣٣:٣٣",
                    "Feb 29 00:00:00",
                    "²",
                    "[",
                    "99999999999999 ",
                ]
            )
        )
        text = text[:start] + piece + text[end:]
    recognise(text)
    parsed = parse(text)
    hash(parsed.facts)
    assert all(
        problem.line is None or 0 < problem.line <= text.count("\n") + text.count("\r") + 1
        for problem in parsed.problems
    )


@given(text=st.text())
@settings(max_examples=100, deadline=None)
def test_any_text(text: str) -> None:
    recognise(text)
    parse(text)


PIECES = ("2018-12-24 ", "2018-12-24 10:", "12/", "1/2/2019 1:1:1 ", "Dec 24 ", "0x0", "abcdef0", "1545645080 ", "time=", "10.0.0.1:80 ", "http://a@", "[::1]:", "#Fields: date time c-ip\n", "2018-12-24 10:00:00 1\n", "1/2/2019 10:00 a\n", "a0-")  # fmt: skip


def test_time_is_linear() -> None:
    for text in (*hostile.texts(8_000), *(piece * (8_000 // len(piece)) for piece in PIECES)):
        start = time.perf_counter()
        recognise(text)
        parse(text)
        assert time.perf_counter() - start < 0.3, text[:80]


def test_work_and_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line is looked at twice at most, and what is kept does not grow with the log."""
    lines = 0
    original = log_times.log_lines

    def counted(text: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        nonlocal lines
        for one in original(text):
            lines += 1
            yield one

    kept: list[application_log._Repeats] = []

    class Remembered(application_log._Repeats):
        def __init__(self) -> None:
            super().__init__()
            kept.append(self)

    for module in (application_log, log_times):
        monkeypatch.setattr(module, "log_lines", counted)
    monkeypatch.setattr(application_log, "_Repeats", Remembered)
    logs: list[application_log._Log] = []

    class RememberedLog(application_log._Log):
        def __init__(self) -> None:
            super().__init__()
            logs.append(self)

    monkeypatch.setattr(application_log, "_Log", RememberedLog)
    chance = random.Random(3)
    letters = "bcdfghjklmnpqrst"
    text = "".join(
        f"{BEGIN + timedelta(seconds=n):%d/%m/%Y %H:%M:%S} "
        f"{f'poll 10.0.0.1:{n + 1}' if n % 3 else ''.join(chance.choices(letters, k=12)) + ' 41931919752'}\n"
        for n in range(12_000)
    )
    found = repeated(text)
    assert lines <= 2 * 12_001
    assert (found.pattern, found.count) == ("poll #.#.#.#:#", 8_000)
    assert found.interval_seconds == pytest.approx(1.5, rel=0.05)
    assert found.rate == pytest.approx(2 / 3, rel=0.05)  # from a sample of the intervals
    (repeats,) = kept
    assert len(repeats._patterns) <= 1000
    assert len(repeats._spellings) <= 20_000
    assert len(logs[0]._counters) <= 64
    assert max(sum(one.remotes.values()) for one in repeats._patterns.values()) <= 64
    assert max(len(one.intervals) for one in repeats._patterns.values()) == 4096


def test_a_line_without_end() -> None:
    text = FOUNDING + "2018-12-24 17:58:07 | 41931950633 [pool-2-thread-1] INFO submit 4 " + "x" * 5_000_000
    assert the_log(text).events == 4


# --- recognition: only what nobody else reads ---


def test_it_is_no_ordinary_text_parser() -> None:
    assert application_log.READS not in ("text", "bytes")
    assert "application-log" not in {parser.KIND for parser in text_parsers()}


@pytest.mark.parametrize("parser", text_parsers(), ids=lambda parser: str(parser.KIND))
def test_what_commands_print_is_no_log(parser: object) -> None:
    assert not recognise(hostile.sample(parser))  # type: ignore[arg-type]


NO_LOGS = {
    "minutes": "On 2018-12-24 10:00:00 we met.\nIt was cold.\n2018-12-24 11:00:00 lunch.\nGood.\nAll ate.\n2018-12-24 12:00:00 end.\nBye.\n",
    "prose": "We met on 2018-12-24 10:00:00.\nIt was cold.\nNothing was decided that day.\nThen we left.\n",
    "dir": "".join(
        f"{day:02}.0{month}.2018  10:{minute:02}    <DIR>          folder{minute}\n"
        for day, month, minute in [
            (3, 4, 11),
            (1, 2, 5),
            (28, 9, 59),
            (2, 1, 0),
            (9, 9, 9),
            (30, 3, 3),
            (8, 8, 8),
            (4, 4, 4),
        ]
    ),
    "ini": "[tcp]\nat=2018-12-24 10:00:00\nb=2\nc=3\n",
}


@pytest.mark.parametrize("name", NO_LOGS)
def test_no_log(name: str) -> None:
    assert not recognise(NO_LOGS[name])


def test_a_log_of_failures_with_long_traces_is_a_log() -> None:
    trace = "\tat java.net.PlainSocketImpl.socketConnect(Native Method)\n" * 30
    text = "".join(f"2018-12-24 17:5{n}:20,123 ERROR [main] failed\n{trace}" for n in range(8))
    assert recognise(text)
    assert the_log(text).events == 8


@pytest.mark.parametrize("ends", ["\r\r\n", "\r\r\r\n", "\r\r\r\r\n", "\n\r\r\r\n\r"])
def test_its_lines_are_those_that_are_quoted(ends: str) -> None:
    text = f"2018-12-24 17:57:20 a{ends}2018-12-24 17:57:21 b{ends}2018-12-24 17:57:22 c"
    (log,) = parse(text).facts
    assert isinstance(log, ApplicationLog)
    assert split_lines(text)[log.last_line - 1].endswith("c")
