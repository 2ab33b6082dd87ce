"""How long the machine had been up at collection, when its TIME_WAIT clock wraps, and how sure that is."""

from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Evidence, Source
from forensics.knowledge.tick import TICK_WRAP
from forensics.measure.boots import Boot, boot_history, clock_changes, fast_startups, moved_between
from forensics.measure.collection import Collection, Moment
from forensics.measure.interval import Interval
from forensics.measure.log import SystemLog
from forensics.measure.zone import Zone
from forensics.parsers.systeminfo import SystemInfo
from forensics.text.said import Said

_SERVICE_START = "6009"
AGREE = timedelta(minutes=10)  # two witnesses of one boot: services start within minutes of the kernel
_MOVED_WORTH_TELLING = 60.0  # seconds of clock change that a reader may ask about


class BootWitness(msgspec.Struct, frozen=True):
    """A second opinion on when the running system booted."""

    kind: str
    boot: datetime
    source: Source
    doubt: timedelta = timedelta(0)


class Uptime(msgspec.Struct, frozen=True):
    """Uptime at collection. `seconds` is the best figure, `span` what it may be; all None where nothing tells.

    `method` is `6013`, `boot-event`, `manifest`, `systeminfo` or `unknown`.
    """

    seconds: float | None
    span: Interval | None
    at: datetime | None
    boot: Boot | None
    method: str
    source: Source | None
    history: tuple[Boot, ...] = ()
    witnesses: tuple[BootWitness, ...] = ()
    disagreements: tuple[Said, ...] = ()
    corroborated: bool = False
    disputed: bool = False  # whether a witness disagrees and nothing explains it

    @property
    def agreeing(self) -> tuple[BootWitness, ...]:
        """The witnesses that put the boot where the best one does."""
        start = self.boot.start if self.boot else None
        return tuple(one for one in self.witnesses if start and abs(one.boot - start) <= AGREE + one.doubt)

    @property
    def boot_time(self) -> datetime | None:
        """When the running system booted, UTC."""
        return self.boot.start if self.boot else None

    @property
    def wrap_at(self) -> datetime | None:
        """When its clock wraps or wrapped, UTC."""
        return self.boot.wrap_at if self.boot else None


def find_uptime(evidence: Evidence, log: SystemLog, collection: Collection, zone: Zone) -> Uptime:
    """Weigh all witnesses; the log's own boot history comes first, for it holds hundreds of readings."""
    history = boot_history(log)
    witnesses = _witnesses(evidence, zone)
    moment = collection.moment
    if moment is None:
        return Uptime(None, None, None, None, "unknown", None, history, witnesses)
    boot = history[-1] if history else None
    if boot and boot.start > moment.at:
        boot = None
    if boot is None:
        return _from_witness(moment, history, witnesses)
    return _from_log(moment, boot, history, witnesses, log)


def _from_witness(moment: Moment, history: tuple[Boot, ...], witnesses: tuple[BootWitness, ...]) -> Uptime:
    for witness in witnesses:
        seconds = (moment.at - witness.boot).total_seconds()
        if seconds < 0:
            continue
        # Read on a wall clock that nobody vouches for: an hour of zone doubt on either side for systeminfo.
        spread = 3600 if witness.kind == "systeminfo" else 60
        low = (moment.low - witness.boot).total_seconds() - spread
        high = (moment.high - witness.boot).total_seconds() + spread
        boot = Boot(witness.boot, witness.kind, witness.source)
        others = tuple(one for one in witnesses if one is not witness)
        apart = [one for one in others if abs(one.boot - witness.boot) > AGREE + one.doubt + witness.doubt]
        for other in apart:
            low = min(low, (moment.low - other.boot).total_seconds())
            high = max(high, (moment.high - other.boot).total_seconds())
        said = tuple(
            Said(
                "{one} puts the boot at {boot:utc}, {other} at {other_boot:utc}",
                {"one": witness.kind, "boot": witness.boot, "other": other.kind, "other_boot": other.boot},
            )
            for other in apart
        )
        return Uptime(
            seconds, Interval(max(0.0, low), high), moment.at, boot, witness.kind, witness.source,
            (*history, boot), others, said, len(apart) < len(others), bool(apart),
        )  # fmt: skip
    return Uptime(None, None, moment.at, None, "unknown", None, history, witnesses)


