"""Rules that several causes share: the ladder of a pile of ports, what points to it, and what helps against it.

A pile is a group of rows on dynamic ports: all in one state, or all of one kind of owner (measure/piles.py). The ladder:

- *confirmed*: the ports are short (80 % held, SDP), the pile holds most of what is held, whole tables of one known
  machine with a known range and a process list say so, and the cause's own proof holds;
- *likely*: short, and the pile holds most or the range would not be full without it; or it holds half of the ports, and
  lasts or grows;
- *possible*: it holds a quarter of the usable ports (the ladder of contracts.md begins there too);
- *inconclusive*: no whole table; or the ports are not short now, and port events that no table speaks of, or a missing
  log, leave open what was before;
- *ruled out*: a whole table shows that it is small, or that something else fills the range.
"""

import msgspec

from forensics.judgement import (
    CONFIRMED,
    INCONCLUSIVE,
    LIKELY,
    POSSIBLE,
    RULED_OUT,
    Missing,
    Point,
    Statement,
    Weights,
    weigh,
)
from forensics.knowledge import commands
from forensics.measure.coverage import Coverage
from forensics.measure.measurements import Measurements
from forensics.measure.piles import BOUND, FIN_WAIT, ORPHANED, UDP, Pile
from forensics.measure.shortage import Shortage
from forensics.rules.fullness import event_points, shortage_params, shortage_point, tables_are_sure
from forensics.rules.traced import shortage_points
from forensics.text.endpoints import endpoint
from forensics.text.said import Said

_WITHOUT_OWNER = frozenset({FIN_WAIT, ORPHANED})  # groups whose rows need no process, or are chosen for having none
QUARTER, HALF = 0.25, 0.5  # contracts.md: the ladder of tick-wrap-497d names the same shares


class PileCase(msgspec.Struct, frozen=True):
    """One pile against the ports that are short, as a cause judges it. `what` says what its ports are, in words.

    `ownerless` is set where most of it belongs to PIDs in no process list though its state needs one: no application
    holds it.
    """

    pile: Pile
    shortage: Shortage
    coverage: Coverage
    what: Said
    ownerless: bool = False
    earlier_full: bool = False

    @property
    def taken(self) -> int:
        """The pile's ports that stand in the way of a new connection."""
        if self.pile.family != self.shortage.pool.family:
            return 0
        shared = self.shortage.shared and self.pile.group not in {BOUND, UDP}
        return self.pile.remote_ports if shared else self.pile.ports

    @property
    def share(self) -> float:
        """The same as a share of the usable ports."""
        usable = self.shortage.pool.usable
        return self.taken / usable if usable else 0.0

    @property
    def fills(self) -> bool:
        """Whether the pile holds at least half of what is held."""
        return self.shortage.held > 0 and self.of_the_busiest and self.taken * 2 >= self.shortage.held

    @property
    def of_the_busiest(self) -> bool:
        """Whether its ports are those that are short: where ports are shared, those of the remote that takes most."""
        return self.shortage.remote in {None, self.pile.remote} or self.pile.group == BOUND

    @property
    def held(self) -> bool:
        """Whether the rows stay or only grow: what a leak looks like."""
        return self.pile.persists or self.pile.only_grows

    @property
    def unseen(self) -> bool:
        """Whether there was trouble that the latest table does not speak of: port events, a trace's, or a fuller table."""
        return self.coverage.unseen or (self.earlier_full and not self.shortage.full)


def pile_case(m: Measurements, group: str, what: Said) -> PileCase:
    """The case of one group."""
    udp = group == UDP
    coverage = m.udp_coverage if udp else m.coverage
    pile = m.piles[group]
    # Several processes may be gone, each with a part: what plain tables show of them is counted together.
    orphaned = pile.owner_ports if group in {UDP, BOUND} else m.piles[ORPHANED].ports
    absent = m.processes.absent(pile.owner) and orphaned * 2 >= pile.ports
    ownerless = group not in _WITHOUT_OWNER and bool(pile.ports) and absent
    earlier_full = m.earlier_full and not udp
    shortage = m.udp_shortage if udp else m.shortage
    if pile.share >= QUARTER:  # a pile of note is held against its own family, IPv4 or IPv6
        shortage = m.shortages[pile.protocol, pile.family]
    return PileCase(pile, shortage, coverage, what, ownerless, earlier_full)


def pile_status(m: Measurements, case: PileCase, *, proven: bool, lasting: bool) -> str:
    """The ladder above.

    Args:
        m: the measurements.
        case: the pile.
        proven: whether the cause's own proof holds.
        lasting: whether the pile was there before or grows, and is no crowd of a moment.
    """
    if not m.tables:
        return INCONCLUSIVE
    shortage = case.shortage
    if case.ownerless and case.share >= QUARTER:
        return POSSIBLE
    if not shortage.settled and case.pile.share >= QUARTER:
        return POSSIBLE
    if shortage.full and case.fills:
        return CONFIRMED if proven and tables_are_sure(m, shortage) and m.processes.complete else LIKELY
    if case.share >= QUARTER and case.of_the_busiest and shortage.would_cure(case.taken):
        return LIKELY
    if case.share >= HALF:
        return LIKELY if lasting else POSSIBLE
    if case.share >= QUARTER:
        return POSSIBLE
    if not m.full_table or (not shortage.full and (case.unseen or not m.log.records)):
        return INCONCLUSIVE
    unknown = shortage.unknown >= shortage.pool.usable * QUARTER and shortage.pool.usable > 0
    return INCONCLUSIVE if unknown else RULED_OUT


