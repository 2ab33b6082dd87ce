"""Whether two bundles are of one machine, and in order. Neither is ever assumed."""

from datetime import timedelta

from forensics.compare.comparison import MachineEntry, OrderEntry, Reason
from forensics.compare.pair import Pair, kind_sources, uptime_sources
from forensics.compare.texts import said
from forensics.evidence import Source
from forensics.report.findings import BootEntry, Findings

_NETBIOS = 15  # characters: `systeminfo` and the collector may print a name cut to that
_SAME_BOOT = timedelta(minutes=1)  # two bundles find one boot from different readings of event 6013
# A clock that was set moves a computed boot by hours; by more than a day no time zone and no repair does.
_OTHER_BOOT = timedelta(days=1)


def find_machine(pair: Pair) -> MachineEntry:
    """Compare the names, and the boots that both bundles know."""
    before, after = pair.before, pair.after
    names = before.bundle.host, after.bundle.host
    sources = {
        "before": kind_sources(before, "manifest", "systeminfo"),
        "after": kind_sources(after, "manifest", "systeminfo"),
    }
    shared = _shared_boot(pair)
    impossible = _impossible(pair)
    changed = _changed(pair)
    replaced = before.bundle.redacted or after.bundle.redacted
    if replaced:
        if shared and _system(before) == _system(after):
            reason = Reason("machine-same-redacted", said("machine-same-redacted", boot=shared.start), **_boots(pair))
            return MachineEntry("yes", reason, changed)
        if impossible:
            return MachineEntry("no", impossible, changed)
        return MachineEntry("unknown", Reason("machine-redacted", said("machine-redacted"), **sources), changed)
    nameless = [word for word, name in zip(("BEFORE", "AFTER"), names, strict=True) if not name]
    if nameless:
        which = " / ".join(nameless)
        return MachineEntry("unknown", Reason("machine-nameless", said("machine-nameless", which=which)), changed)
    if not _one_name(*names):
        text = said("machine-other-name", before=names[0], after=names[1])
        return MachineEntry("no", Reason("machine-other-name", text, **sources), changed)
    if impossible:
        return MachineEntry("no", impossible, changed)
    if shared:
        text = said("machine-same-boot", host=names[1], boot=shared.start)
        return MachineEntry("yes", Reason("machine-same-boot", text, **_boots(pair)), changed)
    return MachineEntry("yes", Reason("machine-same", said("machine-same", host=names[1]), **sources), changed)


def find_order(pair: Pair) -> OrderEntry:
    """Compare when they were collected; nothing is swapped."""
    at = pair.after.bundle.collected_at
    if pair.before.bundle.sha256 == pair.after.bundle.sha256 and pair.before.bundle.sha256:
        return OrderEntry("same-collection", 0.0, said("order-copy"))
    if pair.apart is None:
        return OrderEntry("unknown", None, said("order-unknown"))
    seconds = pair.apart.total_seconds()
    if not seconds:
        return OrderEntry("same-collection", 0.0, said("order-same", at=at))
    if seconds < 0:
        return OrderEntry("reversed", seconds, said("order-reversed", apart=seconds))
    return OrderEntry("as-given", seconds, said("order-given", apart=seconds))


def _one_name(before: str, after: str) -> bool:
    """Whether two names are one: with or without a domain, whole or as NetBIOS cuts them.

    >>> _one_name("web-sh-03", "WEB-SH-03.example.com"), _one_name("a.example.com", "a.example.org")
    (True, False)
    """
    one, other = before.casefold(), after.casefold()
    if "." in one and "." in other:
        return one == other
    one, other = one.split(".")[0], other.split(".")[0]
    if _NETBIOS in {len(one), len(other)}:
        one, other = one[:_NETBIOS], other[:_NETBIOS]
    return one == other


def _shared_boot(pair: Pair) -> BootEntry | None:
    """The run of the system that BEFORE was collected in, where AFTER knows it too."""
    start = pair.before.measurements.uptime.boot_time
    boots = pair.after.measurements.uptime.boots
    return next((one for one in boots if start and abs(one.start - start) <= _SAME_BOOT), None)


def _impossible(pair: Pair) -> Reason | None:
    """A machine cannot have been up, later, since before it was started."""
    before, after = pair.before.measurements.uptime.boot_time, pair.after.measurements.uptime.boot_time
    later = pair.apart is not None and pair.apart > timedelta(0)
    if not (before and after and later and before - after > _OTHER_BOOT):
        return None
    text = said("machine-other-boot", host=pair.after.bundle.host or "-", before=before, after=after)
    return Reason("machine-other-boot", text, **_boots(pair))


def _changed(pair: Pair) -> Reason | None:
    """Another system under the same name: it was upgraded, or set up anew."""
    before, after = _system(pair.before), _system(pair.after)
    if before == after or not all((*before, *after)):
        return None
    text = said("machine-upgraded", before=" ".join(before), after=" ".join(after))
    kinds = ("systeminfo", "registry", "manifest")
    return Reason("machine-upgraded", text, kind_sources(pair.before, *kinds)[:1], kind_sources(pair.after, *kinds)[:1])


def _system(findings: Findings) -> tuple[str, str]:
    """The system's name and version, as far as a reader of the comparison needs them."""
    return findings.measurements.system.os, findings.measurements.system.version


def _boots(pair: Pair) -> dict[str, list[Source]]:
    return {"before": uptime_sources(pair.before), "after": uptime_sources(pair.after)}
