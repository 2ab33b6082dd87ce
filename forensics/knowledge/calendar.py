"""The years that the clock of a Windows computer can tell.

Its hardware clock may be wrong by decades (an empty battery: 1980, 2000), but nobody can set it to other years: the
`date` command takes 1980 to 2099 (its help since MS-DOS; so do the clock's control panels). A time outside them is a
damaged one, and nothing may be counted from it.
"""

CLOCK_YEARS = range(1980, 2100)