def stayed(m: Measurements, case: PileCase) -> bool:
    """Whether most of the earliest table's rows are the same connections still, by the collector's clock.

    A row that stands in both tables may have been closed and opened anew on its port: at most as often as connections
    were opened (Active Opens, netstat -s). Without that count nine rows in ten must have stayed: where connections come and
    go, some are caught between (traps.md, Arithmetic).
    """
    pile, opened = case.pile, m.time_wait.observed
    if not (pile.persists and pile.timed):
        return False
    first, kept = pile.first_rows or 0, pile.kept or 0
    if opened is None:
        return kept * 10 >= first * 9
    return (kept - opened.most) * 2 >= first


def holds_them(m: Measurements, case: PileCase) -> bool:
    """Whether one living process holds at least half of a pile: it is listed, and was there when the first rows were.

    A PID is given again: a process that was created after the earliest table is another one.
    """
    pile = case.pile
    if pile.owner is None or m.processes.absent(pile.owner) or pile.owner_share < HALF:
        return False
    created, first = m.processes.named(pile.owner).created_at, m.tables[0].moment if m.tables else None
    return created is None or first is None or created <= first.high


def pile_params(m: Measurements, case: PileCase) -> dict[str, object]:
    """What the sentences on a pile are filled with."""
    pile = case.pile
    return {
        **shortage_params(case.shortage),
        "ports": pile.ports,
        "what": case.what,
        "part": case.share,
        "first": pile.first_rows,
        "kept": pile.kept,
        "born": pile.born,
        "seconds": pile.seconds,
        "owned": pile.owner_ports,
        "owner": m.processes.named(pile.owner).label,
        "image": m.processes.named(pile.owner).name or f"PID {pile.owner}",
        "pid": pile.owner,
        "to_remote": pile.remote_ports,
        "remote": endpoint(*pile.remote) if pile.remote else Said("no remote"),
    }


def pile_points(m: Measurements, case: PileCase, weights: Weights) -> list[Point]:
    """What the tables say for and against a pile."""
    pile, shortage, params = case.pile, case.shortage, pile_params(m, case)
    points: list[Point] = []
    if m.tables and shortage.share is not None:
        points.append(shortage_point(weights, shortage))
        points.append(_size_point(m, case, weights, params))
    if case.share >= QUARTER:
        points.extend(_turnover_points(pile, weights, params))
        points.extend(_owner_points(m, case, weights, params))
        if pile.remote and pile.remote[1] and pile.remote_ports * 2 >= pile.ports:
            points.append(weigh(weights, "remote", params, pile.sources))
    points.extend(event_points(weights, case.coverage, shortage))
    if case.share >= QUARTER or not shortage.full:
        points.extend(shortage_points(weights, case.coverage, short=shortage.full))
    return points


def _size_point(m: Measurements, case: PileCase, weights: Weights, params: dict[str, object]) -> Point:
    sources = case.pile.sources or case.shortage.sources
    if case.fills and case.shortage.full:
        return weigh(weights, "fills", params, sources)
    if case.share >= QUARTER:
        return weigh(weights, "part", params, sources)
    if case.shortage.full:
        return weigh(weights, "other-fills", params, sources)
    return weigh(weights, "small-now" if case.unseen or not m.full_table else "small", params, sources)


def _turnover_points(pile: Pile, weights: Weights, params: dict[str, object]) -> list[Point]:
    if not pile.first_rows or not pile.apart:
        return []
    if pile.only_grows:
        return [weigh(weights, "grows", params, pile.sources)]
    return [weigh(weights, "held" if pile.persists else "turns-over", params, pile.sources)]


def _owner_points(m: Measurements, case: PileCase, weights: Weights, params: dict[str, object]) -> list[Point]:
    pile = case.pile
    if pile.owner is None:
        return []
    listed = m.processes.named(pile.owner).source
    sources = (*pile.sources, *((listed,) if listed else m.processes.sources[:1]))
    if "owner-gone" in weights and m.processes.absent(pile.owner):
        return [weigh(weights, "owner-gone", params, sources)]
    return [weigh(weights, "owner" if pile.owner_share >= HALF else "spread", params, sources)]


def pile_missing(m: Measurements, case: PileCase) -> list[Missing]:
    """What would settle a pile."""
    missing = []
    if not m.log.records and not case.shortage.full:
        missing.append(Missing(Statement("missing-log"), commands.EXPORT_LOG))
    if not m.full_table or case.unseen:
        missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    elif len(m.tables) < 2:  # noqa: PLR2004 - a comparison needs two
        missing.append(Missing(Statement("missing-second"), commands.netstat_twice(m.time_wait.delay.at_most)))
    if case.shortage.pool.basis == "assumed":
        missing.append(
            Missing(
                Statement("missing-range"),
                commands.dynamic_range(case.shortage.pool.protocol, case.shortage.pool.family),
            )
        )
    if not m.processes.complete:
        missing.append(Missing(Statement("missing-processes"), commands.TASKLIST))
    if not case.shortage.settled:
        missing.append(Missing(Statement("missing-system"), commands.SYSTEMINFO))
    return missing
