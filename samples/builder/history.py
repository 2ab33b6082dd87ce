"""What the machine's event logs hold: boots, noons, troubles, and the everyday events around them.

As in real logs, a record's number follows the moment of writing, which is not always the order of
``TimeCreated``: events of the early boot are written late.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from builder import events
from builder.event_model import Event
from builder.machine import Boot, Incident, Machine

_LOG_STARTS_AFTER = timedelta(seconds=35)
"""From the start of the system to the start of the event log service."""
_DAY = timedelta(days=1)
_APPLICATION_LOG_DAYS = 30
"""As the collector asks for it."""
_FILTER_DETECTED = 16001

_INCIDENT_EVENTS = {
    ("NETLOGON", 5719): events.no_domain_controller,
    ("Microsoft-Windows-GroupPolicy", 1129): events.policy_without_network,
}


def system_log(machine: Machine, exported_at: datetime) -> list[Event]:
    """The System log at the moment of its export, oldest record first."""
    rng = random.Random(f"{machine.seed} events")
    log: list[Event] = []
    sessions = [*machine.earlier_boots, Boot(machine.boot, exported_at)]
    for number, session in enumerate(sessions):
        before = sessions[number - 1] if number else None
        if session.start >= machine.log_begins:
            log += _boot(machine, session.start, before)
        running = _running(machine, session, rng)
        log += sorted(running, key=lambda event: event.at)
        if session.end < exported_at and session.clean and session.end >= machine.log_begins:
            log += _shutdown(machine, session.end)
    return log


def setup_log(machine: Machine) -> list[Event]:
    """The Setup log: each update staged, then installed or waiting for the restart."""
    log = []
    for update in machine.servicing:
        kb, at = update.kb, update.at

        def later(seconds: float, at: datetime = at) -> datetime:
            return at + timedelta(seconds=seconds)

        log += [
            events.package_change_begins(later(-74), kb, "Absent", "Staged"),
            events.package_changed(later(-31), kb, "Staged"),
            events.package_change_begins(later(-30), kb, "Staged", "Installed"),
            events.package_changed(at, kb, "Installed", event_id=4 if update.waits_for_restart else 2),
        ]
    return log


def application_log(machine: Machine, exported_at: datetime) -> list[Event]:
    """The Application log of the last 30 days: the licence service, once a day."""
    begin = max(exported_at - _APPLICATION_LOG_DAYS * _DAY, machine.log_begins)
    return [events.licence_checked(noon) for noon in machine.zone.noons(begin, exported_at)]


def _boot(machine: Machine, start: datetime, before: Boot | None) -> list[Event]:
    started = start + _LOG_STARTS_AFTER
    seconds = int(_LOG_STARTS_AFTER.total_seconds())
    log = []
    if before is not None and not before.clean:
        heartbeat = before.end.replace(second=0, microsecond=0)
        log.append(
            events.unexpected_shutdown(machine, started, heartbeat, int((heartbeat - before.start).total_seconds()))
        )
    log += [
        events.system_version(machine, started),
        events.log_started(machine, started),
        events.uptime(machine, started, seconds),
        events.system_started(machine, start + timedelta(milliseconds=2625), start),
    ]
    if before is not None and not before.clean:
        log.append(events.not_shut_down(start + timedelta(seconds=7.5)))
    log += [
        events.filter_loaded(start + timedelta(seconds=9.25), "FileInfo"),
        events.filter_loaded(start + timedelta(seconds=21.5), "luafv"),
        events.domain_hierarchy_root(started + timedelta(seconds=12.75)),
    ]
    return log


def _shutdown(machine: Machine, end: datetime) -> list[Event]:
    def before(seconds: float) -> datetime:
        return end - timedelta(seconds=seconds)

    user = f"{machine.host.split('.', maxsplit=1)[0]}\\Administrator"
    return [
        events.restart_requested(machine, before(52), "C:\\Windows\\system32\\shutdown.exe", user, "Planned restart"),
        events.log_stopped(before(9)),
        events.shutdown_transition(before(8.5)),
        events.system_stopping(before(1.25)),
    ]


def _running(machine: Machine, session: Boot, rng: random.Random) -> Iterator[Event]:
    begin = max(session.start + timedelta(minutes=2), machine.log_begins)
    end = session.end - timedelta(minutes=2) if session.end < machine.collected_at else session.end
    if begin >= end:
        return
    for noon in machine.zone.noons(begin, end):
        yield events.uptime(machine, noon, int((noon - session.start).total_seconds()))
    for incident in machine.incidents:
        yield from _incident(incident, begin, end, rng)
    for install in machine.driver_installs:
        if begin <= install.at <= end:
            yield events.service_installed(install.at, install.name, install.image, driver=install.driver)
    for update in machine.servicing:
        if begin <= update.at <= end:
            yield events.update_installed(update.at + timedelta(seconds=1.5), events.update_title(update))
    yield from _everyday(machine, begin, end, rng)


def _incident(incident: Incident, begin: datetime, end: datetime, rng: random.Random) -> Iterator[Event]:
    at = max(begin, incident.begin)
    until = min(end, incident.end)
    while True:
        at += timedelta(seconds=max(1, round(rng.expovariate(1 / incident.seconds))))
        if at > until:
            return
        yield _incident_event(incident, at)


def _incident_event(incident: Incident, at: datetime) -> Event:
    if incident.provider == "AFD" and incident.event_id == _FILTER_DETECTED:
        return events.afd_filter_detected(at, *incident.detail)
    if incident.provider == "AFD":
        port, pid = map(int, incident.detail)
        return events.afd_slow_close(at, port, pid)
    make = _INCIDENT_EVENTS.get((incident.provider, incident.event_id))
    return make(at) if make else events.tcpip(incident.event_id, at)


def _everyday(machine: Machine, begin: datetime, end: datetime, rng: random.Random) -> Iterator[Event]:
    running, stopped = machine.language.service_states
    count = int((end - begin) / _DAY * machine.everyday_events)
    seconds = (end - begin).total_seconds()
    for _ in range(count):
        at = begin + timedelta(milliseconds=round(rng.random() * seconds * 1000))
        kind = rng.random()
        if kind < 0.82:
            service = rng.choice(machine.language.services)
            key = f"svc{len(service)}/{rng.choice('14')}"
            yield events.service_state(at, service, running if key.endswith("4") else stopped, key)
        elif kind < 0.88:
            yield events.policy_applied(at, rng.randrange(400, 3000), "dc01.corp.example")
        elif kind < 0.94:
            source = "dc01.corp.example (ntp.d|0x0|0.0.0.0:123->10.20.0.11:123)"
            yield events.time_source(at, source, rng.choice((35, 37)))
        elif kind < 0.97:
            yield events.clock_changed(at, at - timedelta(milliseconds=rng.randrange(1, 30)))
        else:
            yield events.name_not_resolved(at, "updates.corp.example", "10.20.0.11")