def _from_log(
    moment: Moment, boot: Boot, history: tuple[Boot, ...], witnesses: tuple[BootWitness, ...], log: SystemLog
) -> Uptime:
    # The clock was set after the last record of the boot: in today's clock it lies that much later.
    moved = boot.moved
    disagreements: list[Said] = []
    boot = msgspec.structs.replace(boot, start=boot.start + timedelta(seconds=boot.moved), moved=0.0)
    history = (*history[:-1], boot)
    if boot.readings:
        last = boot.readings[-1]
        method, source = "6013", last.logged.source()
        disagreements.extend(_shifts(boot, log))
        if abs(moved) >= _MOVED_WORTH_TELLING:
            disagreements.append(
                Said(
                    "the clock was set by {moved:shift} after the last 6013; the uptime is corrected for it",
                    {"moved": moved},
                )
            )
    else:
        method, source = "boot-event", boot.source
    seconds = (moment.at - boot.start).total_seconds()
    low, high = (moment.low - boot.start).total_seconds(), (moment.high - boot.start).total_seconds()
    disagreements.extend(
        Said("{at:utc}: a fast startup resumed the kernel; the uptime runs on through it", {"at": one.at})
        for one in fast_startups(log)
        if boot.start < one.at <= moment.at
    )
    if boot.basis == _SERVICE_START and len(history) > 1:
        # 6009 alone is written when the event log service restarts, too: the run before may go on.
        high = max(high, (moment.high - history[-2].start).total_seconds())
        disagreements.append(
            Said("the event log service started after the last 6013; whether the machine booted is not sure")
        )
    corroborated = disputed = False
    for witness in witnesses:
        apart = witness.boot - boot.start
        if abs(apart) <= AGREE + witness.doubt:
            corroborated = True
            continue
        explained = _explained(apart, boot, log)
        said = Said(
            "{witness} puts the boot at {boot:utc-second}, the event log at {start:utc-second}",
            {"witness": witness.kind, "boot": witness.boot, "start": boot.start},
        )
        disagreements.append(Said("{said}: {why}", {"said": said, "why": explained}) if explained else said)
        disputed = disputed or not explained
        if not explained and witness.kind == "manifest":
            other = (moment.at - witness.boot).total_seconds()
            low, high = min(low, other), max(high, other)
    if boot.source.file in log.partial and not corroborated:
        low = 0.0
        disagreements.append(Said("the event log is an export that lacks records: it need not show a later restart"))
    elif not corroborated and log.may_lack_after(boot.source):
        low = 0.0
        disagreements.append(Said("the event log is torn or cut after the last 6013: it need not show a later restart"))
    return Uptime(
        seconds, Interval(max(0.0, low), high), moment.at, boot, method, source,
        history, witnesses, tuple(disagreements), corroborated, disputed,
    )  # fmt: skip


def _shifts(boot: Boot, log: SystemLog) -> list[Said]:
    """Where `TimeCreated − seconds` moved within a boot: the clock was set, or the machine was paused."""
    changes = clock_changes(log)
    found = []
    for before, after in zip(boot.readings, boot.readings[1:], strict=False):
        shift = (after.boot - before.boot).total_seconds()
        if abs(shift) < _MOVED_WORTH_TELLING:
            continue
        set_by = moved_between(changes, before.logged, after.logged)
        reason = (
            Said("the clock was set by as much")
            if abs(shift - set_by) < _MOVED_WORTH_TELLING
            else Said("the clock was set or the machine was paused; the uptime counter ran on")
        )
        found.append(
            Said(
                "between {before:day} and {after:day} the boot time implied by 6013 moved by {shift:shift}: {reason}",
                {"before": before.at, "after": after.at, "shift": shift, "reason": reason},
            )
        )
    return found


def _explained(apart: timedelta, boot: Boot, log: SystemLog) -> Said | None:
    """Whether the clock changes since the boot account for a witness that kept the old boot time."""
    total = sum(change.seconds for change in clock_changes(log) if not change.resume and change.logged.at >= boot.start)
    if total and abs(apart.total_seconds() + total) <= AGREE.total_seconds():
        return Said("the clock was set by {total:shift} since, which explains it", {"total": total})
    return None


def _witnesses(evidence: Evidence, zone: Zone) -> tuple[BootWitness, ...]:
    found = []
    manifest = evidence.manifest
    if manifest and manifest.uptime_seconds is not None and manifest.started_at:
        boot = manifest.started_at - timedelta(seconds=manifest.uptime_seconds)
        source = Source(evidence.manifest_file, quote=f'"uptime_seconds": {manifest.uptime_seconds:.0f}')
        found.append(BootWitness("manifest", boot, source))
    # The same clock told again is no second opinion; another time is.
    if manifest and manifest.boot_time and all(abs(one.boot - manifest.boot_time) > AGREE for one in found):
        source = Source(evidence.manifest_file, quote=f'"boot_time": "{manifest.boot_time:%Y-%m-%dT%H:%M:%SZ}"')
        found.append(BootWitness("manifest", manifest.boot_time, source))
    for info in evidence.all(SystemInfo):
        if info.fact.boot_local:
            offsets = [zone.at_local(local) for local in info.fact.boot_local]
            candidates = [offset.to_utc(local) for offset, local in zip(offsets, info.fact.boot_local, strict=True)]
            doubt = timedelta(minutes=max(offset.uncertain for offset in offsets))
            reference = found[0].boot if found else None
            boot = min(candidates, key=lambda one: abs(one - reference)) if reference else candidates[0]
            if len(candidates) == 1 or reference:
                found.append(BootWitness("systeminfo", boot, info.source(info.fact.boot_line), doubt))
    return tuple(found)


def past_wrap_seconds(uptime: Uptime) -> float | None:
    """Seconds since the wrap at collection; negative before it."""
    return None if uptime.seconds is None else uptime.seconds - TICK_WRAP
