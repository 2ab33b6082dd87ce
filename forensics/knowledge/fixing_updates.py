"""Updates that bring a fixed tcpip.sys (domain.md §1.3; chain: WESNG).

A listed KB raises belief and its date matters; a missing one proves nothing, for later updates supersede it.
"""

THE_HOTFIX = "KB2553549"

# Windows 7 and Server 2008 R2: the security updates of the same file after the fix (MS12-032 and later), the 2016
# convenience rollup. Earlier ones (KB2563894, KB2588516) do not hold it.
_CHAIN = ("KB2688338", "KB2790655", "KB2845690", "KB2868623", "KB2957189", "KB3125574")

# Vista and Server 2008: no update of the GDR branch is known to hold it; only the hotfix itself counts.
FIXING = {
    (6, 0): frozenset({THE_HOTFIX}),
    (6, 1): frozenset({THE_HOTFIX, *_CHAIN}),
}
