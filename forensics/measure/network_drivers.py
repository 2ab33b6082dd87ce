r"""Which third-party drivers and Winsock providers hook into this machine's network stack: vendor, version, hooks.

An inventory, never an accusation: that a driver is there does not say that it did anything. A driver is listed where
the table of known ones (knowledge/network_drivers.py) has it, or where the evidence itself ties it to the network: AFD
16001 names it, or it is a layered Winsock provider that is not Microsoft's.

Sources: `driverquery`, `fltmc`, `netsh winsock show catalog`, event AFD 16001; the list of installed programs gives
the version. One entry per driver, however many sources name it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.knowledge.network_drivers import (
    HOOKS,
    LSP,
    MICROSOFT_DRIVERS,
    MINIFILTER,
    TDI,
    VENDOR_NAMES,
    KnownDriver,
    is_microsoft_provider,
    known_driver,
    name_of,
)
from forensics.measure.log import SystemLog
from forensics.parsers.drivers import Driver
from forensics.parsers.fltmc import Minifilter
from forensics.parsers.registry_export import RegistryKey
from forensics.parsers.winsock_catalog import CatalogEntry

_FILTER_DETECTED = 16001
_DRIVER_OBJECT = "\\driver\\"
_LAYERED = ("layered", "chain")
_UNINSTALL = "\\currentversion\\uninstall\\"
_WORD = re.compile(r"[^\W_]+")

# Drivers that run on every Windows that collects: the state that all of them have is "Running", in any language.
_ALWAYS_RUNNING = frozenset({"afd", "ndis", "ntfs", "tcpip"})


class NetworkDriver(msgspec.Struct, frozen=True):
    """One driver or provider.

    `module` is the name in the evidence: of the service, or of the provider's file. `name` is what it calls itself.
    `vendor`, `product` and `version` are "" where nothing tells; `version` is the installed program's. `hooks` is empty
    where it is not public where the driver hooks. `running` is None where no list tells.
    """

    module: str
    name: str
    vendor: str
    product: str
    version: str
    hooks: tuple[str, ...]
    path: str
    running: bool | None
    sources: tuple[Source, ...]
    named_by_event: bool


class _Sighting(msgspec.Struct, frozen=True):
    """A driver in one piece of evidence, and what that tells."""

    module: str
    source: Source
    name: str = ""
    hooks: tuple[str, ...] = ()
    path: str = ""
    running: bool | None = None
    by_event: bool = False


class _Program(msgspec.Struct, frozen=True):
    """One installed program."""

    name: str
    publisher: str
    version: str
    source: Source


def find_network_drivers(evidence: Evidence, log: SystemLog) -> tuple[NetworkDriver, ...]:
    """List them, by vendor and module."""
    events = tuple(_events(log))
    named = {_key(event.module) for event in events}
    listed = tuple(_drivers(evidence, named))
    # An event and fltmc name the service alone; driverquery tells its file, which may be the known name.
    files = {name_of(one.module): _key(one.module, one.path) for one in listed}
    sightings: dict[str, list[_Sighting]] = defaultdict(list)
    for one in (*listed, *_filters(evidence, named), *_providers(evidence), *events):
        sightings[files.get(name_of(one.module), _key(one.module, one.path))].append(one)
    programs = tuple(_programs(evidence))
    drivers = (_driver(found, programs) for found in sightings.values())
    return tuple(sorted(drivers, key=lambda one: (one.vendor.casefold(), one.module.casefold(), one.module)))


def _known(module: str, path: str = "") -> KnownDriver | None:
    return known_driver(module) or known_driver(path)


def _key(module: str, path: str = "") -> str:
    """What is one driver under several names: its row in the table, else its name."""
    known = _known(module, path)
    return known.names[0] if known else name_of(module)


def _driver(found: Sequence[_Sighting], programs: Sequence[_Program]) -> NetworkDriver:
    known = next((known for one in found if (known := _known(one.module, one.path))), None)
    program = _program_of(known, programs) if known else None
    hooks = {hook for one in found for hook in one.hooks} | set(known.hooks if known else ())
    states = {one.running for one in found} - {None}
    sources = [one.source for one in found] + ([program.source] if program else [])
    return NetworkDriver(
        found[0].module,
        next((one.name for one in found if one.name), ""),
        known.vendor if known else "",
        program.name if program else known.product if known else "",
        program.version if program else "",
        tuple(hook for hook in HOOKS if hook in hooks),
        next((one.path for one in found if one.path), ""),
        True in states if states else None,
        tuple(dict.fromkeys(sources)),
        any(one.by_event for one in found),
    )


def _drivers(evidence: Evidence, named: set[str]) -> Iterator[_Sighting]:
    """Drivers of `driverquery` that are known, or that an event names."""
    found = evidence.all(Driver)
    running = _running_words(found)
    for one in found:
        fact = one.fact
        if _known(fact.module, fact.path) or _key(fact.module) in named:
            word = running.get(one.file, "")
            state = fact.state == word if word and fact.state else None
            source = one.source(fact.line)
            yield _Sighting(fact.module, source, fact.display_name, (), fact.path, state)


def _running_words(found: Sequence[Found[Driver]]) -> dict[str, str]:
    """The word for "Running" in each list, where it can be told."""
    states: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.fact.module.lower() in _ALWAYS_RUNNING:
            states[one.file].add(one.fact.state)
    return {file: next(iter(words)) for file, words in states.items() if len(words) == 1}


def _filters(evidence: Evidence, named: set[str]) -> Iterator[_Sighting]:
    """Known minifilters. `fltmc` lists loaded ones alone."""
    for one in evidence.all(Minifilter):
        if _known(one.fact.name) or _key(one.fact.name) in named:
            hooks = () if one.fact.frame is None else (MINIFILTER,)
            yield _Sighting(one.fact.name, one.source(one.fact.line), "", hooks, running=True)


def _providers(evidence: Evidence) -> Iterator[_Sighting]:
    """Winsock providers that are known, or layered and not Microsoft's; each file once, layered entries first."""
    seen = set()
    for one in sorted(evidence.all(CatalogEntry), key=lambda found: found.fact.kind != _LAYERED[0]):
        path = one.fact.provider_path
        layered = one.fact.kind in _LAYERED
        if not path or is_microsoft_provider(path) or not (layered or known_driver(path)):
            continue
        module = path.replace("/", "\\").rpartition("\\")[2]
        if module.lower() not in seen:
            seen.add(module.lower())
            hooks = (LSP,) if layered else ()
            yield _Sighting(module, one.source(one.fact.line), one.fact.description, hooks, path)


