"""The dynamic port range: defaults and the registry's say (domain.md §3)."""

# Vista and later: 49152–65535 (MS-929851). Windows 2000 to Server 2003: 1025–5000 (KB196271).
DEFAULT = (49152, 16384)
DEFAULT_BEFORE_VISTA = (1025, 3976)
FIRST_VERSION_WITH_DEFAULT = (6, 0)

# MaxUserPort is honoured on Vista and later: start 1024, count MaxUserPort − 1023 (measured: NMAP).
MAX_USER_PORT_START = 1024
MAX_USER_PORT_LEAST = 5000  # the documented smallest value (KB196271)
HIGHEST_PORT = 65535

# Shares of the usable ports that Microsoft's support scripts warn at (SDP, RC_EphemeralPort50Check and 80Check).
WARNING_SHARE = 0.5
CRITICAL_SHARE = 0.8

# The widened range that Microsoft's and the founding article's commands set (domain.md §8): 10000-65534.
WIDEST_START, WIDEST_COUNT = 10_000, 55_535
