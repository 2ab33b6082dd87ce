"""How long Windows keeps a closed connection's port in TIME_WAIT (domain.md §3, TcpTimedWaitDelay)."""

REGISTRY_VALUE = "TcpTimedWaitDelay"
DEFAULT_DELAY = 120  # seconds, XP to current (KB314053, SDP, CLINTH)
DISPUTED_DELAY = 240  # seconds, "4 minutes" in MS-PE: what a proof must outlast
LEAST_DELAY, MOST_DELAY = 30, 300  # seconds, the documented range (MS-2000TWD, KB314053)
