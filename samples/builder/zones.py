"""Time zones as Windows knows them: a bias in minutes west of UTC and two rules for the switches of the year.

>>> from datetime import UTC, datetime
>>> W_EUROPE.local(datetime(2018, 7, 1, 10, tzinfo=UTC))
datetime.datetime(2018, 7, 1, 12, 0)
>>> days = datetime(2018, 12, 22, 12, tzinfo=UTC), datetime(2018, 12, 24, 12, tzinfo=UTC)
>>> CHINA.noons(*days)[-1].isoformat()
'2018-12-24T04:00:00+00:00'
"""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch on a Sunday: of ``week`` 1 to 4 of the month, 5 is the last one; at that hour of the clock."""

    month: int
    week: int
    hour: int

    def on(self, year: int) -> datetime:
        """The moment in ``year``, by the clock in force before it."""
        first = datetime(year, self.month, 1, self.hour)  # noqa: DTZ001 -- local time
        day = first + timedelta(days=(6 - first.weekday()) % 7, weeks=self.week - 1)
        return day if day.month == self.month else day - timedelta(weeks=1)

    def registry(self) -> bytes:
        """In the registry's order: year, month, week, hour, minute, second, millisecond, weekday."""
        return struct.pack("<8H", 0, self.month, self.week, self.hour, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone. ``bias_minutes`` is positive west of UTC; summer time is one hour ahead."""

    key: str
    bias_minutes: int
    daylight_resource: int
    """Number of the daylight name in tzres.dll; the standard name has the next one."""
    daylight_start: Switch | None = None
    standard_start: Switch | None = None
    standard_names: dict[str, str] = field(default_factory=dict)
    """What the standard time is called, by language; the key in all others."""

    def offset(self, at: datetime) -> timedelta:
        """East of UTC at that moment (aware)."""
        standard = timedelta(minutes=-self.bias_minutes)
        if self.daylight_start is None or self.standard_start is None:
            return standard
        here = at.astimezone(UTC).replace(tzinfo=None) + standard
        hour = timedelta(hours=1)
        summer = self.daylight_start.on(here.year) <= here < self.standard_start.on(here.year) - hour
        return standard + hour if summer else standard

    def local(self, at: datetime) -> datetime:
        """The wall clock (naive) at that moment."""
        return at.astimezone(UTC).replace(tzinfo=None) + self.offset(at)

    def moment(self, local: datetime) -> datetime:
        """The moment (UTC) when the wall clock shows ``local``; the first of two in autumn."""
        guess = local.replace(tzinfo=UTC) + timedelta(minutes=self.bias_minutes)
        hour = timedelta(hours=1)
        return guess - hour if self.local(guess - hour) == local else guess

    def noons(self, begin: datetime, end: datetime) -> list[datetime]:
        """Each 12:00 of the wall clock from ``begin`` to ``end``, both included."""
        noon = self.local(begin).replace(hour=12, minute=0, second=0, microsecond=0)
        days = [noon + timedelta(days=day) for day in range((end - begin).days + 2)]
        return [at for at in map(self.moment, days) if begin <= at <= end]

    def standard_name(self, tag: str) -> str:
        """The name that event 6013 prints on a machine of that language."""
        return self.standard_names.get(tag, self.key)


_EUROPE = (Switch(3, 5, 2), Switch(10, 5, 3))
_AMERICA = (Switch(3, 2, 2), Switch(11, 1, 2))

COORDINATED = Zone("UTC", 0, 930, standard_names={"en-US": "Coordinated Universal Time"})
CHINA = Zone("China Standard Time", -480, 571, standard_names={"zh-CN": "中国标准时间"})
TOKYO = Zone("Tokyo Standard Time", -540, 631, standard_names={"ja-JP": "東京 (標準時)"})
W_EUROPE = Zone("W. Europe Standard Time", -60, 321, *_EUROPE, standard_names={"de-DE": "Mitteleuropäische Zeit"})
ROMANCE = Zone("Romance Standard Time", -60, 301, *_EUROPE, standard_names={"fr-FR": "Paris, Madrid"})
EASTERN = Zone("Eastern Standard Time", 300, 111, *_AMERICA)
PACIFIC = Zone("Pacific Standard Time", 480, 211, *_AMERICA)
