"""The first page, which must suffice alone: the verdict, the figures that carry it, what to do, what it was not."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta, timezone

import msgspec

from forensics.report import words
from forensics.report.collector_advice import most_settling
from forensics.report.findings import (
    BootEntry,
    BundleEntry,
    CauseEntry,
    Findings,
    MissingEntry,
    PoolEntry,
    RemedyEntry,
    SystemEntry,
    VerdictEntry,
)
from forensics.report.language import minute, tr
from forensics.report.numbers import pool_name
from forensics.report.tables import NAME_LENGTH, and_more, clip, quoted, wrapped_command
from forensics.report.words import say, tell
from forensics.text.said import Said
from forensics.verdict import NO_EXHAUSTION, UNDECIDED

_STATUS_WORDS = {
    "confirmed": Said("Confirmed"),
    "likely": Said("Likely"),
    "possible": Said("Possible"),
    "inconclusive": Said("Inconclusive"),
    "ruled_out": Said("Ruled out"),
}
_MEANINGS = {
    "confirmed": Said("Nothing is assumed: the evidence in this bundle proves it."),
    "likely": Said("The evidence points to this; a proof is missing or in conflict."),
    "possible": Said("The evidence allows this; it does not show it."),
    "inconclusive": Said("Evidence is missing: run the commands below and send what they write."),
    "ruled_out": Said("The evidence excludes it."),
}
_PROVEN_ON_DEFAULTS = Said(
    "The evidence in this bundle proves it; the port ranges are assumed to be Windows' defaults."
)
_BEFORE_RESTART = Said("This is about the time before the last restart, not about the machine as it runs now.")
_NOTHING_TO_DO = Said("Nothing. Should connections fail again, collect while it lasts: a restart removes the evidence.")
_TONES = {NO_EXHAUSTION: "clear", UNDECIDED: "open", "tick-wrap-approaching": "ahead"}
_UNDECIDED_TITLE = Said("The cause cannot be told from this bundle")
_WHEN = {"now": Said("Now"), "next": Said("Next"), "for-good": Said("For good")}
_RANK = ("confirmed", "likely", "possible", "inconclusive", "ruled_out")
_BASES = {
    "events": Said("by events in the System log"),
    "netstat": Said("by netstat"),
    "none": Said("by nothing"),
}
_TELLING_SHARE = 0.25  # of the usable ports in TIME_WAIT: from here on they are part of the case (contracts.md)
_NEEDED_RATIO = 10  # R from which ordinary expiry cannot explain the ports (contracts.md, the ladder)
_MOST_EXPLAINED = 3  # causes that the first page has room to explain; more are named alone
_MOST_ASKED = 6
_MOST_REASONS = 5
_MOST_OFFSET = 14 * 60  # minutes: no zone is further from UTC
_NOTE_LENGTH = 300
_HOST_LENGTH = 64  # a DNS label has 63 characters
_HEADLINE_LENGTH = 300
_PLAIN_LENGTH = 500


class Line(msgspec.Struct, frozen=True):
    """A label, what stands beside it, and a remark in small type: a unit, or where it was read."""

    label: str
    value: str
    note: str = ""


class Action(msgspec.Struct, frozen=True):
    """What to do, with the exact command."""

    when: str
    action: str
    command: str
    effect: str
    caution: str
    cost: str = ""


class Ask(msgspec.Struct, frozen=True):
    """What is missing, the command that supplies it, and the run of the collector that does, with a remark."""

    statement: str
    command: str
    collector: str = ""
    note: str = ""


class Front(msgspec.Struct, frozen=True):
    """The first page, which must suffice alone. `tone` is `found`, `ahead`, `open` or `clear`."""

    title: str
    tone: str
    status: str
    word: str
    meaning: str
    scope: str
    plain: str
    headline: str
    damage: str
    facts: list[Line]
    figures: list[Line]
    load: str
    reasons: list[Line]
    actions: list[Action]
    nothing_to_do: str
    settle: str
    asks: list[Ask]
    more_asks: str
    excluded: str
    ruled_out: list[Line]
    open: list[Line]


_UNSETTLED = frozenset({"possible", "inconclusive"})
_EXCLUDED, _EXCLUDED_NOW = Said("What it was not"), Said("Excluded for the machine as it runs now")


def _plain(verdict: VerdictEntry) -> str:
    """What happened, for anybody; said with caution where nothing shows it."""
    if verdict.status != "possible":
        return verdict.plain
    return tell("It may be this, though nothing here shows it: {plain}", plain=verdict.plain)


def _meaning(findings: Findings) -> Said:
    """What the status means here."""
    assumed = any(pool.basis == "assumed" for name, pool in findings.measurements.ports.items() if "tcp" in name)
    if findings.verdict.status == "confirmed" and assumed:
        return _PROVEN_ON_DEFAULTS
    return _MEANINGS[findings.verdict.status]


def front_of(findings: Findings) -> Front:
    """Compose the first page."""
    verdict, leading = findings.verdict, _leading(findings)
    actions = [action_of(one) for one in leading.remedies] if leading else []
    asks = _asks(leading, findings.causes)
    return Front(
        title=leading.title if leading else say(_UNDECIDED_TITLE),
        tone=_TONES.get(verdict.cause, "found"),
        status=verdict.status,
        word=status_word(verdict.status),
        meaning=say(_meaning(findings)),
        scope=scope_of(verdict),
        plain=clip(_plain(verdict), _PLAIN_LENGTH),
        headline=clip(verdict.headline, _HEADLINE_LENGTH) if leading else "",
        damage=_damage(findings.bundle),
        facts=_facts(findings),
        figures=_figures(findings),
        load=_load(findings),
        reasons=_reasons(leading),
        actions=actions,
        nothing_to_do=say(_NOTHING_TO_DO) if not actions and not asks else "",
        settle=most_settling([one.collector for one in asks]) if verdict.status in _UNSETTLED else "",
        excluded=say(_EXCLUDED_NOW if verdict.applies_to == "previous-boot" else _EXCLUDED),
        asks=asks[:_MOST_ASKED],
        more_asks=and_more(len(asks) - _MOST_ASKED, Said("and {count:count} more commands under the causes below")),
        ruled_out=_ruled_out(findings),
        open=_open(findings, leading),
    )


# Said of fullness and of the calendar: as "what it was not" they would read like findings.
_NOT_A_CAUSE = frozenset({NO_EXHAUSTION, "tick-wrap-approaching"})


def _ruled_out(findings: Findings) -> list[Line]:
    fallen = [one for one in findings.causes if one.status == "ruled_out" and one.id not in _NOT_A_CAUSE]
    return [Line(one.title, why(one)[0] if len(fallen) <= _MOST_EXPLAINED else "") for one in fallen]


def _open(findings: Findings, leading: CauseEntry | None) -> list[Line]:
    """The causes that stand beside the leading one; where they are many, those that cannot be told are only named."""
    standing = [
        one for one in ordered(findings) if one is not leading and one.status != "ruled_out" and one.id != NO_EXHAUSTION
    ]
    told = len(standing) <= _MOST_EXPLAINED
    return [
        Line(
            one.title,
            clip(one.headline, _HEADLINE_LENGTH) if told or one.status != "inconclusive" else "",
            status_word(one.status).lower(),
        )
        for one in standing
    ]


def _leading(findings: Findings) -> CauseEntry | None:
    if findings.verdict.cause == UNDECIDED:
        return None
    return next((one for one in findings.causes if one.id == findings.verdict.cause), None)


def ordered(findings: Findings) -> list[CauseEntry]:
    """The verdict's cause first, then by status; equals keep their order."""
    return sorted(findings.causes, key=lambda one: (one.id != findings.verdict.cause, _RANK.index(one.status)))


