"""TCP state words that netstat prints, as the English names used everywhere inside.

Sources: domain.md §5.1: German is the only language for which localised words were seen on real machines (NS-DE,
SYSINFO, check_mk); French, Spanish, Italian, Portuguese, Russian, Chinese, Japanese and Korean print the English
ones. SYN_SEND and TIMED_WAIT are the spellings of Microsoft's own netstat page (windowsserverdocs netstat.md).
"""

import re
from functools import lru_cache

STATES = (
    "LISTENING",
    "SYN_SENT",
    "SYN_RECEIVED",
    "ESTABLISHED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "CLOSE_WAIT",
    "CLOSING",
    "LAST_ACK",
    "TIME_WAIT",
    "DELETE_TCB",
    "BOUND",
)

_ALIASES = {
    "LISTEN": "LISTENING",
    "SYN_SEND": "SYN_SENT",
    "SYN_RCVD": "SYN_RECEIVED",
    "SYN_RECV": "SYN_RECEIVED",
    "TIMED_WAIT": "TIME_WAIT",
    "CLOSED": "DELETE_TCB",
    # German, seen on real machines
    "ABHÖREN": "LISTENING",
    "HERGESTELLT": "ESTABLISHED",
    "WARTEND": "TIME_WAIT",
    "SCHLIESSEN_WARTEN": "CLOSE_WAIT",
    "SYN_GESENDET": "SYN_SENT",
    "FIN_WARTEN_1": "FIN_WAIT_1",
    "FIN_WARTEN_2": "FIN_WAIT_2",
    "SCHLIESSEND": "CLOSING",
    # German, by the same pattern, not seen
    "SYN_EMPFANGEN": "SYN_RECEIVED",
    "GEBUNDEN": "BOUND",
}

_BY_WORD = {state: state for state in STATES} | _ALIASES

# OEM bytes read in the wrong code page damage just the letters outside ASCII: "ABH™REN", "ABH\x99REN", "ABHREN".
_DAMAGED = tuple(
    (re.compile(re.sub(r"[^\x00-\x7f]", r"[^\\x00-\\x7f]{0,3}", word)), state)
    for word, state in _BY_WORD.items()
    if not word.isascii()
)


@lru_cache(maxsize=1024)
def english_state(word: str) -> str | None:
    """Return the English name of a state word in any spelling known, or None.

    >>> english_state("WARTEND"), english_state("ABH™REN"), english_state("Time_Wait"), english_state("OCZEKUJE")
    ('TIME_WAIT', 'LISTENING', 'TIME_WAIT', None)
    """
    upper = word.upper()
    known = _BY_WORD.get(upper)
    if known:
        return known
    return next((state for pattern, state in _DAMAGED if pattern.fullmatch(upper)), None)
