"""From what was counted to what is told."""

from datetime import datetime

from forensics.parsed import Problem
from forensics.text.problems import shortened
from forensics.trace.blocks import TextFacts
from forensics.trace.facts import Bucket, Exhaustion, Failure, OpenConnection, Owner, Remote, Trace
from forensics.trace.following import tell
from forensics.trace.lines import Dates
from forensics.trace.lives import OwnerCount
from forensics.trace.scan import Scan, Shortage
from forensics.trace.templates import BY_ID
from forensics.trace.values import address_and_port, endpoint_text

_MOST_REMOTES = 50  # listed for one owner
_MOST_LIVES = 100
NOT_CREATED = "socket: not created"  # says a failure of a message that tells of success otherwise


def tell_trace(scan: Scan, text: TextFacts) -> Trace:
    """Close all lives and state the facts."""
    scan.lives.finish()
    dates = scan.clock.dates()
    moments = [dates.at(moment) for moment in (scan.first, scan.last)]
    moments += [time for key in scan.buckets if (time := dates.at(key * scan.bucket_seconds * 1_000_000)) is not None]
    known = [moment for moment in moments if moment is not None]
    started, ended = _span(moments[0], moments[1], known, scan.bucket_seconds)
    seconds = (ended - started).total_seconds() if started and ended else 0.0
    complete = scan.created_complete > scan.created  # 1013 repeats 1001 where both are traced
    owners = [
        _owner(pid, count, seconds, complete=complete) for pid, count in scan.lives.owners.items() if pid is not None
    ]
    owners.sort(key=lambda owner: (-owner.connects, -owner.sockets, owner.pid))
    nobody = scan.lives.owners.get(None)
    lines = scan.lines + text.lines
    lives = [tell(followed, dates) for followed in scan.lives.following.best.values()]
    rank = {owner.pid: number for number, owner in enumerate(owners)}
    lives.sort(key=lambda life: (rank.get(life.pid or -1, len(rank)), not life.whole))
    return Trace(
        lines=lines,
        unrecognised_lines=max(lines - scan.recognised, 0),
        started_local=started,
        ended_local=ended,
        date_order=dates.order,
        sockets=scan.created_complete if complete else scan.created,
        connects=scan.lives.connects,
        connects_without_owner=nobody.connects if nobody else 0,
        closes=scan.lives.closes,
        time_wait_births=scan.lives.births,
        port_exhaustion_events=sum(row.count for row in scan.exhaustion.values()),
        exhaustion=tuple(
            _exhaustion(event, status, row, dates) for (event, status), row in sorted(scan.exhaustion.items())
        ),
        failures=tuple(
            Failure(event, BY_ID[event].says if BY_ID[event].fails else NOT_CREATED, status, count)
            for (event, status), count in scan.failures.most_common()
        ),
        time_wait_delays=tuple(scan.delays.values()),
        rundown_rows=scan.row_states.total(),
        rundown_states=dict(scan.row_states.most_common()),
        rundown=tuple(
            OpenConnection(_text(local), _text(remote), state, pid, line)
            for local, remote, state, pid, line in scan.rows
        ),
        by_owner=tuple(owners),
        bucket_seconds=scan.bucket_seconds,
        buckets=tuple(_buckets(scan, dates)),
        lives=tuple(lives[:_MOST_LIVES]),
        problems=shortened([*text.problems, *_problems(scan, dates)]),
    )


def _text(address: bytes) -> str:
    return endpoint_text(*address_and_port(address))


def _span(
    first: datetime | None, last: datetime | None, known: list[datetime], width: int
) -> tuple[datetime | None, datetime | None]:
    """Return the earliest and latest time. Buckets begin up to their width early: they count only beyond the ends."""
    if not known:
        return None, None
    started, ended = min(known), max(known)
    if first is not None and abs((first - started).total_seconds()) < width:
        started = first
    if last is not None and last >= started and ended < last:
        ended = last
    return started, ended


def _owner(pid: int, count: OwnerCount, seconds: float, *, complete: bool) -> Owner:
    remotes: dict[tuple[str, int | None], int] = {}
    for text, connects in count.remotes.items():
        key = address_and_port(text)
        remotes[key] = remotes.get(key, 0) + connects
    busiest = sorted(remotes.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or 0))
    return Owner(
        pid=pid,
        sockets=count.created_complete if complete else count.created,
        connects=count.connects,
        failed=count.failed,
        closes=count.closes,
        connects_per_second=count.connects / seconds if seconds > 0 else None,
        time_wait_births=count.births,
        remotes=tuple(Remote(*key, connects) for key, connects in busiest[:_MOST_REMOTES]),
        remotes_seen=len(remotes),
    )


def _exhaustion(event: int, status: str, row: Shortage, dates: Dates) -> Exhaustion:
    return Exhaustion(event, status, row.count, dates.at(row.first), dates.at(row.last), row.line, row.quote)


def _buckets(scan: Scan, dates: Dates) -> list[Bucket]:
    width = scan.bucket_seconds * 1_000_000
    buckets = []
    for key, (sockets, connects) in scan.buckets.items():
        at = dates.at(key * width)
        if at is not None:
            buckets.append(Bucket(at, sockets, connects))
    return sorted(buckets, key=lambda bucket: bucket.at_local)


def _problems(scan: Scan, dates: Dates) -> list[Problem]:
    found = []
    if scan.clock.unreadable:
        found.append(Problem(None, f"{scan.clock.unreadable:,} times in the trace cannot be read"))
    if dates.wrong:
        found.append(Problem(None, f"{dates.wrong:,} times with a wrong date were not used"))
    if dates.order == "assumed-month-first":
        found.append(Problem(None, "no date of the trace tells day from month: read as month/day"))
    left_out = sum(count.remotes_left_out for count in scan.lives.owners.values())
    if left_out:
        found.append(
            Problem(None, f"more remotes than are remembered: {left_out:,} connects are in no list of remotes")
        )
    if scan.lives.owners_left_out:
        found.append(Problem(None, "more processes than are remembered"))
    return found
