"""The machine's offset from UTC on a given date, and how sure it is.

Witnesses, best first: the manifest (the offset at collection), the registry's rules (TimeZoneInformation), the zone
in event 6013 (its *standard* bias, positive west of UTC, even in summer: the daily record at 12:00 local time tells
whether daylight saving was in force, domain.md §4.1), systeminfo's "(UTC+08:00)".
"""

import struct
from datetime import UTC, datetime, timedelta

import msgspec

from forensics.evidence import Evidence
from forensics.measure.boots import uptime_told
from forensics.measure.log import EVENT_LOG, SystemLog
from forensics.parsers.registry_export import RegistryKey
from forensics.parsers.systeminfo import SystemInfo

_NOON = 12 * 60  # minutes: 6013 is written daily at 12:00 local time
_NOON_SLACK = 2  # minutes
_SUMMER = 60  # minutes that daylight saving adds
_NEAR = timedelta(days=3)  # a noon record tells the offset of the days around it
_SWITCHING_MONTHS = (3, 4, 9, 10, 11)
_SWITCHING_DAYS = (0, 4, 5, 6)  # Monday, Friday to Sunday
_JUST_BOOTED = 900  # seconds: a 6013 of a boot about noon is not the daily one
_MOST_BIAS = 15 * 60  # minutes: no zone is further from UTC, its daylight saving included
_ZONE_STRING = 6  # index of "<bias> <zone name>" in event 6013's strings


class Offset(msgspec.Struct, frozen=True):
    """Minutes east of UTC, the minutes by which that may be wrong, and what says so."""

    minutes: int
    uncertain: int
    basis: str

    def to_utc(self, local: datetime) -> datetime:
        """Read a wall-clock time of the machine."""
        return (local - timedelta(minutes=self.minutes)).replace(tzinfo=UTC)

    def to_local(self, moment: datetime) -> datetime:
        """Show a moment as the machine's wall clock (naive)."""
        return (moment + timedelta(minutes=self.minutes)).replace(tzinfo=None)


class Rules(msgspec.Struct, frozen=True):
    """TimeZoneInformation of the registry: biases in minutes west of UTC, starts as SYSTEMTIME rules (16 bytes)."""

    bias: int
    daylight_bias: int
    standard_start: bytes
    daylight_start: bytes

    def minutes_east(self, local: datetime) -> int:
        """The offset in force at a wall-clock time."""
        summer = self._summer(local)
        return -(self.bias + (self.daylight_bias if summer else 0))

    def _summer(self, local: datetime) -> bool:
        start, end = (
            _transition(self.daylight_start, local.year),
            _transition(self.standard_start, local.year),
        )
        if start is None or end is None:
            return False
        return start <= local < end if start < end else not end <= local < start


class Zone(msgspec.Struct, frozen=True):
    """What the bundle says of the machine's time zone."""

    name: str = ""
    manifest: tuple[datetime, int] | None = None  # at collection: exact on that date
    rules: Rules | None = None
    noons: tuple[tuple[datetime, int], ...] = ()  # (record time, minutes east) shown by daily 6013 records
    standard: int | None = None  # minutes east in winter, from 6013 or systeminfo
    standard_basis: str = ""

    def at(self, moment: datetime) -> Offset:
        """The offset at a moment in UTC."""
        if self.manifest and abs(moment - self.manifest[0]) < _NEAR:
            return Offset(self.manifest[1], 0, "manifest")
        if self.rules:
            naive = moment.replace(tzinfo=None)
            guess = self.rules.minutes_east(naive - timedelta(minutes=self.rules.bias))
            return Offset(self.rules.minutes_east(naive + timedelta(minutes=guess)), 0, "registry")
        noon = min(self.noons, key=lambda one: abs(one[0] - moment), default=None)
        if noon and abs(noon[0] - moment) < _NEAR:
            return Offset(noon[1], _SUMMER if _may_switch(*sorted((noon[0], moment))) else 0, "6013")
        if self.manifest:
            return Offset(self.manifest[1], _SUMMER, "manifest")
        if self.standard is not None:
            return Offset(self.standard, _SUMMER, self.standard_basis)
        return Offset(0, 14 * 60, "unknown")

    def at_local(self, local: datetime) -> Offset:
        """The offset at a wall-clock time of the machine."""
        first = self.at(local.replace(tzinfo=UTC))
        return self.at(first.to_utc(local))


