"""Which Windows this is, from every witness in the bundle, and whether they agree.

Witnesses: the registry's CurrentVersion key, systeminfo, event 6009, Kernel-General 12, the binary part of 6013 (it
names product, build lab, UI language and computer: domain.md §1.5), the manifest.
"""

import re

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.measure.log import EVENT_LOG, KERNEL_GENERAL, SystemLog
from forensics.parsers.registry_export import RegistryKey
from forensics.parsers.systeminfo import SystemInfo
from forensics.text.said import Said

_VERSION = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{3,5}))?")
_CURRENT_VERSION = "\\microsoft\\windows nt\\currentversion"
_NETBIOS = 15
_SERVICE_PACK = re.compile(r"Service Pack (\d)")

# Names by version, for a bundle in which no witness names the product (client and server share a version).
_NAMES = {
    (5, 0): "Windows 2000",
    (5, 1): "Windows XP",
    (5, 2): "Windows Server 2003",
    (6, 0): "Windows Vista or Server 2008",
    (6, 1): "Windows 7 or Server 2008 R2",
    (6, 2): "Windows 8 or Server 2012",
    (6, 3): "Windows 8.1 or Server 2012 R2",
    (10, 0): "Windows 10, 11 or Server 2016 and later",
}


class Witness(msgspec.Struct, frozen=True):
    """What one source says of the system."""

    kind: str
    version: tuple[int, int]
    build: int | None
    source: Source


