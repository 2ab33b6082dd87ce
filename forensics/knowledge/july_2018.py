"""The regression of July 2018: updates of 2018-07-10 after which tcpip.sys may keep ports whose sockets were closed.

Sources: PSSSQL 2018-07-26 ("a regression in one of the TCP/IP functions that manages the TCP port pool"; Windows 7,
2008 R2, 8.1, 2012 R2), JP-JUL18 (all systems; AFD 16002 is logged), Microsoft's article "Azure VM cannot RDP, driver
IRQL not less or equal" of 2020-12-16 (table of updates; its rows for 2012, 1607 and 1709 are misprinted and corrected
by the download addresses of the updates). The pair KB4338815 / KB4338831 stands in a public checker script only.
"""

from datetime import UTC, datetime

# The update that introduced it, and the first that fixes it.
INTRODUCED = {
    "KB4338818": "KB4338821",  # 7, 2008 R2: monthly rollup
    "KB4338823": "KB4345459",  # 7, 2008 R2: security only
    "KB4338830": "KB4338816",  # 2012: monthly rollup
    "KB4338820": "KB4345425",  # 2012: security only
    "KB4338815": "KB4338831",  # 8.1, 2012 R2: monthly rollup
    "KB4338824": "KB4345424",  # 8.1, 2012 R2: security only
    "KB4338814": "KB4345418",  # 10 1607, 2016
    "KB4338826": "KB4345419",  # 10 1703
    "KB4338825": "KB4345420",  # 10 1709
    "KB4338819": "KB4345421",  # 10 1803
}
_SYSTEM_OF = {
    (6, 1): ("KB4338818", "KB4338823"),
    (6, 2): ("KB4338830", "KB4338820"),
    (6, 3): ("KB4338815", "KB4338824"),
    (10, 0): ("KB4338814", "KB4338826", "KB4338825", "KB4338819"),
}
SYSTEMS = {kb: frozenset({version}) for version, kbs in _SYSTEM_OF.items() for kb in kbs}
LAST_FIX = "KB4345459"  # Microsoft numbers its updates upward: a higher one is later
FIXES = frozenset(INTRODUCED.values())

# The updates of August 2018 and later hold the fix (blog.treedown.net 2018-07-20; atmarkit): installed from then on,
# any update says so.
FIXED_SINCE = datetime(2018, 8, 14, tzinfo=UTC)
