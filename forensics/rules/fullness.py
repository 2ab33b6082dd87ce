"""How full the ports are, whether that is sure, and what port events say of it."""

from collections.abc import Sequence

import msgspec

from forensics.judgement import Point, Statement, Weights, weigh
from forensics.measure.coverage import Coverage
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from forensics.measure.shortage import Shortage
from forensics.text.endpoints import endpoint
from forensics.text.said import Said

NONE_USABLE = "none-usable"
RAN_OUT = (4231, 4266)  # events which say that Windows found no free port, of TCP and of UDP (domain.md §4)


def tables_are_sure(m: Measurements, shortage: Shortage) -> bool:
    """Whether fullness is known: a whole table of one machine, unchanged, a range that was read, sharing of ports settled."""
    known = shortage.pool.basis != "assumed" and shortage.settled
    return m.full_table and known and m.sure


def surely_calm(m: Measurements, shortage: Shortage) -> bool:
    """Whether ports are free beyond doubt: a whole table, a range and exclusions that were read, less than half held."""
    pool = shortage.pool
    return m.full_table and shortage.calm and pool.basis != "assumed" and pool.exclusions_known


def wrap_excluded(m: Measurements) -> bool:
    """Whether the 497-day defect cannot be at work in the running boot."""
    return m.now.fix.state in {"fixed", "not-affected"} or (m.now.short_of_wrap and m.system.one_machine)


def in_earlier_boot(m: Measurements, coverage: Coverage) -> bool:
    """Whether all port events that no table speaks of were written before the last restart."""
    return bool(coverage.uncovered) and not any(one in m.now.port_events for one in coverage.uncovered)


def shortage_params(shortage: Shortage) -> dict[str, object]:
    """What the sentences on fullness are filled with."""
    remote = shortage.remote
    return {
        "held": shortage.held,
        "usable": shortage.pool.usable,
        "share": shortage.share,
        "busiest": endpoint(*remote) if remote else Said("any remote"),
    }


def shortage_point(weights: Weights, shortage: Shortage) -> Point:
    """How full the ports are, counted as this Windows counts."""
    message = "short" if shortage.full else "not-short"
    point = weigh(weights, message, shortage_params(shortage), shortage.sources)
    if not shortage.pool.usable:
        return msgspec.structs.replace(point, statement=Statement(NONE_USABLE))
    if not shortage.shared:
        return point
    return msgspec.structs.replace(point, statement=Statement(f"{message}-for-remote", point.statement.params))


def event_points(weights: Weights, coverage: Coverage, shortage: Shortage) -> list[Point]:
    """Port events: those which say that ports ran out support a shortage that is seen; those without a table do not."""
    points = []
    ran_out = [one for one in (*coverage.covered, *coverage.uncovered) if one.event.id in RAN_OUT]
    if ran_out and shortage.full:
        ran_out.sort(key=lambda one: one.at)
        params: dict[str, object] = {"ids": ids_of(ran_out), "count": len(ran_out), "first_at": ran_out[0].at}
        points.append(weigh(weights, "ran-out", params, (ran_out[0].source(),)))
    if coverage.uncovered and not coverage.covered and not shortage.full:
        last = coverage.uncovered[-1]
        params = {
            "ids": ids_of(coverage.uncovered),
            "count": len(coverage.uncovered),
            "last_at": last.at,
            "within": coverage.within,
        }
        points.append(weigh(weights, "uncovered", params, (last.source(),)))
    return points


def ids_of(events: Sequence[Logged]) -> tuple[int, ...]:
    """The ids among these events."""
    return tuple(sorted({one.event.id for one in events}))
