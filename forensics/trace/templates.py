"""The known messages of a network trace: one table, from which the text of a line gives its event id.

Windows' trace text holds the message, not the event id. The texts are those of tcpip.sys 6.1.7600 to 10.0.19041
(libyal/winevt-kb, MessageFile-tcpip.sys.md; domain.md §6.3): `%n` is a field. Newer systems append fields ("PID = n.")
and print enumerations as `4(EstablishedState)`, older ones as `EstablishedState `; neither changes where a text begins.

AFD's messages (domain.md §6.4) repeat what TCPIP says and are not read; timers (1064, 1066) say nothing of ports.
"""

import msgspec


class Template(msgspec.Struct, frozen=True):
    """One message. `text` is Windows' own; `says` is what it means, in a few words for people."""

    id: int
    text: str
    says: str
    fails: bool = False


STATES = ("Closed", "Listen", "SynSent", "SynRcvd", "Established", "FinWait1", "FinWait2", "CloseWait", "Closing",
          "LastAck", "TimeWait")  # fmt: skip
"""By the numbers that newer decoders print."""

_TCB = "TCP: connection %8 (local=%2 remote=%4) "
_TCB_PID = "TCP: connection %8 (local=%2 remote=%4 PID=%6) "
_TCB_1 = "TCP: connection %1 (local=%3 remote=%5) "

TEMPLATES = (
    Template(1001, "TCP: endpoint %2 (Family=%3, PID=%4) created with status = %1.", "socket created"),
    Template(1002, "TCP: Tcb %1 (local=%3 remote=%5) requested to connect.", "connect requested"),
    Template(1003, "TCP: Inspect Connect has been completed on Tcb %1 with status = %2.", "connect inspected"),
    Template(1004, "TCP: Tcb %1 is going to output SYN with ISN = %2, RcvWnd = %3, RcvWndScale = %4.", "SYN sent"),
    Template(
        1005, "TCP: endpoint bind failed: address %2 cannot be resolved (%3).", "bind: no such address", fails=True
    ),
    Template(
        1006, "TCP: endpoint (sockaddr=%2) bind failed: port-acquisition status = %3.", "bind: no port", fails=True
    ),
    Template(1007, "TCP: endpoint (sockaddr=%2) bind failed: inspection status = %3.", "bind: filtered", fails=True),
    Template(1008, "TCP: endpoint (sockaddr=%2) bound.", "bound"),
    Template(1009, "TCP: endpoint (sockaddr=%2) closed.", "socket closed"),
    Template(
        1010,
        "TCP: endpoint (Family=%6 PID=%4) create failed: address family not attached.",
        "socket: no such family",
        fails=True,
    ),
    Template(
        1011,
        "TCP: endpoint (Family=%6 PID=%4) create failed: compartment %5 not found.",
        "socket: no compartment",
        fails=True,
    ),
    Template(
        1012, "TCP: endpoint (Family=%6 PID=%4) create failed: inspection status %3.", "socket: filtered", fails=True
    ),
    Template(1013, "TCP: endpoint (Family=%6 PID=%4) created.", "socket created"),
    Template(
        1014,
        "TCP: listener (local=%2 remote=%4) accept failed: Route lookup status = %5, TCB = %8.",
        "accept: no route",
        fails=True,
    ),
    Template(1017, "TCP: listener (local=%2 remote=%4) accept completed. TCB = %8. PID = %6.", "accepted"),
    Template(1018, _TCB_PID + "connect failed: address family not attached.", "connect: no such family", fails=True),
    Template(1019, _TCB_PID + "connect failed: compartment %7 not found.", "connect: no compartment", fails=True),
    Template(1020, _TCB_PID + "connect failed: inspection status = %5.", "connect: filtered", fails=True),
    Template(1021, _TCB + "connect failed: route lookup status = %5.", "connect: no route", fails=True),
    Template(1029, _TCB + "connect failed: connection cancelled.", "connect cancelled", fails=True),
    Template(
        1030,
        "TCP: connection (local=%2 remote=%4) connect failed: connection insertion status = %5.",
        "connect: its addresses are in use",
        fails=True,
    ),
    Template(1031, _TCB + "connect proceeding.", "connect proceeding"),
    Template(1033, _TCB + "connect completed. PID = %6.", "connected"),
    Template(1034, _TCB + "connect attempt failed with status = %5.", "connect failed", fails=True),
    Template(
        1035, _TCB + "connect failed: connect-complete inspect status = %5.", "connect: filtered at the end", fails=True
    ),
    Template(1038, _TCB + "close issued.", "close issued"),
    Template(1039, _TCB + "abort issued.", "abort issued"),
    Template(1040, _TCB + "abort completed.", "abort completed"),
    Template(1043, _TCB + "disconnect completed.", "disconnect completed"),
    Template(1044, _TCB + "shutdown initiated (%5). PID = %6.", "shutdown initiated"),
    Template(1045, _TCB + "connect failed: connect-request timeout expired.", "connect: no answer in time", fails=True),
    Template(1046, _TCB + "terminating: retransmission timeout expired.", "ended: data not acknowledged", fails=True),
    Template(1047, _TCB + "terminating: keep-alive timeout expired.", "ended: keep-alive not answered", fails=True),
    Template(1048, _TCB + "terminating: disconnect timeout expired.", "ended: disconnect timed out", fails=True),
    Template(1049, _TCB + "connect failed: extended statistics status = %5.", "connect: no statistics", fails=True),
    Template(1050, _TCB + "connect failed: port-acquisition status = %5.", "connect: no port", fails=True),
    Template(1051, "TCP: connection %4 transition from %1 to %2, SndNxt = %3.", "state"),
    Template(
        1110,
        "TCP: Global parameters updated for Address Family %1: EnablePMtuDiscovery = %2, TimedWaitDelay = %12,",
        "parameters in force",
    ),
    Template(1183, _TCB_1 + "connect failed: received RST.", "connect: refused (RST)", fails=True),
    Template(1184, _TCB_1 + "connection terminated: received RST.", "ended by the remote's RST", fails=True),
    Template(
        1185, _TCB_1 + "connection terminated: received SYN in state %6.", "ended by an unexpected SYN", fails=True
    ),
    Template(1186, _TCB_1 + "retransmitting connect attempt, RexmitCount = %7.", "SYN sent again"),
    Template(1187, _TCB_1 + "retransmitting data, RexmitCount = %7.", "data sent again"),
    Template(1191, "TCP: endpoint/connection %1 acquired port number %2.", "port acquired"),
    Template(
        1192,
        "TCP: connection %1 attempted to acquire weak reference on port number %2 inherited from endpoint %4. "
        "Successful = %3.",
        "port inherited",
    ),
    Template(
        1193, "TCP: endpoint/connection %1 released port number %2. WeakReference = %3.", "reference to port given up"
    ),
    Template(
        1194,
        "TCP: endpoint/connection %1 replaced base endpoint %4 and acquired reference to port number %2.",
        "port taken over",
    ),
    Template(
        1195,
        "TCP: Portpool assigned port number %2 with weak references due to port exhaustion.",
        "no free port: one in use was given out again",
        fails=True,
    ),
    Template(1200, _TCB + "terminating: Zero window probe timeout expired.", "ended: zero window", fails=True),
    Template(1201, _TCB + "terminating: FIN-WAIT-2 timeout expired.", "ended: FIN_WAIT_2 timed out", fails=True),
    Template(1300, "TCP: connection %1 (local=%3 remote=%5) exists. State = %6. PID = %7.", "open at trace start"),
    Template(
        1394,
        "UDP: endpoint %4 (sockaddr=%2) bind failed: port-acquisition status = %3.",
        "UDP bind: no port",
        fails=True,
    ),
)

