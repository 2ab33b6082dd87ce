"""Whether the tcpip.sys that a boot loaded holds the fix KB2553549.

A file on disk or a KB in a list says what the *next* boot will run; a fix counts for a boot only where it was there
before it (traps.md, Arithmetic). The file's version outranks the KB list.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.knowledge.fixing_updates import FIXING
from forensics.knowledge.tcpip_versions import AFFECTED, Version, branch_of, is_fixed
from forensics.measure.log import SERVICING, SystemLog
from forensics.measure.system import System
from forensics.measure.zone import Zone
from forensics.parsers.hotfixes import Hotfix
from forensics.parsers.registry_export import RegistryKey
from forensics.parsers.systeminfo import SystemInfo
from forensics.parsers.tcpip_files import DriverFile
from forensics.text.said import Said

_REBOOT_KEYS = ("\\component based servicing\\rebootpending", "\\auto update\\rebootrequired")
# Done, waits for a restart; then the same two of Vista and Server 2008 (knowledge/event_ids.py). That a change was
# begun (1) does not say that it came to be.
_SERVICING_IDS = (2, 4, 4373, 4376)
_REMOVED = ("absent", "0x1390", "5008")
_INSTALLED = ("5112", "0x13f8", "installed")  # Servicing's target state "Installed", as number and as word


class UpdateInstall(msgspec.Struct, frozen=True):
    """An update and when it was installed: `low` ≤ time ≤ `high`; None where the list gives no date."""

    kb: str
    low: datetime | None
    high: datetime | None
    source: Source


class FixState(msgspec.Struct, frozen=True):
    """The fix in one boot.

    `state` is that of contracts.md: `fixed`, `unfixed`, `unknown`, `installed-not-loaded` or `not-affected`. `basis`
    is `system`, `file-version`, `hotfix-list` or `none`; `statement` says why.
    """

    state: str
    basis: str
    statement: Said
    installed_at: datetime | None = None
    sources: tuple[Source, ...] = ()
    pending_reboot: bool = False

    @property
    def may_be_unfixed(self) -> bool:
        """Whether the running system may have the defect."""
        return self.state in {"unfixed", "unknown", "installed-not-loaded"}


class Servicing(msgspec.Struct, frozen=True):
    """Everything in the bundle that speaks of tcpip.sys and of updates; judged per boot."""

    driver: Found[DriverFile] | None
    updates: tuple[UpdateInstall, ...]
    pending_reboot: Source | None


def find_servicing(evidence: Evidence, log: SystemLog, zone: Zone) -> Servicing:
    """Collect the driver's file, the updates with their dates, and whether a restart is pending."""
    return Servicing(_loaded_driver(evidence), tuple(_updates(evidence, log, zone)), _pending_reboot(evidence))


def fix_state(system: System, servicing: Servicing, boot: datetime | None) -> FixState:
    """Judge one boot. `boot` is None where nothing says when the machine booted."""
    if system.version is not None and system.version not in AFFECTED:
        name = f"{system.version[0]}.{system.version[1]}"
        return FixState(
            "not-affected",
            "system",
            Said("the defect exists in Windows 6.0 and 6.1 only; this is {name}", {"name": name}),
            None,
            system.source,
        )
    driver = servicing.driver
    if driver and driver.fact.version:
        state = _from_file(driver, servicing, boot)
        if state:
            return state
    return _from_updates(system, servicing, boot)


def _from_file(driver: Found[DriverFile], servicing: Servicing, boot: datetime | None) -> FixState | None:
    fact = driver.fact
    version = ".".join(str(part) for part in fact.version or ())
    fixed = is_fixed(fact.version) if fact.version else None
    source = driver.source(fact.line)
    pending = servicing.pending_reboot is not None
    sources = (source, servicing.pending_reboot) if servicing.pending_reboot else (source,)
    if fixed is None:
        return None
    if not fixed:
        said = Said(
            "tcpip.sys {version} is older than the fix, which came with {first}",
            {"version": version, "first": _first_fixed(fact.version)},
        )
        return FixState("unfixed", "file-version", said, None, (source,), pending)
    installed, basis = fact.created_at, source
    if installed is None:
        dated = [one for one in servicing.updates if one.low and one.kb in FIXING[(6, 1)]]
        if dated:
            installed, basis = dated[0].high, dated[0].source
    if installed is None or boot is None:
        said = Said(
            "tcpip.sys {version} on disk holds the fix; nothing says whether it was there before the boot",
            {"version": version},
        )
        return FixState("unknown", "file-version", said, None, sources, pending)
    if installed < boot:
        said = Said(
            "tcpip.sys {version} holds the fix and was installed {installed:day}, before the boot of {boot:day}",
            {"version": version, "installed": installed, "boot": boot},
        )
        return FixState("fixed", "file-version", said, installed, (source, basis) if basis is not source else (source,))
    older = [one for one in servicing.updates if one.kb in FIXING[(6, 1)] and one.high and one.high < boot]
    if older and fact.version and fact.version[:2] == (6, 1):
        update = older[0]
        said = Said(
            "{kb} holds the fix and was there before the boot of {boot:day}; tcpip.sys {version} is newer",
            {"kb": update.kb, "boot": boot, "version": version},
        )
        return FixState("fixed", "hotfix-list", said, update.high, (update.source, source))
    said = Said(
        "tcpip.sys {version} on disk holds the fix, but was installed {installed:day}, after the boot of "
        "{boot:day}: the running system loaded an older one",
        {"version": version, "installed": installed, "boot": boot},
    )
    return FixState("installed-not-loaded", "file-version", said, installed, sources, pending)


