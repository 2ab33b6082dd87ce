"""What was changed on the machine: drivers and services installed, updates, the clock set.

A trouble that has a beginning is held against what was changed before it (MS-REBOOT, domain.md §4: Service Control
Manager 7045 and WindowsUpdateClient 19). Who installed a driver is not told; that it was installed is all this says.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Source
from forensics.measure.boots import clock_changes
from forensics.measure.fix_state import Servicing
from forensics.measure.log import Logged, SystemLog
from forensics.text.said import Said

DRIVER = "driver"
SERVICE = "service"
UPDATE = "update"
CLOCK = "clock"

_SERVICE_CONTROL_MANAGER = "Service Control Manager"
_UPDATE_CLIENT = "Microsoft-Windows-WindowsUpdateClient"
_KB = re.compile(r"(?<![A-Za-z0-9])KB\d{6,7}(?!\d)", re.ASCII)
# The service through which the Store installs applications, as 19 names it: in two real logs of Windows 10 (OMERB is
# one) its 102 events are of applications, and every update of Windows came through another service.
_STORE = "855e8a7c-ecb4-4ca3-b045-1dfa50104289"
_CLOCK_WORTH_TELLING = 60.0  # seconds; time services correct less all the time
_DAY_ALONE = Said("the list of updates tells the day alone")


class Change(msgspec.Struct, frozen=True):
    """Something changed. `at` is UTC by the machine's clock; for an update whose day alone is known, its beginning.

    `kind` is `driver`, `service`, `update` or `clock`. `name` is the service's name, the KB (or the title of an update
    without one) or the seconds by which the clock was set; `detail` the image path, the title, or who set the clock.
    """

    at: datetime
    kind: str
    name: str
    detail: str | Said
    source: Source


def find_changes(log: SystemLog, servicing: Servicing) -> tuple[Change, ...]:
    """Every change that the bundle tells of, oldest first."""
    found = [*_installs(log), *_updates(log, servicing), *_clock(log)]
    return tuple(sorted(found, key=lambda one: (one.at, one.kind, one.name)))


def last_before(changes: Sequence[Change], at: datetime, kinds: Collection[str], within: timedelta) -> Change | None:
    """Return the latest change of these kinds in the time `within` before `at`, which counts too."""
    near = [one for one in changes if one.kind in kinds and at - within <= one.at <= at]
    return max(near, key=lambda one: one.at, default=None)


def _installs(log: SystemLog) -> Iterator[Change]:
    """Read 7045. ServiceType is translated ("カーネル モード ドライバー"), so a driver is told by its file."""
    for logged in log.of(_SERVICE_CONTROL_MANAGER, 7045):
        name, path = logged.event.named("ServiceName"), logged.event.named("ImagePath") or ""
        if name:
            kind = DRIVER if path.strip().strip('"').lower().endswith(".sys") else SERVICE
            yield Change(logged.at, kind, name, path.strip(), logged.source())


def _updates(log: SystemLog, servicing: Servicing) -> Iterator[Change]:
    """One change per update, however many witnesses tell of it, at the first time it was installed.

    Later installations of the same KB are new definitions of a scanner. A list's day counts where no event tells more.
    """
    first: dict[str, tuple[datetime, Source]] = {}
    details: dict[str, str | Said] = {}
    exact = [(one.kb, one.low, one.source) for one in servicing.updates if one.low and one.low == one.high]
    for logged in log.of(_UPDATE_CLIENT, 19):
        title = (logged.event.named("updateTitle") or "").strip()
        if not title or _is_of_the_store(logged):
            continue
        kb = _KB.search(title)
        exact.append((kb[0] if kb else title, logged.at, logged.source()))
        if kb:
            details.setdefault(kb[0], title)
    for name, at, source in sorted(exact, key=lambda one: one[1]):
        first.setdefault(name, (at, source))
    for one in servicing.updates:
        if one.low and one.kb not in first:
            first[one.kb] = (one.low, one.source)
            details[one.kb] = _DAY_ALONE
    for name, (at, source) in first.items():
        yield Change(at, UPDATE, name, details.get(name, ""), source)


def _is_of_the_store(logged: Logged) -> bool:
    return (logged.event.named("serviceGuid") or "").strip("{}").lower() == _STORE


def _clock(log: SystemLog) -> Iterator[Change]:
    """Read Kernel-General 1, which the kernel writes whoever sets the clock: Time-Service 33 tells nothing more.

    Waking up sets the clock as well; that is not told here.
    """
    for one in clock_changes(log):
        if not one.resume and abs(one.seconds) >= _CLOCK_WORTH_TELLING:
            who = one.logged.event.named("ProcessName") or ""
            yield Change(one.logged.at, CLOCK, f"{one.seconds:+,.0f} s", who, one.logged.source())