def status_word(status: str) -> str:
    """An answer's status as people read it."""
    return say(_STATUS_WORDS[status])


def scope_of(answer: VerdictEntry | CauseEntry) -> str:
    """Say which time an answer is about, where it is not the present."""
    return say(_BEFORE_RESTART) if answer.applies_to == "previous-boot" else ""


def why(cause: CauseEntry) -> tuple[str, str]:
    """Why a cause got its answer, and where that stands: of a fallen one its heaviest contradiction."""
    against = [one for one in cause.evidence if one.effect == "contradicts"]
    if cause.status != "ruled_out" or not against:
        return clip(cause.headline, _HEADLINE_LENGTH), ""
    heaviest = max(against, key=lambda one: one.weight)
    return clip(heaviest.statement, _HEADLINE_LENGTH), quoted(heaviest.sources[0]).where if heaviest.sources else ""


def action_of(remedy: RemedyEntry) -> Action:
    """Word a remedy."""
    return Action(
        say(_WHEN[remedy.when]),
        remedy.action,
        wrapped_command(remedy.command),
        remedy.effect,
        remedy.caution,
        remedy.cost,
    )


def ask_of(missing: MissingEntry) -> Ask:
    """Word what is missing."""
    note = clip(missing.collector_note, _NOTE_LENGTH)
    return Ask(missing.statement, wrapped_command(missing.command), missing.collector, note)


