"""What the evidence on a pile weighs, and its words; causes add their own (rules/pile.py)."""

from forensics.judgement import DECISIVE, STRONG, WEAK, Weight, Weights

PILE_WEIGHTS: Weights = {
    "short": Weight(STRONG, "fullness", "SDP, RC_EphemeralPort80Check: over 80 % of the ports is critical"),
    "not-short": Weight(-STRONG, "fullness", "SDP, RC_EphemeralPort50Check and 80Check: no warning below 50 %"),
    "fills": Weight(STRONG, "what holds the ports", "counting: most of what is held; the rest would not fill the range"),
    "part": Weight(WEAK, "what holds the ports", "this project's ladder: a quarter of the usable ports or more"),
    "small": Weight(-DECISIVE, "what holds the ports", "counting: what is not there holds no ports"),
    "small-now": Weight(-WEAK, "what holds the ports", "the same of a filtered table, or of another time than the port events"),
    "other-fills": Weight(-DECISIVE, "what holds the ports", "counting: what fills the range is something else"),
    "held": Weight(STRONG, "turnover", "the same addresses and ports stand in tables minutes apart"),
    "grows": Weight(STRONG, "turnover", "where as many come as go, b come and none goes with a chance of e^-b; b ≥ 10"),
    "turns-over": Weight(-WEAK, "turnover", "connections that go by themselves are no leak"),
    "owner": Weight(STRONG, "owner", "netstat -o: one process holds at least half of them"),
    "spread": Weight(-WEAK, "owner", "netstat -o: no process holds half of them"),
    "owner-gone": Weight(-STRONG, "owner", "the process is gone, so no application holds them"),
    "remote": Weight(WEAK, "remote", "counting: where most of them go"),
    "ran-out": Weight(WEAK, "events", "netevent.dll, 4231 and 4266: Windows found no free port"),
    "traced": Weight(WEAK, "trace", "TCPIP 1195, 1006, 1050, 1394 of a network trace: no port was to be had"),
    "traced-unseen": Weight(-WEAK, "trace", "the same, at a time of which no table speaks"),
    "uncovered": Weight(-WEAK, "events", "a table taken later proves nothing of them (RFC 9293, TIME-WAIT)"),
}  # fmt: skip

PILE_TEXTS = {
    "short": "{held:count} of {usable:count} usable dynamic ports are taken ({share:percent}); over 80 % is critical.",
    "short-for-remote": (
        "On this Windows one local port may serve many remotes. For {busiest}, {held:count} of {usable:count} usable dynamic ports are "
        "taken ({share:percent}); over 80 % is critical."
    ),
    "not-short": "{held:count} of {usable:count} usable dynamic ports are taken ({share:percent}).",
    "not-short-for-remote": (
        "On this Windows one local port may serve many remotes. No remote has more than {held:count} of {usable:count} usable dynamic "
        "ports ({share:percent})."
    ),
    "fills": "{ports:count} of them are {what}.",
    "part": "{ports:count} dynamic ports are {what}, {part:percent} of the usable ones.",
    "small": "No more than {ports:count} dynamic ports are {what}.",
    "small-now": "No more than {ports:count} dynamic ports are {what}; that need not be all that there were.",
    "other-fills": "No more than {ports:count} of the {held:count} ports taken are {what}: something else holds the rest.",
    "held": "Of {first:count} such rows {kept:count} were still there {seconds:seconds} later: they are held, not turned over.",
    "grows": "Within {seconds:seconds} {born:count} such rows came and none went.",
    "turns-over": "Of {first:count} such rows only {kept:count} were still there {seconds:seconds} later: they come and go.",
    "owner": "{owned:count} of these {ports:count} ports belong to {owner}.",
    "spread": "No process holds half of them; most, {owned:count}, belong to {owner}.",
    "owner-gone": "Most of them have PID {pid}, which no process in the list has: no application holds them.",
    "remote": "{to_remote:count} of these {ports:count} ports go to {remote}.",
    "ran-out": "Event {ids} was logged {count:times}, first on {first_at:utc}: Windows found no free port.",
    "traced": "A network trace shows {count:times} that no port was to be had, first at {first_at:utc}.",
    "traced-unseen": (
        "A network trace shows {count:times} that no port was to be had, first at {first_at:utc}; no table was taken within "
        "{within:seconds} after it, so what held the ports then is not known."
    ),
    "uncovered": (
        "Event {ids} was logged {count:times}, last on {last_at:utc}; no table was taken within {within:seconds} after it, so what held the "
        "ports then is not known."
    ),
    "missing-log": "The System event log: it shows whether ports ran out at another time (events 4227, 4231, 4266).",
    "missing-table": "An unfiltered netstat, taken while the trouble lasts.",
    "missing-second": "A second netstat some minutes later: it shows whether the same connections are still there.",
    "missing-range": "The dynamic port range.",
    "missing-processes": "The process list of the same time: it shows whether the owner still runs.",
    "missing-system": "Which Windows this is: it decides whether one port may serve many remotes.",
    "forecast-full": "At {rate:growth} ({basis}) the {free:count} ports that are left last {left:duration}.",
    "forecast-refill": "The range is full. At {rate:growth} ({basis}) it is full again {left:duration} after a restart of the owner.",
    "forecast-full-now": "The range is full now; how fast it filled was not measured.",
    "forecast-none": "No growth was measured, so when the range is full cannot be told.",
    "do-restart-owner": "Take a dump of {owner} for its vendor, then restart it.",
    "do-restart-owner-effect": "Frees {owned:count} ports at once; at {rate:growth} they are held again after {lasting:duration}.",
    "do-restart-owner-effect-unknown": "Frees {owned:count} ports at once; how soon they are held again was not measured.",
    "do-restart-owner-cost": "Interrupts what the process does; minutes.",
    "do-widen": "Widen the dynamic range.",
    "do-widen-effect": "Adds {wider:count} ports at once; at {rate:growth} they last {lasting:duration}.",
    "do-widen-effect-unknown": "Adds {wider:count} ports at once.",
    "do-widen-cost": "No restart, no interruption. It buys time and cures nothing.",
    "do-widen-caution": "Check that no service listens in the new range and that firewalls let it through.",
}  # fmt: skip