class System(msgspec.Struct, frozen=True):
    """The system. `version` is (6, 1) for Windows 7 and Server 2008 R2; None where nothing tells or sources differ."""

    name: str = ""
    version: tuple[int, int] | None = None
    build: int | None = None
    service_pack: str = ""
    build_lab: str = ""
    host: str = ""
    hosts: tuple[str, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    conflict: Said | None = None

    @property
    def one_machine(self) -> bool:
        """Whether no two files name different computers."""
        return len(self.hosts) <= 1

    @property
    def source(self) -> tuple[Source, ...]:
        """Where the version was read: the best witness alone."""
        return (self.witnesses[0].source,) if self.witnesses else ()


class _Described(msgspec.Struct, frozen=True):
    """What one kind of source adds: witnesses, and details that they name."""

    witnesses: tuple[Witness, ...] = ()
    name: str = ""
    build_lab: str = ""
    service_pack: str = ""
    hosts: tuple[str, ...] = ()


def find_system(evidence: Evidence, log: SystemLog) -> System:
    """Ask every witness; the first of the best kind gives the details."""
    described = (
        _of_manifest_host(evidence),
        *(_of_registry(found) for found in evidence.all(RegistryKey)),
        *(_of_systeminfo(found) for found in evidence.all(SystemInfo)),
        _of_events(log),
        _of_manifest_version(evidence),
    )
    witnesses = tuple(witness for one in described for witness in one.witnesses)
    hosts = _distinct([host for one in described for host in one.hosts])
    name = next((one.name for one in described if one.name), "")
    lab = next((one.build_lab for one in described if one.build_lab), "")
    pack = next((one.service_pack for one in described if one.service_pack), "")
    conflict = None
    if len({witness.version for witness in witnesses}) > 1:
        said = tuple(
            Said("{source} says {version}", {"source": one.kind, "version": f"{one.version[0]}.{one.version[1]}"})
            for one in witnesses
        )
        conflict = Said("the sources name different systems: {said}", {"said": said})
    version = witnesses[0].version if witnesses and not conflict else None
    build = next((one.build for one in witnesses if one.build), None)
    host = hosts[0] if hosts else ""
    return System(
        name or _NAMES.get(version or (0, 0), ""), version, build, pack, lab, host, hosts, witnesses, conflict
    )


def _of_manifest_host(evidence: Evidence) -> _Described:
    host = evidence.manifest.host if evidence.manifest else ""
    return _Described(hosts=(host,) if host else ())


def _of_manifest_version(evidence: Evidence) -> _Described:
    version = _version(evidence.manifest.os_version) if evidence.manifest else None
    if evidence.manifest is None or version is None:
        return _Described()
    source = Source(evidence.manifest_file, quote=f'"os_version": "{evidence.manifest.os_version}"')
    return _Described((Witness("manifest", version[0], version[1], source),))


def _of_registry(found: Found[RegistryKey]) -> _Described:
    key = found.fact
    witness = _from_registry(key, found.file) if key.path.lower().endswith(_CURRENT_VERSION) else None
    if witness is None:
        return _Described()
    lab = _text(key.value("BuildLabEx")) or _text(key.value("BuildLab"))
    return _Described((witness,), _text(key.value("ProductName")), lab, _text(key.value("CSDVersion")))


def _of_systeminfo(found: Found[SystemInfo]) -> _Described:
    info = found.fact
    version = _version(info.os_version)
    witnesses = (Witness("systeminfo", version[0], info.build, found.source(info.version_line)),) if version else ()
    return _Described(witnesses, info.os_name, "", info.service_pack, (info.host,) if info.host else ())


def _of_events(log: SystemLog) -> _Described:
    uptimes = log.of(EVENT_LOG, 6013)
    product, lab, computer = _from_6013(uptimes[-1].event.binary) if uptimes else ("", "", "")
    hosts = (computer, *log.computers) if computer else log.computers
    return _Described(tuple(_from_events(log)), product, lab, _pack_of_6009(log), hosts)


def _from_registry(key: RegistryKey, file: str) -> Witness | None:
    major, minor = key.value("CurrentMajorVersionNumber"), key.value("CurrentMinorVersionNumber")
    build = _text(key.value("CurrentBuildNumber")) or _text(key.value("CurrentBuild"))
    version = _version(_text(key.value("CurrentVersion")))
    if isinstance(major, int) and isinstance(minor, int):
        pair: tuple[int, int] | None = (major, minor)
    else:
        pair = version[0] if version else None
    if pair is None:
        return None
    return Witness("registry", pair, int(build) if build.isdigit() else None, Source(file, key.line))


def _from_events(log: SystemLog) -> list[Witness]:
    """The newest 6009 (["6.01.", "7601", "Service Pack 1", …]) and Kernel-General 12."""
    witnesses = []
    for logged in reversed(log.of(EVENT_LOG, 6009)):
        version = _version(logged.event.strings[0]) if logged.event.strings else None
        if version:
            build = logged.event.strings[1].strip() if len(logged.event.strings) > 1 else ""
            witnesses.append(Witness("6009", version[0], int(build) if build.isdigit() else None, logged.source()))
            break
    for logged in reversed(log.of(KERNEL_GENERAL, 12)):
        numbers = [logged.event.named(field) or "" for field in ("MajorVersion", "MinorVersion", "BuildVersion")]
        if all(number.isdigit() for number in numbers):
            major, minor, build_number = (int(number) for number in numbers)
            witnesses.append(Witness("kernel-general-12", (major, minor), build_number, logged.source()))
            break
    if not witnesses:
        for logged in reversed(log.of(EVENT_LOG, 6013)):
            version = next(
                (found for part in _parts(logged.event.binary) if (found := _version(part)) and "Build" in part),
                None,
            )
            if version:
                witnesses.append(Witness("6013", version[0], version[1], logged.source()))
                break
    return witnesses


def _from_6013(binary: bytes) -> tuple[str, str, str]:
    """Product, build lab and computer name in 6013's binary part: NUL-separated UTF-16."""
    parts = _parts(binary)
    product = next((part for part in parts if "Windows" in part and "Build" not in part), "")
    lab = next((part for part in parts if re.fullmatch(r"\d{4,5}\.[\w.-]+", part)), "")
    computer = parts[-1] if len(parts) > 10 and re.fullmatch(r"[\w.-]{1,64}", parts[-1]) else ""  # noqa: PLR2004 - it comes after the hardware figures
    return product, lab, computer


def _parts(binary: bytes) -> list[str]:
    text = binary[: len(binary) // 2 * 2].decode("utf-16-le", "replace")
    return [part for part in text.split("\0") if part]


def _pack_of_6009(log: SystemLog) -> str:
    for logged in reversed(log.of(EVENT_LOG, 6009)):
        match = _SERVICE_PACK.search(" ".join(logged.event.strings))
        return match[0] if match else ""
    return ""


def _version(text: str) -> tuple[tuple[int, int], int | None] | None:
    """Read "6.1", "6.01.", "6.1.7601 Service Pack 1 Build 7601" or "10.0.17763".

    >>> _version("6.01."), _version("6.1.7601 Service Pack 1 Build 7601"), _version("")
    (((6, 1), None), ((6, 1), 7601), None)
    """
    match = _VERSION.search(text)
    if not match:
        return None
    return (int(match[1]), int(match[2])), int(match[3]) if match[3] else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _distinct(hosts: list[str]) -> tuple[str, ...]:
    """Host names in capitals without domain, each once, cut to a NetBIOS name's length."""
    return tuple(dict.fromkeys(host.split(".")[0].upper()[:_NETBIOS] for host in hosts))
