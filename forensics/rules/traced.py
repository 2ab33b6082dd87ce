"""What network traces and applications' own logs add to the evidence of causes.

A trace counts what the stack itself logged, but under load events are lost: it supports and contradicts, and decides
nothing alone. Its rate is compared with a pile of TIME_WAIT of the same run of the system only.
"""

from forensics.judgement import Point, Weights, weigh
from forensics.measure.application_logs import LogUse
from forensics.measure.coverage import Coverage
from forensics.measure.measurements import Measurements
from forensics.measure.traces import TraceUse
from forensics.text.said import Said

_RATIO = 10  # R from which ordinary expiry cannot explain a pile (contracts.md, the ladder of tick-wrap-497d)
_SAME_TIME = 3600  # seconds between trace and table: a rate that explains a pile is that of the time it was made in
_SAME_DAYS = 86_400  # one that is far too low speaks for longer: traffic has a rhythm of days


def shortage_points(weights: Weights, coverage: Coverage, *, short: bool) -> list[Point]:
    """Direct proof of exhaustion in a trace, for a cause whose table has the messages `traced` and `traced-unseen`.

    Args:
        weights: the cause's table.
        coverage: what tables say of it.
        short: whether the ports are short in the latest table.
    """
    shortages = coverage.traced if short else coverage.traced_unseen
    if not shortages:
        return []
    params: dict[str, object] = {
        "count": sum(one.count for one in shortages),
        "first_at": min((one.first_at for one in shortages if one.first_at), default=None),
        "within": coverage.within,
    }
    return [weigh(weights, "traced" if short else "traced-unseen", params, tuple(one.source for one in shortages))]


def rate_points(weights: Weights, m: Measurements) -> list[Point]:
    """Whether the connections of a trace explain the ports in TIME_WAIT: messages `trace-explains`, `trace-too-few`."""
    timed = [one for one in m.judged_traces if one.same_boot is not False and one.seconds and one.apart is not None]
    use = min(timed, key=lambda one: one.apart or 0.0, default=None)  # the nearest; of equals the busiest
    ports, delay = m.time_wait.ports, m.time_wait.delay
    if use is None or not ports:
        return []
    rate, at_most, apart = use.births_per_second or 0.0, use.births_per_second_at_most or 0.0, use.apart or 0.0
    params: dict[str, object] = {
        "seconds": use.seconds,
        "births": use.trace.time_wait_births,
        "rate": rate,
        "needed": m.time_wait.needed_rate,
        "ports": ports,
        "delay": delay.seconds,
        "expected": rate * delay.seconds,
        "bound": ports / (at_most * delay.at_most),
        "owner": _owner(use),
    }
    # Of a pile that is just rate x delay, chance keeps half the traces below: up to a factor of two it is allowed for.
    if min(at_most, 2 * rate) * delay.seconds >= ports and apart <= _SAME_TIME:
        return [weigh(weights, "trace-explains", params, (use.source(),))]
    if ports >= at_most * delay.at_most * _RATIO and apart <= _SAME_DAYS:
        return [weigh(weights, "trace-too-few", params, (use.source(),))]
    return []


def _owner(use: TraceUse) -> Said:
    busiest = use.busiest
    if busiest is None:
        return Said("no process that the trace names")
    label = busiest.process.label if busiest.process.image else f"PID {busiest.counted.pid}"
    return Said(
        "{process} with {made:count} of {all:count} connects",
        {"process": label, "made": busiest.counted.connects, "all": use.trace.connects},
    )


def log_points(weights: Weights, m: Measurements) -> list[Point]:
    """How often an application says that it does something, where that is far from explaining the ports in TIME_WAIT.

    Its message is `app-slow`. A log speaks of one application, and one line may stand for several connections.
    """
    busy = [one for one in m.application_logs if one.rate_per_second and one.interval_seconds]
    if not busy or not m.time_wait.ports:
        return []
    use = max(busy, key=lambda one: one.repeats)
    rate = use.rate_per_second or 0.0
    if rate * _RATIO >= m.time_wait.needed_rate:
        return []
    params: dict[str, object] = {
        "file": use.file,
        "repeats": use.repeats,
        "rate": rate,
        "remote": Said(" to {remote}", {"remote": use.remote}) if use.remote else "",
        "needed": m.time_wait.needed_rate,
        "ports": m.time_wait.ports,
        "times": m.time_wait.needed_rate / rate,
    }
    return [weigh(weights, "app-slow", params, use.sources)]


def oldest_process(m: Measurements) -> LogUse | None:
    """The log whose process had run longest in the running boot, by a counter of its own."""
    told = [one for one in m.application_logs if one.up_at_least and one.at]
    boot = m.uptime.boot_time
    own = [one for one in told if boot is None or (one.at and one.at >= boot)]
    return max(own, key=lambda one: one.up_at_least or 0.0, default=None)