def host_of(bundle: BundleEntry) -> str:
    """The machine's name, as far as a page has room for it."""
    return clip(bundle.host, _HOST_LENGTH) or tr("unknown host")


def _facts(findings: Findings) -> list[Line]:
    bundle, measured = findings.bundle, findings.measurements
    incident = measured.incident
    facts = [
        Line(tr("Host"), host_of(bundle)),
        Line(tr("System"), _system(measured.system)),
        Line(tr("Collected"), *_collected(bundle)),
    ]
    if incident.start:
        seen = words.utc(incident.start)
        if incident.end:
            seen = tell("{start:utc} to {end:utc}", start=incident.start, end=incident.end)
        basis = say(_BASES[incident.basis])
        if incident.basis == "events" and incident.end == bundle.collected_at and measured.connections.snapshots:
            basis = tr("by events in the System log, and by the ports in use at collection")
        facts.append(Line(tr("Trouble seen"), seen, basis))
    facts.append(Line(tr("Bundle"), clip(bundle.name, NAME_LENGTH), _consistency(bundle)))
    if bundle.redacted:
        facts.append(Line(tr("Names"), tr("pseudonyms stand for names and addresses")))
    return facts


def _consistency(bundle: BundleEntry) -> str:
    """Whether the files are those that were collected, as far as the manifest tells, and could be read."""
    if damage := _damage(bundle):
        return tell("{damage} (see Warnings)", damage=damage)
    return tr("consistent with its manifest") if bundle.integrity else tr("no manifest to compare its files with")


def _damage(bundle: BundleEntry) -> str:
    """What the bundle lacks, or has otherwise than it was collected; "" where it is as it should be."""
    found, statuses = bundle.integrity, Counter(file.status for file in bundle.files)
    changed, missing, more = (found.changed, found.missing, found.not_listed) if found else ((), (), ())
    differs = _some(
        Said("{number} changed", {"number": len(changed)}),
        Said("{number} missing", {"number": len(missing)}),
        Said("{number} not listed", {"number": len(more)}),
    )
    unread = _some(
        Said("{number} not readable", {"number": statuses["unreadable"]}),
        Said("{number} read in part", {"number": statuses["partly-read"]}),
        Said("{number} left out", {"number": statuses["left"]}),
    )
    told = (
        tell("differs from its manifest: {parts}", parts=differs) if differs else "",
        tell("files not read in full: {parts}", parts=unread) if unread else "",
    )
    return tr("; ").join(one for one in told if one)


def _some(*counts: Said) -> tuple[Said, ...]:
    return tuple(one for one in counts if one.params["number"])


def _system(system: SystemEntry) -> str:
    name = clip(system.os, NAME_LENGTH) or tr("unknown")
    if system.service_pack:
        name += f", {clip(system.service_pack, NAME_LENGTH)}"
    return f"{name} ({system.version}.{system.build})" if system.version and system.build else name


_COLLECTED_BY = {"member-time": Said("by the files' own dates"), "newest-event": Said("by the newest event")}


def _collected(bundle: BundleEntry) -> tuple[str, str]:
    """When, in UTC and by the machine's own clock."""
    if bundle.collected_at is None:
        return tr("unknown"), ""
    by = _COLLECTED_BY.get(bundle.collected_method)
    minutes = bundle.utc_offset_minutes
    if minutes is None or abs(minutes) > _MOST_OFFSET:
        clock = tr("the machine's time zone is not known")
    else:
        zone = timezone(timedelta(minutes=minutes))
        local = minute(bundle.collected_at.astimezone(zone))
        clock = tell("{local} by the machine's clock ({zone})", local=local, zone=zone.tzname(None))
    return words.utc(bundle.collected_at), tr("; ").join([say(by), clock] if by else [clock])


