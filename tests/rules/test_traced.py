"""What a trace and an application's log say of a pile of TIME_WAIT, to either side of each limit."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from builder import bundle_files
from builder.application_log import agent_log

from forensics.causes.time_wait_churn import WEIGHTS
from forensics.evidence import Source
from forensics.judgement import Point
from forensics.measure.application_logs import LogUse
from forensics.measure.coverage import Coverage
from forensics.measure.measurements import Measurements
from forensics.measure.traces import TracedShortage, TraceUse
from forensics.report.words import fill
from forensics.rules.traced import log_points, oldest_process, rate_points, shortage_points
from forensics.trace import Trace
from tests.bundles import analysis_of
from tests.machines import COLLECTED, stuck
from tests.traces import AFTER, trace_of

PORTS = 900  # in TIME_WAIT for 120 s by default, 240 s at most: 7.5 a second keep them there
BOOT = COLLECTED - timedelta(days=500)
Change = dict[str, object]


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    """900 rows that never expire, a trace with a connection every ten seconds, the log of an agent."""
    written = agent_log(AFTER - timedelta(hours=1), 100, started=BOOT.replace(tzinfo=None) + timedelta(days=3))
    files = bundle_files(stuck(PORTS)) | {
        "trace/trace.txt": trace_of(rate=0.1, seconds=60),
        "applog/01-agent.log": written.text.encode(),
    }
    return analysis_of(tmp_path_factory.mktemp("wrapped"), files).measurements


def with_trace(m: Measurements, births: int, seconds: float = 100.0, changes: Change | None = None) -> Measurements:
    """The same with a trace of so many births."""
    (use,) = m.traces
    trace: Trace = msgspec.structs.replace(use.trace, time_wait_births=births)
    ended = AFTER.replace(tzinfo=UTC) + timedelta(seconds=seconds)
    usual: Change = {"trace": trace, "started_at": AFTER.replace(tzinfo=UTC), "ended_at": ended, "apart": 10.0}
    changed: TraceUse = msgspec.structs.replace(use, **(usual | (changes or {})))
    return msgspec.structs.replace(m, traces=(changed,))


def said(m: Measurements) -> list[str]:
    return [point.statement.message for point in rate_points(WEIGHTS, m)]


def filled(point: Point, name: str) -> str:
    """What the report puts into that blank."""
    return fill("{blank}", {"blank": point.statement.params[name]})


def test_the_machine(wrapped: Measurements) -> None:
    assert (wrapped.time_wait.ports, wrapped.time_wait.needed_rate) == (PORTS, 7.5)
    assert said(wrapped) == ["trace-too-few"]
    (point,) = rate_points(WEIGHTS, wrapped)
    assert point.sources[0].file == "trace/trace.txt"
    assert filled(point, "owner") == (
        "hostmonitor.exe (PID 1536; services HostMonitor; command line "
        '"C:\\Program Files\\HostMonitor\\hostmonitor.exe" service) with 6 of 6 connects'
    )


@pytest.mark.parametrize(
    ("births", "message"),
    [
        (0, "trace-too-few"),
        (10, "trace-too-few"),  # at most (10 + 1 + 3 x 3.16) / 100 s x 240 s = 49 ports
        (22, "trace-too-few"),  # 89.0 ports
        (23, ""),  # 92.1: 900 are not ten times as many
        (200, ""),
        (374, ""),  # twice 3.74 a second keep 898 ports
        (760, "trace-explains"),
        (2000, "trace-explains"),
    ],
)
def test_a_rate_far_too_low_and_one_that_explains(wrapped: Measurements, births: int, message: str) -> None:
    assert said(with_trace(wrapped, births)) == ([message] if message else [])


def test_a_pile_that_is_just_the_rate_times_the_delay_is_explained(wrapped: Measurements) -> None:
    """Chance puts half of the traces below the mean; how far is allowed for, up to a factor of two."""
    assert said(with_trace(wrapped, 749)) == ["trace-explains"]
    assert said(with_trace(wrapped, 672)) == ["trace-explains"]  # 672 + 1 + 3 x 25.9 are 750.8; 750 are needed
    assert said(with_trace(wrapped, 671)) == []
    assert said(with_trace(wrapped, 4, seconds=1.0)) == ["trace-explains"]  # 4 of 7.5: at least half
    assert said(with_trace(wrapped, 3, seconds=1.0)) == []


@pytest.mark.parametrize(
    ("births", "apart", "message"),
    [(2000, 3600, "trace-explains"), (2000, 3601, ""), (1, 86_400, "trace-too-few"), (1, 86_401, "")],
)
def test_a_rate_is_that_of_its_time(wrapped: Measurements, births: int, apart: float, message: str) -> None:
    assert said(with_trace(wrapped, births, changes={"apart": float(apart)})) == ([message] if message else [])


@pytest.mark.parametrize(
    "changes",
    [
        {"same_boot": False},
        {"apart": None},
        {"started_at": None},
        {"ended_at": AFTER.replace(tzinfo=UTC)},  # nothing lasted
    ],
)
def test_a_trace_of_another_run_or_time_is_not_compared(wrapped: Measurements, changes: Change) -> None:
    assert said(with_trace(wrapped, 1, changes=changes)) == []


def test_of_a_trace_whose_boot_is_not_known_the_rate_counts(wrapped: Measurements) -> None:
    assert said(with_trace(wrapped, 1, changes={"same_boot": None})) == ["trace-too-few"]


def test_without_ports_in_time_wait_there_is_nothing_to_explain(wrapped: Measurements) -> None:
    nothing = msgspec.structs.replace(wrapped, time_wait=msgspec.structs.replace(wrapped.time_wait, ports=0))
    assert rate_points(WEIGHTS, nothing) == []
    assert log_points(WEIGHTS, nothing) == []
    assert rate_points(WEIGHTS, msgspec.structs.replace(wrapped, traces=())) == []


def test_a_process_that_no_list_names_and_none_at_all(wrapped: Measurements) -> None:
    (use,) = wrapped.traces
    (owner,) = use.owners
    unknown = msgspec.structs.replace(owner, process=msgspec.structs.replace(owner.process, image=""))
    (point,) = rate_points(WEIGHTS, with_trace(wrapped, 1, changes={"owners": (unknown,)}))
    assert filled(point, "owner") == "PID 1536 with 6 of 6 connects"
    (point,) = rate_points(WEIGHTS, with_trace(wrapped, 1, changes={"owners": ()}))
    assert filled(point, "owner") == "no process that the trace names"


# --- no port left ---


def shortage(count: int, at: datetime | None) -> TracedShortage:
    return TracedShortage("TCP", count, at, at, 0.0, Source("trace.txt"))


def test_shortages_are_summed(wrapped: Measurements) -> None:
    assert wrapped.coverage.traced == ()
    later = COLLECTED + timedelta(hours=1)
    shortages = (shortage(2, later), shortage(3, COLLECTED), shortage(4, None))
    coverage = Coverage(within=120, traced=shortages, traced_unseen=shortages)
    (full,) = shortage_points(WEIGHTS, coverage, short=True)
    (free,) = shortage_points(WEIGHTS, coverage, short=False)
    assert (full.statement.message, free.statement.message) == ("traced", "traced-unseen")
    assert full.statement.params == {"count": 9, "first_at": COLLECTED, "within": 120}
    assert len(full.sources) == 3
    assert shortage_points(WEIGHTS, Coverage(), short=True) == []
    assert shortage_points(WEIGHTS, Coverage(traced=shortages), short=False) == []  # a table speaks of them


# --- the application's own log ---


def with_log(m: Measurements, *logs: Change) -> Measurements:
    (use,) = m.application_logs
    return msgspec.structs.replace(
        m, application_logs=tuple(msgspec.structs.replace(use, **changes) for changes in logs)
    )


def test_a_log_that_is_far_too_slow(wrapped: Measurements) -> None:
    (point,) = log_points(WEIGHTS, wrapped)
    assert point.statement.message == "app-slow"
    assert filled(point, "remote") == " to 203.0.113.40:8080"
    assert point.sources[0].file == "applog/01-agent.log"
    assert [len(log_points(WEIGHTS, with_log(wrapped, {"rate_per_second": rate}))) for rate in (0.7499, 0.75)] == [1, 0]
    (point,) = log_points(WEIGHTS, with_log(wrapped, {"remote": ""}))
    assert filled(point, "remote") == ""


@pytest.mark.parametrize("changes", [{"rate_per_second": None}, {"interval_seconds": None}])
def test_a_log_without_a_rate(wrapped: Measurements, changes: Change) -> None:
    assert log_points(WEIGHTS, with_log(wrapped, changes)) == []


def test_of_several_logs_the_one_with_most_lines_counts(wrapped: Measurements) -> None:
    busy: Change = {"rate_per_second": 5.0, "repeats": 101}
    assert log_points(WEIGHTS, with_log(wrapped, {}, busy)) == []
    assert len(log_points(WEIGHTS, with_log(wrapped, {}, busy | {"repeats": 99}))) == 1


def age_of(m: Measurements, *logs: Change) -> LogUse | None:
    return oldest_process(with_log(m, *logs))


def test_the_oldest_process(wrapped: Measurements) -> None:
    oldest = oldest_process(wrapped)
    assert oldest is not None
    assert oldest.up_at_least == pytest.approx(497 * 86_400, abs=90_000)
    assert age_of(wrapped, {"process_age_seconds": None}) is None
    assert age_of(wrapped, {"at": None}) is None
    assert age_of(wrapped, {"at": BOOT - timedelta(seconds=1)}) is None  # a line of the run before
    assert age_of(wrapped) is None
    younger = age_of(wrapped, {"process_age_seconds": 5.0}, {"process_age_seconds": 7.0, "file": "b.log"})
    assert younger is not None
    assert younger.file == "b.log"


def test_without_a_boot_time_any_log_counts(wrapped: Measurements) -> None:
    unknown = msgspec.structs.replace(wrapped, uptime=msgspec.structs.replace(wrapped.uptime, boot=None))
    assert oldest_process(unknown) is not None
