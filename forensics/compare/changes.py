"""What changed, line by line: each figure of BEFORE and of AFTER with where it stands, and what the change means.

Fewer ports held is better. A rate, an uptime or a version is neither good nor bad: it changed.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from forensics.compare.comparison import Change, ChangeSide, Meaning, Value
from forensics.compare.pair import (
    FOUND,
    Pair,
    entry_of,
    evidence_sources,
    found_now,
    kind_sources,
    last_port_event,
    log_files,
    log_sources,
    pile_of,
    pool_of,
    port_events,
    rate_sources,
    table_sources,
    uptime_sources,
)
from forensics.compare.texts import said
from forensics.evidence import Source
from forensics.measure.piles import UDP
from forensics.measure.uptime import AGREE
from forensics.report.event_samples import MOST_PORT_EVENTS
from forensics.report.findings import Findings
from forensics.text.endpoints import endpoint
from forensics.verdict import NO_EXHAUSTION, UNDECIDED

# This project's own: two counts of an unchanged machine, minutes apart, differ by some percent (TIME_WAIT breathes).
ALIKE = 0.1
_TELLING_SHARE = 0.25  # of the usable ports: from here on they are part of a case (contracts.md, the ladder)
_MOST_UPDATES = 6
_HARMLESS = frozenset({"fixed", "not-affected"})  # with these the wrap does no harm
_FIX_RANK = {"fixed": 2, "not-affected": 2, "installed-not-loaded": 1, "unfixed": 0}

Sides = tuple[ChangeSide, ChangeSide]
Count = Callable[[Findings], float | None]


def find_changes(pair: Pair) -> list[Change]:
    """Every line, in the order in which a reader asks; those that neither bundle tells of are left out."""
    lines = [
        _verdict(pair),
        _fix(pair),
        _tcpip(pair),
        _hotfixes(pair),
        *_uptime(pair),
        *_ports(pair),
        *_time_wait(pair),
        *_piles(pair),
        _events(pair),
        _owner(pair),
        _remote(pair),
    ]
    return [one for one in lines if one.before.value is not None or one.after.value is not None]


def some_alike(changes: Sequence[Change]) -> bool:
    """Whether figures that differ count as the same."""
    same = [(one.before.value, one.after.value) for one in changes if one.meaning == "same"]
    return any(isinstance(before, int | float) and before != after for before, after in same)


def neutral(changes: Sequence[Change]) -> list[Change]:
    """The same of two bundles that are no pair: nothing became better or worse between them."""
    return [
        msgspec.structs.replace(one, meaning="changed") if one.meaning in {"better", "worse"} else one
        for one in changes
    ]


def _both(pair: Pair, make: Callable[[Findings], ChangeSide]) -> Sides:
    return make(pair.before), make(pair.after)


def _side(value: Value, text: str, sources: Sequence[Source]) -> ChangeSide:
    return ChangeSide(None, said("value-unknown"), []) if value is None else ChangeSide(value, text, list(sources))


def _line(message: str, sides: Sides, meaning: Meaning | None = None, **params: object) -> Change:
    """A line; without a meaning of its own it is the same or changed."""
    before, after = sides
    if before.value is None or after.value is None:
        meaning = "unknown"
    elif meaning is None:
        meaning = "same" if before.value == after.value else "changed"
    return Change(message, said(f"row-{message}", **params), before, after, meaning)


def _less_is_better(before: float | None, after: float | None, usable: float = 1.0) -> Meaning:
    """What a number of held ports means; where neither is a quarter of the usable ones, it is neither good nor bad.

    >>> _less_is_better(14952, 10, 16384), _less_is_better(14952, 14800, 16384), _less_is_better(100, 300, 16384)
    ('better', 'same', 'changed')
    """
    if before is None or after is None:
        return "unknown"
    if _alike(before, after):
        return "same"
    if max(before, after) < usable * _TELLING_SHARE:
        return "changed"
    return "better" if after < before else "worse"


def _alike(before: float, after: float) -> bool:
    return abs(after - before) <= max(before, after) * ALIKE


def _verdict(pair: Pair) -> Change:
    before, after = pair.before.verdict, pair.after.verdict
    ill = before.cause != NO_EXHAUSTION and before.status in FOUND
    meaning: Meaning | None = None
    if ill and after.cause == NO_EXHAUSTION and after.status in FOUND:
        meaning = "better"
    elif before.cause == NO_EXHAUSTION and before.status in FOUND and found_now(pair.after):
        meaning = "worse"
    return _line("verdict", _both(pair, _verdict_side), meaning)


def _verdict_side(findings: Findings) -> ChangeSide:
    verdict = findings.verdict
    value = [verdict.cause, verdict.status, verdict.applies_to]
    if verdict.cause == UNDECIDED:
        return ChangeSide(value, said("title-undecided"), [])
    entry = entry_of(findings, verdict.cause)
    message = "value-verdict-previous" if verdict.applies_to == "previous-boot" else "value-verdict"
    text = said(message, title=entry.title if entry else verdict.cause, status=said(f"status-{verdict.status}"))
    return ChangeSide(value, text, evidence_sources(findings, verdict.cause, "supports"))


def _fix(pair: Pair) -> Change:
    ranks = [_FIX_RANK.get(one.measurements.fix.state) for one in (pair.before, pair.after)]
    meaning: Meaning | None = None
    before, after = ranks
    if before is not None and after is not None and before != after:
        meaning = "better" if after > before else "worse"
    return _line("fix", _both(pair, _fix_side), meaning)


def _fix_side(findings: Findings) -> ChangeSide:
    fix = findings.measurements.fix
    return _side(fix.state, said(f"fix-{fix.state}"), fix.sources)


def _tcpip(pair: Pair) -> Change:
    return _line("tcpip", _both(pair, _tcpip_side))


def _tcpip_side(findings: Findings) -> ChangeSide:
    version = findings.measurements.system.tcpip_sys
    cited = [one for one in findings.measurements.fix.sources if version and version in one.quote]
    return _side(version or None, version, cited or kind_sources(findings, "tcpip-files"))


def _hotfixes(pair: Pair) -> Change:
    """What was installed; an empty list is one that was not collected, for no Windows is without updates."""
    before, after = (one.measurements.system.hotfixes for one in (pair.before, pair.after))
    new = sorted(set(after) - set(before)) if before else []
    gone = sorted(set(before) - set(after)) if after else []
    message = "-both" if new and gone else "-new" if new else "-gone" if gone else ""
    changed = said(f"value-updates{message}", count=len(after), names=_named(new or gone), gone=_named(gone))
    texts = said("value-updates", count=len(before)), changed
    where = [kind_sources(one, "hotfixes", "systeminfo", "event-log")[:1] for one in (pair.before, pair.after)]
    return _line("hotfixes", (_side(before or None, texts[0], where[0]), _side(after or None, texts[1], where[1])))


def _named(updates: Sequence[str]) -> str:
    more = len(updates) - _MOST_UPDATES
    return ", ".join([*updates[:_MOST_UPDATES], *([f"+{more}"] if more > 0 else [])])


def _uptime(pair: Pair) -> list[Change]:
    before, after = pair.before.measurements.uptime, pair.after.measurements.uptime
    one_boot: Meaning = "same" if _one_moment(before.boot_time, after.boot_time) else "changed"
    lines = [_line("boot", _both(pair, _boot_side), one_boot), _line("uptime", _both(pair, _uptime_side))]
    if {pair.before.measurements.fix.state, pair.after.measurements.fix.state} <= _HARMLESS:
        return lines
    meaning: Meaning = one_boot
    harmed, harms = _harmed(pair.before), _harmed(pair.after)
    if harmed != harms:
        meaning = "better" if harmed else "worse"
    return [*lines, _line("wrap", _both(pair, _wrap_side), meaning)]


def _one_moment(before: datetime | None, after: datetime | None) -> bool:
    return before is not None and after is not None and abs(after - before) <= AGREE


def _iso(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _boot_side(findings: Findings) -> ChangeSide:
    boot = findings.measurements.uptime.boot_time
    return _side(_iso(boot), said("value-moment", at=boot), uptime_sources(findings))


def _uptime_side(findings: Findings) -> ChangeSide:
    seconds = findings.measurements.uptime.seconds
    return _side(seconds, said("value-uptime", seconds=seconds or 0), uptime_sources(findings))


def _wrapped(findings: Findings) -> bool:
    past = findings.measurements.uptime.past_wrap_seconds
    return past is not None and past >= 0


def _harmed(findings: Findings) -> bool:
    return _wrapped(findings) and findings.measurements.fix.state not in _HARMLESS


def _wrap_side(findings: Findings) -> ChangeSide:
    at = findings.measurements.uptime.wrap_at
    if at and findings.measurements.fix.state in _HARMLESS:
        sources = [*uptime_sources(findings), *findings.measurements.fix.sources[:1]]
        return ChangeSide(_iso(at), said("value-wrap-harmless"), sources)
    message = "value-wrapped" if _wrapped(findings) else "value-wraps"
    return _side(_iso(at), said(message, at=at), uptime_sources(findings))


def _ports(pair: Pair) -> list[Change]:
    """The TCP pool that is fullest in BEFORE, in both."""
    key, before = pool_of(pair.before)
    after = pair.after.measurements.ports[key]
    usable: Meaning | None = None
    if before.usable != after.usable:
        usable = "better" if after.usable > before.usable else "worse"
    return [
        _line("range", _both(pair, lambda one: _range_side(one, key)), family=key[-1]),
        _line("usable", _both(pair, lambda one: _usable_side(one, key)), usable),
        _counted(pair, "in-use", lambda one: one.measurements.ports[key].in_use),
        _line(
            "utilisation",
            _both(pair, lambda one: _utilisation_side(one, key)),
            _less_is_better(before.utilisation, after.utilisation),
        ),
    ]


def _range_side(findings: Findings, key: str) -> ChangeSide:
    pool = findings.measurements.ports[key]
    end = pool.start + pool.count - 1
    text = said("value-range", start=pool.start, end=end, count=pool.count)
    value = None if pool.basis == "assumed" else f"{pool.start}-{end}"
    return _side(value, text, [pool.source] if pool.source else [])


def _usable_side(findings: Findings, key: str) -> ChangeSide:
    pool = findings.measurements.ports[key]
    value = None if pool.basis == "assumed" else pool.usable
    return _side(value, said("value-count", count=pool.usable), [pool.source] if pool.source else [])


def _utilisation_side(findings: Findings, key: str) -> ChangeSide:
    share = findings.measurements.ports[key].utilisation
    return _side(share, said("value-share", share=share), table_sources(findings))


def _counted(pair: Pair, message: str, count: Count, *, udp: bool = False, **params: object) -> Change:
    """Ports that are held; a share of the smaller of two pools is what tells."""
    before, after = count(pair.before), count(pair.after)
    usable = min(_usable(one, udp=udp) for one in (pair.before, pair.after))
    sides = _both(pair, lambda one: _side(count(one), said("value-count", count=count(one)), table_sources(one)))
    return _line(message, sides, _less_is_better(before, after, usable), **params)


def _usable(findings: Findings, *, udp: bool) -> int:
    shortage = findings.measurements.shortage.get("udp")
    return findings.measurements.ports[shortage.pool].usable if udp and shortage else pool_of(findings)[1].usable


def _time_wait(pair: Pair) -> list[Change]:
    lines = [_counted(pair, "time-wait", _in_time_wait)]
    if any(one.measurements.time_wait.outlived for one in (pair.before, pair.after)):
        lines.append(_counted(pair, "outlived", lambda one: one.measurements.time_wait.outlived))
    return [
        *lines,
        _rated(pair, "rate", lambda one: one.measurements.time_wait.observed_rate, rate_sources),
        _rated(pair, "needed-rate", _needed_rate, table_sources),
    ]


def _in_time_wait(findings: Findings) -> float | None:
    return findings.measurements.time_wait.dynamic_ports if table_sources(findings) else None


def _needed_rate(findings: Findings) -> float | None:
    return findings.measurements.time_wait.needed_rate if table_sources(findings) else None


def _rated(pair: Pair, message: str, rate: Count, cited: Callable[[Findings], list[Source]]) -> Change:
    before, after = rate(pair.before), rate(pair.after)
    alike = before is not None and after is not None and _alike(before, after)
    sides = _both(pair, lambda one: _side(rate(one), said("value-rate", rate=rate(one)), cited(one)))
    return _line(message, sides, "same" if alike else "changed")


def _piles(pair: Pair) -> list[Change]:
    """The groups beside TIME_WAIT, those of BEFORE first; one that is not told of holds nothing where tables are."""
    groups = dict.fromkeys(one.group for side in (pair.before, pair.after) for one in side.measurements.piles)
    return [_counted(pair, "pile", _held_by(group), udp=group == UDP, group=group) for group in groups]


def _held_by(group: str) -> Count:
    def count(findings: Findings) -> float | None:
        pile = pile_of(findings, group)
        return pile.ports if pile else 0 if table_sources(findings) else None

    return count


def _events(pair: Pair) -> Change:
    """The shortages that Windows logged: in BEFORE all, in AFTER those that came since."""
    before, after = _all_events(pair.before), _new_events(pair)
    meaning: Meaning | None = None
    if isinstance(before.value, int) and isinstance(after.value, int):
        meaning = _fewer_is_better(before.value, after.value, longer=_longer(pair))
    return _line("events", (before, after), meaning)


def _fewer_is_better(before: int, after: int, *, longer: bool) -> Meaning:
    """What two counts of shortages mean; more of them in a longer time need not be worse.

    >>> _fewer_is_better(27, 0, longer=False), _fewer_is_better(27, 250, longer=False)
    ('better', 'worse')
    >>> _fewer_is_better(27, 250, longer=True), _fewer_is_better(27, 20, longer=False)
    ('changed', 'changed')
    """
    if not before and not after:
        return "same"
    if not after:
        return "better"
    return "worse" if not before or (after > before and not longer) else "changed"


def _longer(pair: Pair) -> bool:
    """Whether the events of AFTER came in a longer time than those of BEFORE, as far as the logs reach."""
    old, since, collected = pair.before.measurements.event_log, _since(pair), pair.after.bundle.collected_at
    if not (old.first_at and old.last_at and since and collected):
        return True
    return collected - since > (old.last_at - old.first_at) * (1 + ALIKE)


def _since(pair: Pair) -> datetime | None:
    """From when on the log of AFTER tells what is new."""
    begins = [one for one in (pair.before.bundle.collected_at, pair.after.measurements.event_log.first_at) if one]
    return max(begins, default=None)


def _all_events(findings: Findings) -> ChangeSide:
    if not findings.measurements.event_log.records:
        return _side(None, "", ())
    count = port_events(findings)
    text = said("value-events", count=count, last=last_port_event(findings)) if count else said("value-events-none")
    return ChangeSide(count, text, log_sources(findings))


def _new_events(pair: Pair) -> ChangeSide:
    log, collected = pair.after.measurements.event_log, pair.before.bundle.collected_at
    if not log.records or collected is None or pair.apart is None or pair.apart <= timedelta(0):
        return _all_events(pair.after)
    new = [one for one in log.port_events if one.at > collected]
    if not new:
        return ChangeSide(0, said("value-events-none-since", since=_since(pair)), log_files(pair.after))
    # The list is thinned out, but its first is the log's first: where that one is new, all are.
    every = port_events(pair.after)
    all_new = len(new) == len(log.port_events)
    count = every if all_new else len(new)
    message = "value-events-since" if all_new or every <= MOST_PORT_EVENTS else "value-events-at-least"
    return ChangeSide(count, said(message, count=count, last=new[-1].at), log_sources(pair.after))


def _owner(pair: Pair) -> Change:
    return _line("owner", _both(pair, _owner_side))


def _owner_side(findings: Findings) -> ChangeSide:
    """Whose rows are most, but for those of TIME_WAIT, which are nobody's (PID 0)."""
    owner = next((one for one in findings.measurements.connections.by_owner if one.pid), None)
    if owner is None:
        return _side(None, "", ())
    text = said("value-owner", image=owner.image, pid=owner.pid, rows=owner.rows)
    return ChangeSide(owner.image, text, table_sources(findings))


def _remote(pair: Pair) -> Change:
    return _line("remote", _both(pair, _remote_side))


def _remote_side(findings: Findings) -> ChangeSide:
    remote = next(iter(findings.measurements.connections.by_remote), None)
    if remote is None:
        return _side(None, "", ())
    name = endpoint(remote.address, remote.port)
    return ChangeSide(name, said("value-remote", remote=name, rows=remote.rows), table_sources(findings))