BY_ID = {template.id: template for template in TEMPLATES}

EXHAUSTION = frozenset({1006, 1050, 1195, 1394})
"""The events that say directly that no port was to be had (contracts.md)."""

REFUSED_NOT_EXHAUSTED = frozenset(
    {
        "0xC000020A", "0xC0000043", "0xC0000022",
        "STATUS_ADDRESS_ALREADY_EXISTS", "STATUS_SHARING_VIOLATION", "STATUS_ACCESS_DENIED",
    }
)  # fmt: skip
"""Statuses of a bind to a *named* port that is taken (ADDRESS_ALREADY_EXISTS, SHARING_VIOLATION) or forbidden
(ACCESS_DENIED; excluded ranges): no shortage. Shortage is 0xC0000209, TOO_MANY_ADDRESSES (ntstatus.h)."""

# What follows "(local=… remote=…) ": the part up to the first field, longest first so that none hides another.
_AFTER_REMOTE = sorted(
    (
        (text.split("%", 1)[0].rstrip(" =(").encode(), template.id)
        for template in TEMPLATES
        if (text := template.text.partition(" remote=")[2].partition(") ")[2])
    ),
    key=lambda row: -len(row[0]),
)


def id_after_remote(tail: bytes) -> int:
    """Return the event id by what follows the two addresses, 0 where it is unknown.

    >>> id_after_remote(b"connect failed: port-acquisition status = 0xC0000209."), id_after_remote(b"connect")
    (1050, 0)
    """
    return next((number for beginning, number in _AFTER_REMOTE if tail.startswith(beginning)), 0)
