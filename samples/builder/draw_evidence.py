"""What is left of a bundle, and what an expert could still tell from it.

Each rule of ``TELLS`` answers for one kind of trouble and gives its reason. The rules follow from how Windows works
and from the contracts, never from what the analyzer makes of a bundle.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from builder.draw_hosts import DAY, SHARES_PORTS
from builder.machine import CLOCK_WRAP_SECONDS, Machine

_LOSSES = (
    "netstat/", "netstat/ano-", "netstat/ano-1", "netstat/ano-2", "netstat/ano-3", "netstat/s-", "netstat/s-1",
    "netstat/s-3", "netstat/anot", "netstat/anoq", "netsh/", "netsh/dynamicport", "netsh/excludedportrange",
    "netsh/tcp-global", "registry/", "registry/tcpip-parameters", "registry/windows-currentversion", "eventlog/",
    "process/", "process/tasklist", "process/wmic", "system/", "system/systeminfo", "system/tcpip-files",
    "system/hotfixes", "system/drivers", "system/memory",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bundle as it is left.

    Attributes:
        machine: The machine that it is of.
        without: Starts of the paths that are missing.
        manifest: Whether there is a manifest: it says when each file was made, how long the machine was up, and
            which Windows it runs.
        dated: Whether the members of the zip have their true dates; a manifest makes up for them.
    """

    machine: Machine
    without: tuple[str, ...]
    manifest: bool
    dated: bool

    def has(self, path: str) -> bool:
        """Whether this file of the machine is still there."""
        return not path.startswith(self.without)

    @property
    def tables(self) -> tuple[int, ...]:
        """The numbers of the moments of which there is a table of connections, of whatever variant."""
        other = self.has("netstat/anot-1.txt") or self.has("netstat/anob.txt") or self.bound_shown
        found = {1} if other else set()
        numbers = range(1, self.machine.snapshots + 1)
        return tuple(sorted(found | {number for number in numbers if self.has(f"netstat/ano-{number}.txt")}))

    @property
    def plain_tables(self) -> tuple[int, ...]:
        """The numbers of the snapshots of ``netstat -ano``."""
        return tuple(n for n in range(1, self.machine.snapshots + 1) if self.has(f"netstat/ano-{n}.txt"))

    @property
    def bound_shown(self) -> bool:
        """Whether ``netstat -q`` was there and is left."""
        return self.machine.system.major >= SHARES_PORTS and self.has("netstat/anoq-1.txt")

    @property
    def timed(self) -> bool:
        """Whether the files say when they were made."""
        return self.manifest or self.dated

    @property
    def apart(self) -> bool:
        """Whether two tables stand further apart than a TIME_WAIT lasts, and say so."""
        tables = self.plain_tables
        return (
            self.timed
            and len(tables) > 1
            and (tables[-1] - tables[0]) * self.machine.snapshot_gap > self.machine.time_wait_delay
        )

    @property
    def opens_counted(self) -> bool:
        """Whether Active Opens was read beside the first and the last of the tables."""
        tables = self.plain_tables
        return len(tables) > 1 and all(self.has(f"netstat/s-{number}.txt") for number in (tables[0], tables[-1]))

    @property
    def uptime(self) -> bool:
        """Whether the uptime can be told: manifest, 6013 of the log, or systeminfo with a date beside it."""
        return self.manifest or self.log or (self.timed and self.has("system/systeminfo.txt"))

    @property
    def side_of_wrap(self) -> bool:
        """Whether it can be told on which side of the wrap the last table stands.

        Without times the newest event of the log is the best guess, and that may be most of a day old.
        """
        away = abs(self.machine.uptime(self.machine.snapshot_times[-1]) - CLOCK_WRAP_SECONDS)
        return self.uptime and (self.timed or away > DAY)

    @property
    def log(self) -> bool:
        """Whether the System log is there."""
        return self.has("eventlog/System.evtx")

    @property
    def system(self) -> bool:
        """Whether the release of Windows can be told: five files do, and the manifest."""
        named = ("eventlog/System.evtx", "system/systeminfo.txt", "system/tcpip-files.csv")
        return self.manifest or any(map(self.has, (*named, "registry/windows-currentversion.reg")))

    @property
    def driver(self) -> bool:
        """Whether it can be told which tcpip.sys runs: its version, when it came, and when the machine started.

        The list of updates does not tell it: later ones supersede the fix, and one that is listed may wait for a
        restart.
        """
        return self.uptime and self.has("system/tcpip-files.csv")

    @property
    def unaffected(self) -> bool:
        """Whether the release is known, and is one that never had the defect."""
        return self.system and (self.machine.system.major, self.machine.system.minor) > (6, 1)

    @property
    def before_wrap(self) -> bool:
        """Whether the machine is known to be up for less than 497.1 days."""
        last = self.machine.snapshot_times[-1]
        return self.side_of_wrap and self.machine.uptime(last) < CLOCK_WRAP_SECONDS

    @property
    def no_wrap(self) -> bool:
        """Whether a stopped TIME_WAIT clock is out of the question without looking at the rows."""
        fixed = self.driver and not self.machine.clock_wraps
        return self.unaffected or self.before_wrap or fixed

    @property
    def processes(self) -> bool:
        """Whether there is a list of processes."""
        return self.has("process/tasklist-svc.csv") or self.has("process/wmic-process.csv")

    @property
    def tcp_range(self) -> bool:
        """Whether the dynamic range is known."""
        return self.has("netsh/dynamicport-ipv4-tcp.txt")


