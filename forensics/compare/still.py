"""What stands in the way of every "worked": the cause at work as before, another in its place, or ports still short."""

from forensics.compare import reasons
from forensics.compare.comparison import Answer
from forensics.compare.pair import Pair, entry_of, found_now, is_short, share_of
from forensics.compare.reasons import answer
from forensics.compare.texts import said
from forensics.report.findings import CauseEntry

# This project's own: TIME_WAIT alone makes the share of a busy machine breathe by some percent from minute to minute.
_CLEARLY_MORE = 0.05
# A whole netstat shows these; not what is bound alone (netstat -q), memory, or what a NAT outside does.
_SEEN_IN_TABLES = frozenset(
    {
        "time-wait-churn", "port-range-too-small", "local-endpoint-reuse", "syn-sent-pileup", "fin-wait-pileup",
        "close-wait-leak", "established-leak", "udp-port-exhaustion", "kernel-socket-leak",
    }
)  # fmt: skip


def find_still(pair: Pair, cause: str) -> Answer | None:
    """Whether ports are still short; None where nothing shows it."""
    found = found_now(pair.after)
    same = next((one for one in found if one.id == cause), None)
    if same:
        return _same(pair, same)
    return find_other(pair)


def find_other(pair: Pair) -> Answer | None:
    """Whether ports are short for another cause, or for none that is known; None where nothing shows it."""
    found = found_now(pair.after)
    if found:
        other = found[0]
        named = {"title": other.title, "status": said(f"status-{other.status}")}
        return answer("did-not-work", "another", [*reasons.evidence("after", other), reasons.shares(pair)], **named)
    if is_short(pair.after):
        share = share_of(pair.after)
        return answer("did-not-work", "still-short", [reasons.shares(pair)], share=share)
    return None


def find_unclear(pair: Pair, cause: str) -> Answer | None:
    """Whether AFTER cannot tell if the cause is still at work; None where it excludes it, or its figures can tell.

    Short of an exclusion a cause may stay open for events from before the remedy alone.
    """
    entry = entry_of(pair.after, cause)
    if entry and entry.applies_to == "now" and entry.status == "ruled_out":
        return None
    whole = any(one.complete for one in pair.after.measurements.connections.snapshots)
    if cause in _SEEN_IN_TABLES and whole and share_of(pair.after) is not None:
        return None
    title = entry.title if entry else cause
    return answer("cannot-be-told", "unclear", [reasons.shares(pair)], title=title)


def _same(pair: Pair, entry: CauseEntry) -> Answer:
    named = {"title": entry.title, "status": said(f"status-{entry.status}")}
    told = [*reasons.evidence("after", entry), reasons.shares(pair)]
    before, after = share_of(pair.before), share_of(pair.after)
    if before is not None and after is not None and after - before >= _CLEARLY_MORE:
        return answer("got-worse", "worse", told, before=before, after=after, **named)
    return answer("did-not-work", "still", told, **named)
