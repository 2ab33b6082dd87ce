"""The clock that wraps: KB2553549 (domain.md §1.1, source of the mechanism: the founding article SEED).

TIME_WAIT expiry is computed in a 32-bit register that counts 10 ms ticks since boot.
"""

TICKS_PER_SECOND = 100  # one tick is 10 ms (CTM, EVAN, SEED)
TICK_WRAP = 2**32 / TICKS_PER_SECOND  # seconds of uptime: 497 d 2 h 27 m 52.96 s
HALF_WRAP = 2**31 / TICKS_PER_SECOND  # seconds of uptime: 248 d 13 h 13 m 56.48 s, the second symptom
SECONDS_PER_DAY = 24 * 60 * 60