def left(rng: random.Random, machine: Machine) -> Evidence:
    """Takes evidence away: nothing in two of five bundles, one to six files or folders in the others."""
    by_hand = rng.random() < 0.15
    dated = not by_hand or rng.random() < 0.5
    if rng.random() < 0.4:
        return Evidence(machine, (), not by_hand, dated)
    lost = tuple(sorted(rng.sample(_LOSSES, rng.choice((1, 1, 2, 2, 3, 4, 6)))))
    return Evidence(machine, lost, not by_hand, dated)


Told = tuple[bool, str]
"""Whether the cause can be told, and why or why not."""
Rule = Callable[[Evidence], Told]


def _all(*needs: tuple[bool, str]) -> Told:
    """True if nothing is lacking, else what is."""
    lacking = [what for there, what in needs if not there]
    return (False, f"without {', '.join(lacking)}") if lacking else (True, "nothing needed is missing")


def wrapped(evidence: Evidence) -> Told:
    """A clock that has wrapped, with at least a quarter of the ports in TIME_WAIT.

    It takes the uptime and an affected release; then either rows that outlive a TIME_WAIT with the opens that could
    have renewed them counted, or a driver known to lack the fix and a pile to see.
    """
    stays = evidence.apart and evidence.opens_counted
    piled = evidence.driver and bool(evidence.tables)
    return _all(
        (evidence.side_of_wrap, "the uptime"),
        (evidence.system, "the release"),
        (stays or piled, "rows seen to stay, or the driver's version and a table"),
    )


def wrapped_slightly(evidence: Evidence) -> Told:
    """The same with a small pile: it may be ordinary traffic, so the rows must be seen to stay."""
    stays = evidence.apart and evidence.opens_counted
    return _all(
        (evidence.side_of_wrap, "the uptime"), (evidence.system, "the release"), (stays, "rows seen to stay")
    )  # fmt: skip


def wrapped_before_restart(evidence: Evidence) -> Told:
    """A wrap in the session before: only the log tells how long that ran and that 4227 came; the driver is named."""
    return _all(
        (evidence.log, "the System log"), (evidence.has("system/tcpip-files.csv"), "the driver's version")
    )  # fmt: skip


def approaching(evidence: Evidence) -> Told:
    """A wrap to come: a matter of release, uptime and driver; with an unknown driver it may be fixed."""
    return _all(
        (evidence.side_of_wrap, "the uptime"), (evidence.system, "the release"), (evidence.driver, "the driver"),
    )  # fmt: skip


def churn(evidence: Evidence) -> Told:
    """TIME_WAIT in quantity: churn where the opens account for it, or where the clock cannot have wrapped."""
    counted = evidence.apart and evidence.opens_counted
    return _all(
        (bool(evidence.tables), "a table"),
        (counted or evidence.no_wrap, "the opens between two tables, or what excludes the wrap"),
    )


