r"""The network trace: the text of an ETL file, as `netsh trace convert` and `pktmon etl2txt` write it.

What Windows 7 writes (one life of a socket has some twenty such lines; between them stand thousands of others)::

    16767 [3]0600.061C::2018-12-24 20:15:22.978 [Microsoft-Windows-TCPIP]TCP: endpoint 0xFFFFFA80C2F0A010 (Family=IPV4 , PID=1536) created with status = 0x0.
    16790 [3]0600.061C::2018-12-24 20:15:22.979 [Microsoft-Windows-TCPIP]TCP: Tcb 0xFFFFFA80C3956B20 (local=10.0.0.8:10010 remote=10.0.0.9:80) requested to connect.
    16801 [0]0000.0000::2018-12-24 20:15:23.008 [Microsoft-Windows-TCPIP]TCP: connection 0xFFFFFA80C3956B20 (local=10.0.0.8:10010 remote=10.0.0.9:80) connect completed. PID = 1536.
    16950 [0]0000.0000::2018-12-24 20:15:28.549 [Microsoft-Windows-TCPIP]TCP: connection 0xFFFFFA80C3956B20 transition from ClosingState  to TimeWaitState , SndNxt = 2.

>>> trace = read_trace([__doc__.encode()])
>>> trace.sockets, trace.connects, trace.time_wait_births, trace.by_owner[0].pid
(1, 1, 1, 1536)
"""  # noqa: E501 - lines as they are

from forensics.trace.apart import LostError
from forensics.trace.facts import Trace
from forensics.trace.reading import SMALL, read_trace, recognise

__all__ = ["SMALL", "LostError", "Trace", "read_trace", "recognise"]
