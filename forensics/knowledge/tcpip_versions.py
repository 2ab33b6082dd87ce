"""tcpip.sys versions against the fix KB2553549, branch by branch.

Sources: VWNET (thresholds), JP-497 (tcpip.sys alone decides; a later file of the same branch contains the fix),
domain.md §1.2 and §11. GDR and LDR are separate branches: 6.1.7601.21828 (LDR) is above the GDR threshold 17757 and
not fixed, for its own is 21893.
"""

import msgspec

Version = tuple[int, int, int, int]

_FIRST_LDR = 20_000  # revision D of A.A.BBBC.DEEEE: 1 is GDR, 2 is LDR (VWNET)
_SECOND_ERA = 24_000  # 6.0.6002.24xxx: rollups of 2018 and later, nobody published what they hold (domain.md §11.2)


class Branch(msgspec.Struct, frozen=True):
    """One servicing branch and the first revision that has the fix."""

    build: tuple[int, int, int]
    ldr: bool
    first_fixed: int


BRANCHES = (
    Branch((6, 1, 7600), ldr=False, first_fixed=16943),
    Branch((6, 1, 7600), ldr=True, first_fixed=21122),
    Branch((6, 1, 7601), ldr=False, first_fixed=17757),
    Branch((6, 1, 7601), ldr=True, first_fixed=21893),
    Branch((6, 0, 6002), ldr=True, first_fixed=22643),
)

# As released, years before the fix of 2011: unfixed, though their branch has no threshold.
RELEASES: frozenset[Version] = frozenset({(6, 0, 6000, 16386), (6, 0, 6001, 18000), (6, 0, 6002, 18005)})

# Systems on which the defect exists (KB2553549 applies to Vista, 7, Server 2008 and 2008 R2: domain.md §1.1).
AFFECTED = frozenset({(6, 0), (6, 1)})


def branch_of(version: Version) -> Branch | None:
    """The branch with a known threshold that a file version belongs to."""
    ldr = version[3] >= _FIRST_LDR
    return next((one for one in BRANCHES if one.build == version[:3] and one.ldr == ldr), None)


def is_fixed(version: Version) -> bool | None:
    """Whether a tcpip.sys holds the fix; None where no source says.

    >>> is_fixed((6, 1, 7601, 17757)), is_fixed((6, 1, 7601, 17756)), is_fixed((6, 1, 7601, 21828))
    (True, False, False)
    >>> is_fixed((6, 0, 6002, 18005)), is_fixed((6, 0, 6002, 19000)), is_fixed((10, 0, 14393, 0))
    (False, None, None)
    """
    if version in RELEASES:
        return False
    branch = branch_of(version)
    if branch is None:
        return None
    if branch.build == (6, 0, 6002) and version[3] >= _SECOND_ERA:
        return None
    return version[3] >= branch.first_fixed