def _first_fixed(version: Version | None) -> Said:
    """The first fixed version of a file's branch, in words; no update of a branch without one is known to hold it."""
    branch = branch_of(version) if version else None
    if branch is None:
        return Said("KB2553549 in 2011, years after this release")
    kind = "LDR" if branch.ldr else "GDR"
    first = f"{'.'.join(str(part) for part in branch.build)}.{branch.first_fixed}"
    return Said("{first} in its branch ({kind})", {"first": first, "kind": kind})


def _from_updates(system: System, servicing: Servicing, boot: datetime | None) -> FixState:
    pending = servicing.pending_reboot is not None
    fixing = FIXING.get(system.version or (0, 0), frozenset())
    found = [one for one in servicing.updates if one.kb in fixing]
    before = [one for one in found if boot and one.high and one.high < boot]
    if before:
        one = before[0]
        said = Said(
            "{kb} holds the fix and was installed {installed:day}, before the boot of {boot:day}",
            {"kb": one.kb, "installed": one.high, "boot": boot},
        )
        return FixState("fixed", "hotfix-list", said, one.high, (one.source,))
    after = [one for one in found if boot and one.low and one.low > boot]
    if after and len(after) == len(found):
        one = min(after, key=lambda update: update.low or datetime.max.replace(tzinfo=UTC))
        said = Said(
            "{kb} was installed {installed:day}, after the boot of {boot:day}: it waits for a restart",
            {"kb": one.kb, "installed": one.low, "boot": boot},
        )
        return FixState("installed-not-loaded", "hotfix-list", said, one.low, (one.source,), pending)
    if found:
        said = Said("{kb} holds the fix; whether it was installed before the boot is not known", {"kb": found[0].kb})
        return FixState("unknown", "hotfix-list", said, None, (found[0].source,), pending)
    sources: tuple[Source, ...] = ()
    said = Said(
        "the bundle does not hold the version of tcpip.sys; a missing KB proves nothing, for later updates supersede it"
    )
    driver = servicing.driver
    if driver and driver.fact.version:
        version = ".".join(str(part) for part in driver.fact.version)
        said = Said("no source says whether tcpip.sys {version} holds the fix", {"version": version})
        sources = (driver.source(driver.fact.line),)
    return FixState("unknown", "none", said, None, sources, pending)


def _loaded_driver(evidence: Evidence) -> Found[DriverFile] | None:
    """Find the tcpip.sys that Windows loads: the one of System32, not a copy in the component store."""
    found = [one for one in evidence.all(DriverFile) if one.fact.name == "tcpip.sys"]
    in_place = [one for one in found if "\\system32\\drivers\\" in one.fact.path.lower().replace("/", "\\")]
    bare = [one for one in found if "\\" not in one.fact.path and "/" not in one.fact.path]
    return next(iter(in_place or bare), None)


def _updates(evidence: Evidence, log: SystemLog, zone: Zone) -> list[UpdateInstall]:
    """Every update with the span in which it was installed, best dated first."""
    exact: list[UpdateInstall] = []
    # That a change is done is logged *after* the restart: the first event of an update is when it was installed. One
    # that was taken away again counts for nothing.
    for logged in sorted(log.of(SERVICING, *_SERVICING_IDS), key=lambda one: one.at):
        strings = [text.lower() for text in logged.event.strings]
        kb = next((text.upper() for text in strings if text.startswith("kb") and text[2:].isdigit()), "")
        if kb and any(text in _REMOVED for text in strings):
            exact = [one for one in exact if one.kb != kb]
        if kb and any(text in _INSTALLED for text in strings) and kb not in {one.kb for one in exact}:
            exact.append(UpdateInstall(kb, logged.at, logged.at, logged.source()))
    known = {one.kb for one in exact}
    dated, undated = [], []
    for found in evidence.all(Hotfix):
        if found.fact.kb in known:
            continue
        source, day = found.source(found.fact.line), found.fact.installed_on
        if day is None:
            undated.append(UpdateInstall(found.fact.kb, None, None, source))
            continue
        midnight = zone.at_local(datetime(day.year, day.month, day.day)).to_utc(  # noqa: DTZ001 - wall clock
            datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall clock
        )
        dated.append(UpdateInstall(found.fact.kb, midnight, midnight + timedelta(days=1), source))
    known |= {one.kb for one in dated + undated}
    for info in evidence.all(SystemInfo):
        listed = (UpdateInstall(kb, None, None, info.source(info.fact.hotfixes_line)) for kb in info.fact.hotfixes)
        undated.extend(one for one in listed if one.kb not in known)
    return exact + dated + undated


def _pending_reboot(evidence: Evidence) -> Source | None:
    for found in evidence.all(RegistryKey):
        if found.fact.path.lower().endswith(_REBOOT_KEYS):
            return found.source(found.fact.line)
    return None