def _figures(findings: Findings) -> list[Line]:
    """The five figures that carry the case, at most."""
    previous = _previous_run(findings) if findings.verdict.applies_to == "previous-boot" else None
    return [*_uptime_figures(findings, previous), *_port_figures(findings, after_restart=previous is not None)]


def _previous_run(findings: Findings) -> BootEntry | None:
    """Find the run that a verdict on the past speaks of; another cause's answer names none."""
    start = next((entry.boot_start for entry in findings.causes if entry.id == findings.verdict.cause), None)
    ended = [one for one in findings.measurements.uptime.boots if one.ended_at]
    return next((one for one in ended if one.start == start), ended[-1] if ended else None)


def _uptime_figures(findings: Findings, previous: BootEntry | None) -> list[Line]:
    uptime = findings.measurements.uptime
    figures = []
    if previous and previous.ended_at and previous.uptime_seconds is not None:
        exact = tell("{up:seconds}; ended {at:utc}", up=previous.uptime_seconds, at=previous.ended_at)
        figures.append(Line(tr("Up before the restart"), words.days(previous.uptime_seconds), exact))
        if previous.wrap_at <= previous.ended_at:
            after = tr("497.1 days after that boot")
            figures.append(Line(tr("TIME_WAIT clock wrapped"), words.utc(previous.wrap_at), after))
        return figures
    if uptime.seconds is not None:
        figures.append(Line(tr("Up at collection"), words.days(uptime.seconds), words.seconds_text(uptime.seconds)))
    at_risk = findings.measurements.fix.state in {"unfixed", "unknown", "installed-not-loaded"}
    if uptime.wrap_at and uptime.past_wrap_seconds is not None and at_risk:
        past = uptime.past_wrap_seconds >= 0
        label = tr("TIME_WAIT clock wrapped") if past else tr("TIME_WAIT clock will wrap")
        distance = tr("{time:duration} before the collection") if past else tr("{time:duration} after the collection")
        told = words.fill(distance, {"time": uptime.past_wrap_seconds})
        figures.append(Line(label, words.utc(uptime.wrap_at), told))
    return figures


def _port_figures(findings: Findings, *, after_restart: bool) -> list[Line]:
    measured, wait = findings.measurements, findings.measurements.time_wait
    figures = []
    fullest = _fullest(measured.ports)
    if fullest:
        name, pool = fullest
        used = tell("{used:count} of {usable:count}", used=pool.in_use or 0, usable=pool.usable)
        share = tell("{share:percent} of the usable dynamic ports, {pool}", share=pool.utilisation or 0.0, pool=name)
        if pool.basis == "assumed":
            share = tell("{share}; the range is assumed", share=share)
        label = tr("Ports in use after the restart") if after_restart else tr("Ports in use")
        figures.append(Line(label, used, share))
    if not measured.connections.snapshots:
        return figures
    holder = _holder(findings)
    if holder:
        return [*figures, *holder]
    if not _telling(findings) or wait.observed_rate is None or wait.observed_seconds is None:
        outlived = tell("{rows:count} rows outlived the delay", rows=wait.outlived or 0)
        label = tr("Ports in TIME_WAIT after the restart") if after_restart else tr("Ports in TIME_WAIT")
        note = outlived if wait.outlived else tr("dynamic ports")
        return [*figures, Line(label, words.count(wait.dynamic_ports), note)]
    kept = tell(
        "for {ports:count} ports in TIME_WAIT, {delay} s each", ports=wait.dynamic_ports, delay=wait.delay_seconds
    )
    counted = tell("Active Opens over {time:seconds}", time=wait.observed_seconds)
    return [
        *figures,
        Line(tr("Rate needed"), words.rate(wait.needed_rate), kept),
        Line(tr("Rate seen"), words.rate(wait.observed_rate), counted),
    ]


