r"""The machine's own description: `systeminfo`, as printed or as CSV (`/fo csv`), in any language.

What Windows prints (Server 2008 R2, French; shortened)::

    Nom de l'hôte:                              SRV-PROD-01
    Nom du système d'exploitation:              Microsoft Windows Server 2008 R2 Standard
    Version du système:                         6.1.7601 Service Pack 1 version 7601
    Identificateur de produit:                  00477-001-0000421-84164
    Date d'installation originale:              29/04/2017, 18:52:20
    Heure de démarrage du système:              03/05/2017, 08:56:01
    Version du BIOS:                            Phoenix Technologies LTD 6.00, 13/04/2016
    Option régionale du système:                fr;Français (France)
    Fuseau horaire:                             (UTC+01:00) Bruxelles, Copenhague, Madrid, Paris
    Mémoire physique totale:                    2 047 Mo
    Correctif(s):                               2 Corrections installées.
                                                [01]: KB2553549
                                                [02]: KB976902

Labels are translated, so values are told by their form and their order: the version repeats the build at its
end, host and system name stand above it, the first time under it is the installation's and the second the
boot's. Dates come in the user's regional format; all of a file share it, so one number above 12 decides day
and month for all.

>>> info, = parse(__doc__).facts
>>> info.host, info.os_version, info.service_pack, info.system_locale, info.utc_offset_minutes
('SRV-PROD-01', '6.1.7601', 'Service Pack 1', 'fr', 60)
>>> info.boot_local, info.boot_line, info.hotfixes, info.physical_total_mb
((datetime.datetime(2017, 5, 3, 8, 56, 1),), 10, ('KB2553549', 'KB976902'), 2047)
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.parsed import Parsed
from forensics.text.delimited import rows
from forensics.text.lines import split_lines
from forensics.text.local_dates import Written, is_month_first, readings, split
from forensics.text.problems import Problems

KIND = "systeminfo"
READS = "text"

# "6.1.7601 Service Pack 1 Build 7601", "10.0.17763 暂缺 Build 17763"
_VERSION = re.compile(r"([0-9]{1,2}\.[0-9]{1,2}\.([0-9]{4,6}))\b[^\d\r\n\"][^\r\n\"]{0,60}?(?<!\d)\2")
_VERSION_IN_TEXT = re.compile(rf"[:\"][ \t]*{_VERSION.pattern}[ \t]*(?:[\r\n\"]|\Z)", re.ASCII)
_SERVICE_PACK = re.compile(r"Service Pack \d{1,2}")
_NUMBERED = re.compile(r"\s*\[\d{1,4}\]\s?:\s*(.*)")
_NUMBERED_IN_FIELD = re.compile(r",?(?<!\s)\s*+\[\d{1,4}\]\s?:\s*")
_HOTFIX = re.compile(r"(?:KB|Q)?(\d{6,7})(?:[-_ ].*)?", re.ASCII | re.IGNORECASE)
_PROCESSOR = re.compile(r".*~\d+\s\w{2,3}")
_LOCALE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3});.*", re.IGNORECASE | re.ASCII)
_TIME_ZONE = re.compile(r"[\u200e\u200f]*\((?:UTC|GMT)(?:([+\-−])(\d\d):(\d\d))?\).*", re.ASCII)
_MEGABYTES = re.compile(r"(?:.*:)?\s*([0-9]{1,3}(?:\D?[0-9]{2,3}){0,3})\s?[^\W\d]{2}")
_LONGEST_MEMORY = 120  # characters of label and value
_BIOS_DATE = re.compile(r".*,\s*([^,]{6,16})")
_PRODUCT_ID = re.compile(r"[0-9A-Z]{5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z-]+")
# "3 Days, 2 Hours, 5 Minutes, 30 Seconds" (XP and 2003, which do not print the boot time)
_UPTIME = re.compile(r"(\d{1,5})[^\d:/.\-]+(\d{1,2})[^\d:/.\-]+(\d{1,2})[^\d:/.\-]+(\d{1,2})[^\d:/.\-]+")

_DATES_WITHIN = 12  # values after the version; the boot time is the eighth
_BIOS_WITHIN = 30  # values after the version, with up to a dozen processors
_MOST_VALUES = 4000  # of one run, and more than any has: 64 processors, a thousand updates, addresses of network cards
_MOST_NAMES = 3  # that the summary tells


class SystemInfo(msgspec.Struct, frozen=True):
    """One run. Times are naive local ones; None, "" or () where the text does not tell.

    `boot_local` holds one time, or each possible one where the order of day and month is open;
    `uptime_seconds` is what XP and 2003 print in its place. `utc_offset_minutes` (positive east) is that of
    the time zone's name: its standard time, even in summer. `hotfixes` are "KB2553549" and the like, without
    repetitions. `physical_total_mb` and the others are in megabytes of 2**20 bytes. Lines are 1-based, those
    of the values; 0 where there is none.
    """

    host: str
    os_name: str
    os_version: str
    build: int
    service_pack: str
    original_install_local: datetime | None
    boot_local: tuple[datetime, ...]
    uptime_seconds: int | None
    system_locale: str
    time_zone: str
    utc_offset_minutes: int | None
    hotfixes: tuple[str, ...]
    processors: tuple[str, ...]
    physical_total_mb: int | None
    physical_available_mb: int | None
    virtual_max_mb: int | None
    virtual_available_mb: int | None
    virtual_in_use_mb: int | None
    version_line: int
    boot_line: int
    time_zone_line: int
    hotfixes_line: int


class _Value(msgspec.Struct, frozen=True):
    """What stands after a label; `numbered` where the label is `[01]`."""

    line: int
    text: str
    numbered: bool = False


def recognise(text: str) -> bool:
    """Find a version that repeats its build, with a time or a time zone under it."""
    return _VERSION_IN_TEXT.search(text) is not None and bool(parse(text).facts)


def parse(text: str) -> Parsed:
    """Read every run in the text."""
    lines = split_lines(text)
    found: list[SystemInfo] = []
    problems = Problems()
    for above, values in _runs(lines):
        info = _read(above, values)
        if info is None:
            continue
        found.append(info)
        if not info.boot_local and info.uptime_seconds is None:
            problems.add(info.boot_line or info.version_line, "no readable boot time")
    names = ", ".join(f"{info.host[:40]} ({info.os_version})" for info in found[:_MOST_NAMES])
    return Parsed(tuple(found), names, problems.told())


def _runs(lines: Sequence[str]) -> Iterator[tuple[list[_Value], list[_Value]]]:
    """Yield for every run the values above its version, and the version with those under it."""
    values: list[_Value] = []
    above: list[_Value] = []
    before: deque[_Value] = deque(maxlen=2)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value = _printed_value(number, line)
        if _VERSION.fullmatch(value.text) and not value.numbered:
            if values:
                yield above, values
            above, values = list(before), [value]
        elif values and len(values) < _MOST_VALUES:
            values.append(value)
        before.append(value)
    if values:
        yield above, values
    for number, fields in rows([line if '"' in line else "" for line in lines]):
        at = next((place for place, field in enumerate(fields) if _VERSION.fullmatch(field)), None)
        if at is not None:
            cells = [value for field in fields for value in _cell_values(number, field)]
            # What seems to be a version may hold a number in brackets, at which the field was split.
            version = next((place for place, value in enumerate(cells) if _VERSION.fullmatch(value.text)), None)
            if version is not None:
                yield cells[max(version - 2, 0) : version], cells[version:]


def _printed_value(number: int, line: str) -> _Value:
    numbered = _NUMBERED.fullmatch(line)
    if numbered:
        return _Value(number, numbered[1].strip(), numbered=True)
    return _Value(number, line.partition(":")[2].replace("\xa0", " ").strip())


def _cell_values(number: int, field: str) -> list[_Value]:
    first, *others = _NUMBERED_IN_FIELD.split(field)
    return [_Value(number, first.strip()), *(_Value(number, other.strip(), numbered=True) for other in others)]


def _read(above: Sequence[_Value], values: Sequence[_Value]) -> SystemInfo | None:
    version = values[0]
    match = _VERSION.fullmatch(version.text)
    if match is None:
        return None
    single = [value for value in values if not value.numbered]
    locale = next((value for value in single if _LOCALE.fullmatch(value.text)), None)
    zone = next((value for value in single if _TIME_ZONE.fullmatch(value.text)), None)
    dates = [
        (place, value.line, written)
        for place, value in enumerate(single[:_DATES_WITHIN])
        if (written := split(value.text)) and written.time
    ]
    if not (zone or dates):
        return None
    locale_name = locale.text.partition(";")[0].lower() if locale else ""
    install, boot, boot_line, uptime = _times(single, dates, locale_name)
    hotfixes = [(value.line, fix[1]) for value in values if value.numbered and (fix := _HOTFIX.fullmatch(value.text))]
    memory = [*_memory(single, zone), None, None, None, None, None]
    service_pack = _SERVICE_PACK.search(version.text)
    return SystemInfo(
        host=above[0].text if len(above) > 1 else "",
        os_name=" ".join(above[-1].text.split()) if above else "",
        os_version=match[1],
        build=int(match[2]),
        service_pack=service_pack[0] if service_pack else "",
        original_install_local=install,
        boot_local=boot,
        uptime_seconds=uptime,
        system_locale=locale_name,
        time_zone=zone.text if zone else "",
        utc_offset_minutes=_offset(zone.text) if zone else None,
        hotfixes=tuple(dict.fromkeys(f"KB{number}" for _, number in hotfixes)),
        processors=tuple(value.text for value in values if value.numbered and _PROCESSOR.fullmatch(value.text)),
        physical_total_mb=memory[0],
        physical_available_mb=memory[1],
        virtual_max_mb=memory[2],
        virtual_available_mb=memory[3],
        virtual_in_use_mb=memory[4],
        version_line=version.line,
        boot_line=boot_line,
        time_zone_line=zone.line if zone else 0,
        hotfixes_line=hotfixes[0][0] if hotfixes else 0,
    )


def _times(
    values: Sequence[_Value], dates: Sequence[tuple[int, int, Written]], locale: str
) -> tuple[datetime | None, tuple[datetime, ...], int, int | None]:
    """Return the time of installation, the possible boot times, their line, and the uptime of XP and 2003."""
    if not dates:
        return None, (), 0, None
    place, line, first = dates[0]
    following = values[place + 1].text if place + 1 < len(values) else ""
    uptime = _UPTIME.fullmatch(following)
    alone_is_boot = not uptime and not (place and _PRODUCT_ID.fullmatch(values[place - 1].text))
    install, boot = first, None
    boot_line = values[place + 1].line if uptime else 0
    if len(dates) > 1:
        _, boot_line, boot = dates[1]
    elif alone_is_boot:
        boot_line, boot = line, first
    month_first = _month_first(install, boot, _bios_dates(values), locale)
    installs = () if install is boot else readings(install, month_first=month_first)
    boots = readings(boot, month_first=month_first) if boot else ()
    seconds = _seconds(*(int(number) for number in uptime.groups())) if uptime else None
    return installs[0] if len(installs) == 1 else None, boots, boot_line, seconds


def _month_first(install: Written, boot: Written | None, others: Sequence[Written], locale: str) -> bool | None:
    """Tell the file's order of day and month; no machine boots days before its installation."""
    order = is_month_first([install, *([boot] if boot else []), *others])
    if order is None and boot and boot is not install:
        possible = [guess for guess in (False, True) if _in_order(install, boot, month_first=guess)]
        if len(possible) == 1:
            return possible[0]
    return is_month_first([install, *([boot] if boot else [])], locale) if order is None else order