def churn_in_small_range(evidence: Evidence) -> Told:
    """The pile is small: it says nothing unless the range is known to be so too."""
    known = (evidence.tcp_range, "the dynamic range")
    told, why = churn(evidence)
    return _all((told, why.removeprefix("without ")), known)


def one_table(evidence: Evidence) -> Told:
    """A state that speaks for itself in such quantity (CLOSE_WAIT, SYN_SENT, FIN_WAIT, UDP): one table shows it."""
    return _all((bool(evidence.tables), "a table"))


def one_table_and_range(evidence: Evidence) -> Told:
    """The same in a range that is not the default, which must be known."""
    return _all((bool(evidence.tables), "a table"), (evidence.tcp_range, "the dynamic range"))


def established(evidence: Evidence) -> Told:
    """Connections that are kept: a leak only grows, which takes two tables; in one it may be an ordinary load."""
    return _all((len(evidence.tables) > 1, "two tables"))


def bound(evidence: Evidence) -> Told:
    """Bound sockets: nothing but ``netstat -q`` shows them, and only on Windows 10, Server 2016 and newer."""
    return _all((evidence.bound_shown, "netstat -q"))


def vanished_owner(evidence: Evidence) -> Told:
    """A row is an orphan only if the processes of that moment are known."""
    return _all((bool(evidence.tables), "a table"), (evidence.processes, "the list of processes"))


def small_range(evidence: Evidence) -> Told:
    """A range too small: how small must be known, and that it is used."""
    return _all((bool(evidence.tables), "a table"), (evidence.tcp_range, "the dynamic range"))


def excluded_range(evidence: Evidence) -> Told:
    """Exclusions show nowhere but in netsh."""
    exclusions = evidence.has("netsh/excludedportrange-ipv4-tcp.txt")
    return _all(
        (bool(evidence.tables), "a table"),
        (evidence.tcp_range, "the dynamic range"),
        (exclusions, "the excluded ranges"),
    )


def reuse(evidence: Evidence) -> Told:
    """4227 with free ports: the event, and a table near enough to it in time to say that ports were free."""
    return _all(
        (bool(evidence.tables), "a table"),
        (evidence.log, "the System log"),
        (evidence.timed, "the time of the table"),
        (evidence.tcp_range, "the dynamic range"),
    )


def reuse_hours_ago(evidence: Evidence) -> Told:
    """How many ports were free at the time of the event, no table of hours later tells."""
    return False, f"the {len(evidence.tables)} tables are of hours after the event"


def chimney(evidence: Evidence) -> Told:
    """Offloaded connections are seen in ``netstat -t`` alone; the rest is release, uptime and driver."""
    return _all(
        (evidence.has("netstat/anot-1.txt"), "netstat -t"),
        (evidence.side_of_wrap, "the uptime"),
        (evidence.system, "the release"),
        (evidence.driver, "the driver's version"),
    )


def memory(evidence: Evidence) -> Told:
    """That connections failed for want of memory says 4229; counters alone say only that memory is short."""
    return _all((evidence.log, "the System log"))


def outside(evidence: Evidence) -> Told:
    """A NAT outside: attempts to public addresses fail again and again while others work: two tables and counters."""
    return _all(
        (len(evidence.plain_tables) > 1, "two tables"), (evidence.opens_counted, "the failed attempts counted")
    )  # fmt: skip


def nothing(evidence: Evidence) -> Told:
    """That ports are not short and were not: the table, the range, and a log without the events."""
    return _all(
        (bool(evidence.tables), "a table"),
        (evidence.tcp_range, "the dynamic range"),
        (evidence.log, "the System log"),
    )


def nothing_but_shared(evidence: Evidence) -> Told:
    """Most ports in use, and no shortage: on a release that shares ports, which must be known."""
    told, why = nothing(evidence)
    return _all((told, why.removeprefix("without ")), (evidence.system, "the release"))


def nothing_past_wrap(evidence: Evidence) -> Told:
    """The same past 497 days on an affected release: it must be seen that rows end, or that the fix runs."""
    ends = evidence.apart and evidence.opens_counted
    told, why = nothing(evidence)
    return _all((told, why.removeprefix("without ")), (ends or evidence.driver, "rows seen to end, or the driver"))