def _may_switch(early: datetime, late: datetime) -> bool:
    """Whether daylight saving may begin or end between two moments.

    It does so in spring and autumn alone, in the night to a Friday, Saturday, Sunday or Monday (tzdata, since 1990).
    """
    days = (early + timedelta(days=number) for number in range((late.date() - early.date()).days + 1))
    return any(day.month in _SWITCHING_MONTHS and day.weekday() in _SWITCHING_DAYS for day in days)


def find_zone(evidence: Evidence, log: SystemLog) -> Zone:
    """Collect every witness of the machine's time zone."""
    manifest = None
    if evidence.manifest and evidence.manifest.utc_offset_minutes is not None:
        at = evidence.manifest.finished_at or evidence.manifest.started_at
        manifest = (at, evidence.manifest.utc_offset_minutes) if at else None
    name, standard, basis = "", None, ""
    noons: list[tuple[datetime, int]] = []
    for logged in log.of(EVENT_LOG, 6013):
        bias, zone_name = _bias(logged.event.strings)
        if bias is None:
            continue
        name, standard, basis = zone_name, -bias, "6013"
        seconds = uptime_told(logged)
        if seconds is None or seconds < _JUST_BOOTED:
            continue
        for minutes in (-bias, -bias + _SUMMER):
            wall = logged.at + timedelta(minutes=minutes)
            if abs(wall.hour * 60 + wall.minute - _NOON) <= _NOON_SLACK:
                noons.append((logged.at, minutes))
    rules, key_name = _registry_rules(evidence)
    if standard is None:
        for info in evidence.all(SystemInfo):
            if info.fact.utc_offset_minutes is not None:
                standard, basis = info.fact.utc_offset_minutes, "systeminfo"
    return Zone(name or key_name, manifest, rules, tuple(noons), standard, basis)


def _bias(strings: tuple[str, ...]) -> tuple[int | None, str]:
    """Read 6013's "480 Pacific Standard Time"."""
    if len(strings) <= _ZONE_STRING:
        return None, ""
    bias, _, name = strings[_ZONE_STRING].partition(" ")
    try:
        minutes = int(bias)
    except ValueError:
        return None, ""
    return (minutes, name) if abs(minutes) <= _MOST_BIAS else (None, "")


def _registry_rules(evidence: Evidence) -> tuple[Rules | None, str]:
    for found in evidence.all(RegistryKey):
        key = found.fact
        if not key.path.lower().endswith("\\control\\timezoneinformation"):
            continue
        bias, daylight = _minutes(key.value("Bias")), _minutes(key.value("DaylightBias"))
        starts = key.value("StandardStart"), key.value("DaylightStart")
        name = key.value("TimeZoneKeyName")
        label = str(name).split("\0")[0] if isinstance(name, str) else ""
        if bias is None:
            continue
        if key.value("DynamicDaylightTimeDisabled") == 1 or daylight is None:
            return Rules(bias, 0, b"", b""), label
        standard_start, daylight_start = (start if isinstance(start, bytes) else b"" for start in starts)
        return Rules(bias, daylight, standard_start, daylight_start), label
    return None, ""


def _minutes(value: object) -> int | None:
    """A DWORD that holds a signed number: 0xfffffe20 is −480; None where it can be no bias."""
    if not isinstance(value, int):
        return None
    signed = value - 2**32 if value >= 2**31 else value
    return signed if abs(signed) <= _MOST_BIAS else None


def _transition(rule: bytes, year: int) -> datetime | None:
    """When a daylight saving rule falls in a year.

    The key is written from the kernel's TIME_FIELDS: year, month, week (5 is the last), hour, minute, second,
    millisecond, day of week (0 is Sunday). Tools that write a SYSTEMTIME put the day of week third; that is told by
    a Sunday there, for a week is never 0.
    """
    if len(rule) < 16:  # noqa: PLR2004 - eight words
        return None
    fixed_year, month, third, fourth, fifth, _, _, last = struct.unpack_from("<8H", rule)
    week, hour, weekday = (fourth, fifth, third) if third == 0 else (third, fourth, last)
    if fixed_year or not (1 <= month <= 12 and 1 <= week <= 5 and hour < 24 and weekday < 7):  # noqa: PLR2004 - the calendar
        return None
    first = datetime(year, month, 1, hour)  # noqa: DTZ001 - wall clock
    first_weekday = (first.weekday() + 1) % 7  # Python's week begins on Monday
    day = first + timedelta(days=(weekday - first_weekday) % 7 + 7 * (week - 1))
    return day if day.month == month else day - timedelta(days=7)
