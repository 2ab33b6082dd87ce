"""Logs in the machine's time zone: moments in UTC, ages with their doubt, and no moment where two are possible."""

from datetime import UTC, datetime, timedelta

import pytest
from builder.application_log import STAMPS, ZONED, Written, agent_log, syslog

from forensics.bundle.archive import MemberTime
from forensics.evidence import Evidence, Found, Source
from forensics.measure.application_logs import LogUse, find_application_logs
from forensics.measure.zone import Zone
from forensics.parsers.application_log import ApplicationLog, parse

COLLECTED = datetime(2018, 12, 24, 10, 30, tzinfo=UTC)
SHANGHAI = Zone(manifest=(COLLECTED, 480))
BEGIN = (COLLECTED + timedelta(hours=8, minutes=-33)).replace(tzinfo=None)  # 17:57, wall clock
STARTED = BEGIN - timedelta(days=485.32)
NOVEMBER = datetime(2018, 11, 24, 6, 41, 43, tzinfo=UTC)
SILVESTER = datetime(2018, 12, 31, 23, 59, tzinfo=UTC)
DAY = 86_400


def evidence(**texts: str) -> Evidence:
    found: tuple[Found[object], ...] = tuple(
        Found(fact, f"applog/{name}.log", MemberTime(None))
        for name, text in texts.items()
        for fact in parse(text).facts
    )
    return Evidence("bundle.zip", "", (), None, "", (), {ApplicationLog: found})


def use(text: str, zone: Zone = SHANGHAI, collected: datetime | None = COLLECTED) -> LogUse:
    (one,) = find_application_logs(evidence(agent=text), zone, collected)
    return one


def agent(count: int = 100, stamp: str = "iso-blank", begin: datetime = BEGIN) -> Written:
    return agent_log(begin, count, STAMPS[stamp], started=STARTED)


def test_the_founding_case() -> None:
    written = agent()
    one = use(written.text)
    assert (one.file, one.events, one.repeats, one.remote) == ("applog/agent.log", 100, 100, "203.0.113.40:8080")
    assert one.interval_seconds == pytest.approx(15.4465, abs=0.01)  # though its clock shows whole seconds
    assert one.rate_per_second == pytest.approx(1 / 15.4465, rel=0.001)
    assert one.first_at == COLLECTED - timedelta(minutes=33)
    assert one.last_at is not None
    assert one.last_at < COLLECTED
    assert one.process_age_seconds == pytest.approx(written.ages[-1], abs=0.01)
    assert (one.at, one.at_uncertain_seconds) == (one.last_at, 0)
    assert [source.line for source in one.sources] == [1, 2, 3, 100]
    started = STARTED.replace(tzinfo=UTC) - timedelta(hours=8)
    assert one.started_no_later is not None
    assert timedelta(0) <= one.started_no_later - started < timedelta(seconds=4)
    assert one.up_at_least is not None
    assert 485 * DAY < one.up_at_least < written.ages[-1]


def test_an_uncertain_zone_widens_the_moment_and_not_the_age() -> None:
    sure, unsure = use(agent().text), use(agent().text, Zone(standard=480, standard_basis="6013"))
    assert (unsure.at, unsure.at_uncertain_seconds) == (sure.at, 3600)
    assert unsure.up_at_least == sure.up_at_least
    assert unsure.started_no_later is not None
    assert sure.started_no_later is not None
    assert unsure.started_no_later - sure.started_no_later == timedelta(hours=1)


def test_a_printed_zone_needs_no_zone_of_the_machine() -> None:
    text = agent_log(BEGIN, 50, lambda at: ZONED["iso-offset"](at, 8), started=STARTED).text
    one = use(text, Zone())
    assert one.first_at == COLLECTED - timedelta(minutes=33)
    assert one.at_uncertain_seconds == 0
    assert one.process_age_seconds is not None


def test_a_reading_after_the_collection_is_none() -> None:
    # 7/12/2018 is 7 December or 12 July; a bundle of August has seen the second alone
    december = use("07/12/2018 10:00:00 poll\n07/12/2018 10:00:15 poll\n", collected=datetime(2018, 8, 1, tzinfo=UTC))
    assert december.first_at == datetime(2018, 7, 12, 2, 0, tzinfo=UTC)
    open_ = use("07/12/2018 10:00:00 poll\n07/12/2018 10:00:15 poll\n")
    assert (open_.first_at, open_.last_at) == (None, None)


@pytest.mark.parametrize(
    ("collected", "first"),
    [
        (datetime(2018, 12, 24, 10, 30, tzinfo=UTC), NOVEMBER),
        (datetime(2019, 2, 1, tzinfo=UTC), NOVEMBER),
        (None, None),
    ],
)
def test_a_log_without_years_ends_before_the_collection(collected: datetime | None, first: datetime | None) -> None:
    one = use(syslog(NOVEMBER.replace(tzinfo=None), [0, 15, 30]), Zone(manifest=(COLLECTED, 0)), collected)
    assert one.first_at == first
    assert one.interval_seconds == 15


def test_over_new_year() -> None:
    text = syslog(SILVESTER.replace(tzinfo=None), [0, 90])
    one = use(text, Zone(manifest=(COLLECTED, 0)), datetime(2019, 1, 2, tzinfo=UTC))
    assert (one.first_at, one.last_at) == (
        SILVESTER,
        datetime(2019, 1, 1, 0, 0, 30, tzinfo=UTC),
    )


def test_what_a_log_does_not_tell_is_none() -> None:
    one = use("2018-12-24 17:57:00 started\n2018-12-24 17:58:00 stopped\n")
    assert one.sources == (Source("applog/agent.log", 1), Source("applog/agent.log", 2))
    assert (one.events, one.repeats, one.remote) == (2, 0, "")
    assert (one.interval_seconds, one.rate_per_second) == (None, None)
    assert (one.process_age_seconds, one.at, one.up_at_least, one.started_no_later) == (None, None, None, None)


def test_no_log_no_measurement() -> None:
    assert find_application_logs(evidence(agent="nothing\n"), SHANGHAI, COLLECTED) == ()


def test_every_log_counts_for_itself() -> None:
    other = agent_log(BEGIN, 50, interval=0.5, seed=2)
    one, two = find_application_logs(evidence(agent=agent().text, busy=other.text), SHANGHAI, COLLECTED)
    assert (one.file, two.file) == ("applog/agent.log", "applog/busy.log")
    assert two.rate_per_second == pytest.approx(2, rel=0.05)
