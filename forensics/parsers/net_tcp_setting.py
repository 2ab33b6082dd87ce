r"""Settings of TCP in Windows 8, 2012 and later: `Get-NetTCPSetting`, as CSV or as a list.

What `Get-NetTCPSetting | Format-List` prints, in every language (the CSV has the same properties, without units)::

    SettingName                     : Automatic
    InitialRto(ms)                  :

    SettingName                     : Internet
    InitialRto(ms)                  : 3000
    DynamicPortRangeStartPort       : 49152
    DynamicPortRangeNumberOfPorts   : 16384
    MaxSynRetransmissions           : 2
    AutoReusePortRangeStartPort     : 0
    AutoReusePortRangeNumberOfPorts : 0

Connections that were not bound take their ports from the auto-reuse range, where one port serves several remotes; with
0 ports there is no such range, and the dynamic range is used (Microsoft's documentation of the command). Windows 8 to
2012 R2 have the two properties since an update (domain.md §2).

>>> [(one.name, one.auto_reuse_count, one.dynamic_count, one.initial_rto_ms) for one in parse(__doc__).facts]
[('Automatic', None, None, None), ('Internet', 0, 16384, 3000)]
"""

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems, is_known
from forensics.text.wmi_records import Record, read

KIND = "nettcpsetting"
READS = "text"

_KEY = "SettingName"
_AUTO_REUSE = ("AutoReusePortRangeStartPort", "AutoReusePortRangeNumberOfPorts")
_DYNAMIC = ("DynamicPortRangeStartPort", "DynamicPortRangeNumberOfPorts")
_INITIAL_RTO = "InitialRto"
_SYN_RETRANSMISSIONS = "MaxSynRetransmissions"
_FIGURES = (*_AUTO_REUSE, *_DYNAMIC, _INITIAL_RTO, _SYN_RETRANSMISSIONS)
_MOST_DIGITS = 10  # of a DWORD


class TcpSetting(msgspec.Struct, frozen=True):
    """One setting: Internet, Datacenter, Compat and others. A figure is None where none is printed.

    An auto-reuse range of 0 ports is switched off. `line` is 1-based.
    """

    name: str
    auto_reuse_start: int | None
    auto_reuse_count: int | None
    dynamic_start: int | None
    dynamic_count: int | None
    initial_rto_ms: int | None
    max_syn_retransmissions: int | None
    line: int


def recognise(text: str) -> bool:
    """Find the property SettingName beside one of the figures."""
    return _KEY in text and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every setting in the text."""
    unread = Problems()
    found = read(split_lines(text), _KEY, lambda record: _setting(record, unread))
    settings = found.made
    summary = f"{len(settings)} TCP setting{'s' * (len(settings) != 1)}"
    problems = (*found.problems.told(), *unread.told())
    return Parsed(tuple(settings), summary, problems if found.known else ())


def _is_setting(record: Record) -> bool:
    """Other objects have a SettingName too, such as transport filters."""
    named = bool(record.properties.get(_KEY.lower()))
    return named and any(name.lower() in record.properties for name in _FIGURES)


def _setting(record: Record, problems: Problems) -> TcpSetting | None:
    if not _is_setting(record):
        return None

    def figure(name: str) -> int | None:
        text = record.properties.get(name.lower(), "")
        if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
        if text:
            problems.add(record.line, f"{name} is no number: {text[:40]}")
        return None

    return TcpSetting(
        name=record.properties[_KEY.lower()],
        auto_reuse_start=figure(_AUTO_REUSE[0]),
        auto_reuse_count=figure(_AUTO_REUSE[1]),
        dynamic_start=figure(_DYNAMIC[0]),
        dynamic_count=figure(_DYNAMIC[1]),
        initial_rto_ms=figure(_INITIAL_RTO),
        max_syn_retransmissions=figure(_SYN_RETRANSMISSIONS),
        line=record.line,
    )