def _in_order(install: Written, boot: Written, *, month_first: bool) -> bool:
    installs, boots = readings(install, month_first=month_first), readings(boot, month_first=month_first)
    return bool(installs) and bool(boots) and max(boots) > min(installs) - timedelta(days=2)


def _bios_dates(values: Sequence[_Value]) -> list[Written]:
    """Return the dates at the ends of values: that of the BIOS is written in the same format."""
    ends = [match[1] for value in values[:_BIOS_WITHIN] if (match := _BIOS_DATE.fullmatch(value.text))]
    return [written for end in ends if (written := split(end)) and not written.time]


def _seconds(days: int, hours: int, minutes: int, seconds: int) -> int:
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _offset(zone: str) -> int:
    match = _TIME_ZONE.fullmatch(zone)
    if match is None or not match[1]:
        return 0
    return (1 if match[1] == "+" else -1) * (int(match[2]) * 60 + int(match[3]))


def _memory(values: Sequence[_Value], zone: _Value | None) -> list[int | None]:
    """Return the five sizes under the time zone, in megabytes."""
    start = values.index(zone) + 1 if zone else 0
    sizes: list[int | None] = []
    for value in values[start : start + 5] if zone else []:
        match = _MEGABYTES.fullmatch(value.text[:_LONGEST_MEMORY])
        if match is None:
            break
        sizes.append(int(re.sub(r"\D", "", match[1])))
    return sizes