def _events(log: SystemLog) -> Iterator[_Sighting]:
    r"""TDI filters that AFD found (16001, its second string: \Driver\tmtdi), each by its newest event."""
    newest = {}
    for logged in sorted(log.of("AFD", _FILTER_DETECTED), key=lambda one: one.at):
        strings = logged.event.strings
        driver = next((text for text in strings if text.lower().startswith(_DRIVER_OBJECT)), "".join(strings[1:2]))
        if name_of(driver) and name_of(driver) not in MICROSOFT_DRIVERS:
            newest[name_of(driver)] = (driver.strip().rpartition("\\")[2], logged)
    for _, (module, logged) in sorted(newest.items()):
        yield _Sighting(module, logged.source(), hooks=(TDI,), by_event=True)


def _programs(evidence: Evidence) -> Iterator[_Program]:
    """Programs in the registry's list of what can be uninstalled."""
    for one in evidence.all(RegistryKey):
        if _UNINSTALL not in one.fact.path.lower():
            continue
        name, version = one.fact.find("DisplayName"), one.fact.find("DisplayVersion")
        publisher = one.fact.value("Publisher")
        if name and isinstance(name.value, str) and name.value.strip():
            said = version.value.strip() if version and isinstance(version.value, str) else ""
            yield _Program(
                name.value.strip(),
                publisher if isinstance(publisher, str) else "",
                said,
                one.source(version.line if version and said else name.line),
            )


def _program_of(known: KnownDriver, programs: Sequence[_Program]) -> _Program | None:
    """The installed program that brings the driver; None where none does, or several of different versions do.

    All words of the product must be in the program's name, and the vendor in its name or publisher, where it has one.
    """
    vendors = [_words(vendor) for vendor in (known.vendor, *VENDOR_NAMES.get(known.vendor, ()))]
    products = [_words(program) for program in known.programs]
    candidates = []
    for program in programs:
        name, publisher = _words(program.name), _words(program.publisher)
        by_vendor = not publisher or any(vendor <= name | publisher for vendor in vendors)
        if by_vendor and any(product <= name for product in products):
            candidates.append(program)
    # "Symantec Endpoint Protection" is the client; "… Manager" is another program.
    exact = [program for program in candidates if _is_just(_words(program.name), vendors, products)]
    best = exact or candidates
    if len({program.version for program in best}) != 1:
        return None
    return min(best, key=lambda program: (len(program.name), program.name))


def _is_just(name: frozenset[str], vendors: Sequence[frozenset[str]], products: Sequence[frozenset[str]]) -> bool:
    """Whether a program's name is the product's, with or without the vendor's."""
    return any(product <= name and name - product <= vendor for product in products for vendor in vendors)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