_GROUPS = {
    "CLOSE_WAIT": Said("Ports in CLOSE_WAIT"),
    "ESTABLISHED": Said("Ports of open connections"),
    "SYN_SENT": Said("Ports in SYN_SENT"),
    "FIN_WAIT": Said("Ports in FIN_WAIT, CLOSING, LAST_ACK"),
    "BOUND": Said("Ports bound, without a connection"),
    "UDP": Said("Ports of UDP sockets"),
}
_BRACKET = re.compile(r" \(|（")  # behind a process's name, in any language


def _holder(findings: Findings) -> list[Line]:
    """What holds the ports, where that is not TIME_WAIT: the largest group, its owner, and whether it stays."""
    measured = findings.measurements
    if not measured.shortage:
        return []
    shortage = max(measured.shortage.values(), key=lambda one: one.share or 0.0)
    group = next(iter(shortage.by_group), "")
    pile = next((one for one in measured.piles if one.group == group), None)
    if group not in _GROUPS or pile is None or pile.ports < shortage.usable * _TELLING_SHARE:
        return []
    owner = clip(_BRACKET.split(pile.owner)[0], NAME_LENGTH)
    owned = tell("{ports:count} of {owner}", ports=pile.owner_ports, owner=owner)
    lines = [Line(say(_GROUPS[group]), words.count(pile.ports), owned)]
    if pile.kept is not None and pile.seconds:
        stay = tell("{rows:count} still there after {time:seconds}", rows=pile.kept, time=pile.seconds)
        lines.append(Line(tr("New ones meanwhile"), words.count(pile.born or 0), stay))
    return lines


def _telling(findings: Findings) -> bool:
    """Whether the ports in TIME_WAIT are many enough to speak of their rate, and the verdict is of the present."""
    fullest = _fullest(findings.measurements.ports)
    if fullest is None or findings.verdict.applies_to == "previous-boot":
        return False
    return findings.measurements.time_wait.dynamic_ports >= fullest[1].usable * _TELLING_SHARE


def _fullest(pools: dict[str, PoolEntry]) -> tuple[str, PoolEntry] | None:
    known = [
        (pool_name(key), pool)
        for key, pool in pools.items()
        if pool.in_use is not None and pool.utilisation is not None
    ]
    return max(known, key=lambda item: item[1].utilisation or 0.0, default=None)


def _load(findings: Findings) -> str:
    """Say plainly whether it is the traffic."""
    wait = findings.measurements.time_wait
    if wait.observed_rate is None or not _telling(findings):
        return ""
    figures = {"needed": wait.needed_rate, "ports": wait.dynamic_ports, "seen": wait.observed_rate}
    if wait.ratio_at_least is not None and wait.ratio_at_least >= _NEEDED_RATIO:
        return tell(
            "The load is ordinary: {needed:rate} would be needed to keep {ports:count} ports in TIME_WAIT; "
            "the machine opens {seen:rate}.",
            **figures,
        )
    return _first_upper(
        tell(
            "{needed:rate} would be needed to keep {ports:count} ports in TIME_WAIT; the machine opens {seen:rate}.",
            **figures,
        )
    )


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reasons(leading: CauseEntry | None) -> list[Line]:
    """Pick the heaviest evidence for the verdict, with its place; equals in the order in which the cause tells them."""
    if leading is None:
        return []
    supporting = [one for one in leading.evidence if one.effect == "supports"]
    first = {one.id: one for one in reversed(supporting)}  # what says the same of another pool comes last
    heaviest = sorted(supporting, key=lambda one: (-one.weight, one is not first[one.id]))[:_MOST_REASONS]
    return [
        Line("", clip(one.statement, _HEADLINE_LENGTH), quoted(one.sources[0]).where if one.sources else "")
        for one in heaviest
    ]


def _asks(leading: CauseEntry | None, causes: Sequence[CauseEntry]) -> list[Ask]:
    """What the leading cause lacks; where that is no more than possible, what any cause lacks.

    Each command once, those first that most causes ask for.
    """
    missing: list[MissingEntry] = []
    for one in [leading] if leading and leading.status in {"confirmed", "likely"} else causes:
        missing.extend(one.missing)
    distinct: dict[str, Ask] = {}
    wanted = Counter(entry.command for entry in missing)
    for entry in missing:
        distinct.setdefault(entry.command, ask_of(entry))
    # First what settles most; Python's sort keeps the order of equals.
    return [distinct[command] for command in sorted(distinct, key=lambda command: -wanted[command])]
