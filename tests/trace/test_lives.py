"""Lives joined by addresses that are reused, begun before the trace and cut by its end."""

from datetime import datetime

# ruff: noqa: DTZ001 - the machine's wall clock
from forensics.trace import read_trace

PREFIX = "[3]0600.061C::2018-12-24 20:15:{second:02d}.{milli:03d} [Microsoft-Windows-TCPIP]"
PAIR = "(local=10.0.0.8:{port} remote=203.0.113.9:80)"
E, F = "0xFFFFFA80C2F0A010", "0xFFFFFA80C2F0A3F0"
T, U = "0xFFFFFA80C3956B20", "0xFFFFFA80C3956CC0"


def lines(*messages: str) -> bytes:
    text = [
        PREFIX.format(second=number // 10, milli=number % 10 * 100) + message for number, message in enumerate(messages)
    ]
    return "".join(f"{line}\r\n" for line in text).encode()


def created(endpoint: str, pid: int) -> str:
    return f"TCP: endpoint {endpoint} (Family=IPV4 , PID={pid}) created with status = 0x0."


def acquired(endpoint: str, port: int) -> str:
    return f"TCP: endpoint/connection {endpoint} acquired port number {port}."


def moved(tcb: str, before: str, after: str) -> str:
    return f"TCP: connection {tcb} transition from {before}State  to {after}State , SndNxt = 0."


def inherits(tcb: str, endpoint: str, port: int) -> str:
    weak = f"attempted to acquire weak reference on port number {port} inherited from endpoint {endpoint}"
    return f"TCP: connection {tcb} {weak}. Successful = TRUE ."


def requested(tcb: str, port: int) -> str:
    return f"TCP: Tcb {tcb} {PAIR.format(port=port)} requested to connect."


def about(tcb: str, port: int, what: str) -> str:
    return f"TCP: connection {tcb} {PAIR.format(port=port)} {what}"


def owners(*messages: str) -> dict[int, tuple[int, int, int]]:
    return {row.pid: (row.sockets, row.connects, row.failed) for row in read_trace([lines(*messages)]).by_owner}


def test_the_founding_life() -> None:
    # domain.md §6.5: what is known of the article's own trace; its wording is that of the message file.
    at = {
        "978": [created(E, 1536), acquired(E, 10010), "TCP: endpoint (sockaddr=0.0.0.0:10010) bound."],
        "979": [
            moved(T, "Closed", "SynSent"),
            inherits(T, E, 10010),
            requested(T, 10010),
            about(T, 10010, "connect proceeding."),
        ],
    }
    text = "".join(
        f" 16767 [3]0600.061C::\u200e2018\u200e-\u200e12\u200e-\u200e24 20:15:22.{milli} [Microsoft-Windows-TCPIP]{message}\r\n"
        for milli, messages in at.items()
        for message in messages
    )
    text += "".join(
        f" 16818 [7]3ECC. 2FC8::? 2018? -? 12? -? 24 20:15:{time} [Microsoft-Windows-TCPIP]{message}\r\n"
        for time, message in (
            ("23.008", moved(T, "SynSent", "Established")),
            ("23.008", about(T, 10010, "connect completed. PID = 1536.")),
            ("28.520", moved(T, "Established", "FinWait1")),
            ("28.520", "TCP: endpoint (sockaddr=0.0.0.0:10010) closed."),
            ("28.520", f"TCP: endpoint/connection {E} released port number 10010. WeakReference = FALSE ."),
            ("28.549", moved(T, "FinWait1", "Closing")),
            ("28.549", moved(T, "Closing", "TimeWait")),
            ("28.549", about(T, 10010, "disconnect completed.")),
            ("28.549", about(T, 10010, "close issued.")),
            (
                "28.549",
                about(
                    T,
                    10010,
                    "shutdown initiated (The transport connection was aborted by the local system. ). PID = 1536.",
                ),
            ),
            ("28.550", moved(T, "TimeWait", "Closed")),
            ("28.550", f"TCP: endpoint/connection {T} released port number 10010. WeakReference = TRUE ."),
        )
    )
    for data in (text.encode(), text.encode("utf-16"), text.replace("\u200e", "? ").encode("ascii")):
        trace = read_trace([data])
        assert (trace.sockets, trace.connects, trace.time_wait_births) == (1, 1, 1)
        assert trace.unrecognised_lines == 0
        assert [owner.pid for owner in trace.by_owner] == [1536]  # neither 0x3ECC nor 0x600 as a prefix
        (life,) = trace.lives
        assert life.whole
        assert (life.tcb, life.port, life.closed_first) == (T, 10010, "local")
        assert [(stay.state, stay.seconds) for stay in life.stays] == [
            ("SynSent", 0.029), ("Established", 5.512), ("FinWait1", 0.029), ("Closing", 0.0), ("TimeWait", 0.001),
        ]  # fmt: skip
        assert trace.started_local == datetime(2018, 12, 24, 20, 15, 22, 978000)


def test_addresses_are_reused() -> None:
    one = [created(E, 10), acquired(E, 5000), moved(T, "Closed", "SynSent"), inherits(T, E, 5000), requested(T, 5000)]
    other = [created(E, 20), acquired(E, 5000), moved(T, "Closed", "SynSent"), inherits(T, E, 5000), requested(T, 5000)]
    fail = about(T, 5000, "connect attempt failed with status = 0xC00000B5.")
    assert owners(*one, fail, *other, fail, *one, about(T, 5000, "connect completed. PID = 10.")) == {
        10: (2, 2, 1),
        20: (1, 1, 1),
    }


def test_interleaved_lives_stay_apart() -> None:
    trace = read_trace(
        [
            lines(
                created(E, 10), created(F, 20), acquired(F, 5001), acquired(E, 5000),
                moved(U, "Closed", "SynSent"), moved(T, "Closed", "SynSent"),
                inherits(T, E, 5000), inherits(U, F, 5001), requested(U, 5001), requested(T, 5000),
                about(T, 5000, "connect failed: received RST."), about(U, 5001, "connect proceeding."),
                moved(U, "SynSent", "Established"), moved(T, "SynSent", "Closed"), moved(U, "Established", "TimeWait"),
            )
        ]
    )  # fmt: skip
    assert {row.pid: (row.connects, row.failed, row.time_wait_births) for row in trace.by_owner} == {
        10: (1, 1, 0),
        20: (1, 0, 1),
    }


def test_one_attempt_however_many_lines_tell_of_it() -> None:
    start = [created(E, 10), acquired(E, 5000)]
    assert owners(*start, requested(T, 5000), moved(T, "Closed", "SynSent"), about(T, 5000, "connect proceeding.")) == {
        10: (1, 1, 0)
    }
    end = [about(T, 5000, "connect failed: connect-request timeout expired."), moved(T, "SynSent", "Closed")]
    assert owners(
        *start, requested(T, 5000), *end, about(T, 5000, "connect attempt failed with status = 0xC00000B5.")
    ) == {10: (1, 1, 1)}
    no_port = about(T, 5000, "connect failed: port-acquisition status = 0xC0000209.")
    assert owners(*start, no_port, no_port) == {10: (1, 2, 2)}


def test_the_port_joins_where_the_weak_reference_is_missing() -> None:
    assert owners(created(E, 10), acquired(E, 5000), requested(T, 5000)) == {10: (1, 1, 0)}
    gone = f"TCP: endpoint/connection {E} released port number 5000. WeakReference = FALSE ."
    assert owners(created(E, 10), acquired(E, 5000), gone, requested(T, 5000)) == {10: (1, 0, 0)}


def test_a_trace_that_begins_and_ends_in_the_middle() -> None:
    trace = read_trace(
        [
            lines(
                moved(T, "SynSent", "Established"), about(T, 5000, "connect completed. PID = 10."),
                moved(U, "Established", "FinWait1"), moved(U, "FinWait1", "TimeWait"),
                created(E, 10), acquired(E, 5001),
            )
        ]
    )  # fmt: skip
    assert trace.connects == 1
    assert trace.time_wait_births == 1
    assert [(life.pid, life.whole) for life in trace.lives] == [(10, False), (None, False)]


def test_the_table_at_trace_start() -> None:
    row = about(T, 5000, "exists. State = {}. PID = {}.")
    trace = read_trace(
        [
            lines(
                row.format("EstablishedState ", 10),
                row.format("4(EstablishedState)", 11),
                moved(T, "Established", "TimeWait"),
            )
        ]
    )
    assert trace.rundown_states == {"Established": 2}
    assert trace.rundown[0].remote == "203.0.113.9:80"
    assert [row.pid for row in trace.rundown] == [10, 11]
    assert trace.connects == 0
    assert {row.pid: row.time_wait_births for row in trace.by_owner} == {10: 1}


def test_what_comes_in_is_no_attempt() -> None:
    accepted = f"TCP: listener {PAIR.format(port=443)} accept completed. TCB = {T}. PID = 4."
    trace = read_trace(
        [
            lines(
                moved(T, "Listen", "SynRcvd"),
                accepted,
                moved(T, "SynRcvd", "Established"),
                moved(T, "FinWait2", "TimeWait"),
            )
        ]
    )
    assert trace.connects == 0
    assert trace.time_wait_births == 1
    assert [(row.pid, row.time_wait_births) for row in trace.by_owner] == [(4, 1)]


def test_a_state_that_ends_is_no_birth() -> None:
    assert read_trace([lines(moved(T, "TimeWait", "Closed"))]).time_wait_births == 0


def test_exhaustion_is_told_from_a_named_port_that_is_taken() -> None:
    bind = "endpoint (sockaddr=0.0.0.0:443) bind failed: port-acquisition status = "
    trace = read_trace(
        [
            lines(
                f"TCP: {bind}0xC000020A.", f"TCP: {bind}0xC0000209.", f"UDP: endpoint {E} (sockaddr=0.0.0.0:0) bind failed: "
                "port-acquisition status = 0xC0000209.", f"TCP: endpoint {E} (sockaddr=0.0.0.0:0) bind failed: port-acquisition status = STATUS_TOO_MANY_ADDRESSES.",
                "TCP: Portpool assigned port number 5000 with weak references due to port exhaustion.",
                "bind: 1: Process 0xFFFFFA8001020304 (0x600), Endpoint 0xFFFFFA8001020304, Seq 7022, Status 0xC0000209",
            )
        ]
    )  # fmt: skip
    assert {(row.event_id, row.status): row.count for row in trace.exhaustion} == {
        (1006, "0xC0000209"): 1, (1006, "STATUS_TOO_MANY_ADDRESSES"): 1, (1195, ""): 1, (1394, "0xC0000209"): 1,
    }  # fmt: skip
    assert trace.port_exhaustion_events == 4
    assert trace.exhaustion[0].line == 2
    assert trace.exhaustion[0].quote.startswith("TCP: endpoint (sockaddr=")


def test_the_delay_in_force() -> None:
    parameters = (
        "TCP: Global parameters updated for Address Family IPV4 : EnablePMtuDiscovery = TRUE , KeepAliveInterval = 1000, "
        "TimedWaitDelay = 120, SillyWindowTimeout = 5000."
    )
    (delay,) = read_trace([lines(parameters, parameters)]).time_wait_delays
    assert (delay.family, delay.value, delay.line) == ("IPV4", 120, 1)


def test_created_complete_repeats_created() -> None:
    complete = "TCP: endpoint (Family=IPV4  PID=10) created."
    assert owners(created(E, 10), complete) == {10: (1, 0, 0)}
    assert owners(complete, complete) == {10: (2, 0, 0)}


def test_a_socket_that_was_not_created_is_none() -> None:
    failed = f"TCP: endpoint {E} (Family=IPV4 , PID=10) created with status = 0xC000009A."
    trace = read_trace([lines(failed, created(E, 10))])
    assert trace.sockets == 1
    assert [(row.event_id, row.reason) for row in trace.failures] == [(1001, "socket: not created")]


def test_data_transfer_is_passed_over_and_a_damaged_address_is_not() -> None:
    sent = f"TCP: connection {T} {PAIR.format(port=10010)}: TCP send event, SeqNo = 1, BytesSent = 1460"
    damaged = f"TCP: connection {T} (local=10.0)0.8:10010 remote=203.0.113.9:80) disconnect completed."
    assert read_trace([lines(sent, about(T, 10010, "disconnect completed."), damaged)]).unrecognised_lines == 1


def test_a_socket_without_an_address_is_counted() -> None:
    nameless = "TCP: endpoint (Family=IPV4 , PID=1536) created with status = 0x0."
    too_long = created("0x" + "F" * 40, 1536)
    assert owners(nameless, too_long, nameless.replace("TCP", "UDP")) == {1536: (2, 0, 0)}


def test_seconds_that_alternate_are_counted_apart() -> None:
    text = "".join(
        f"{PREFIX.format(second=second, milli=0)}{created(f'0xFFFFFA80C2F0A{number:03X}', 1536)}\r\n"
        for number, second in enumerate((1, 1, 2, 1, 2, 3, 3, 1))
    )
    buckets = read_trace([text.encode()]).buckets
    assert {bucket.at_local.second: bucket.sockets for bucket in buckets if bucket.sockets} == {1: 4, 2: 2, 3: 2}


def created_v6(endpoint: str, pid: int) -> str:
    return created(endpoint, pid).replace("IPV4", "IPV6")


def requested_v6(tcb: str, port: int) -> str:
    return f"TCP: Tcb {tcb} (local=[2001:db8::8]:{port} remote=[2001:db8::9]:80) requested to connect."


def test_each_family_has_its_own_ports() -> None:
    held = created(E, 10), acquired(E, 5000), created_v6(F, 20), acquired(F, 5000)
    assert owners(*held, requested(T, 5000), requested_v6(U, 5000)) == {10: (1, 1, 0), 20: (1, 1, 0)}
    assert owners(*held, requested_v6(U, 5000), requested(T, 5000)) == {10: (1, 1, 0), 20: (1, 1, 0)}
    released = f"TCP: endpoint/connection {F} released port number 5000."
    assert owners(*held, released, requested(T, 5000)) == {10: (1, 1, 0), 20: (1, 0, 0)}


def test_a_socket_of_ipv6_may_speak_ipv4_and_none_of_ipv4_speaks_ipv6() -> None:
    mapped = requested_v6(T, 5000).replace("2001:db8::8", "::ffff:10.0.0.8").replace("2001:db8::9", "::ffff:10.0.0.9")
    for request in (requested(T, 5000), mapped):
        assert owners(created_v6(E, 10), acquired(E, 5000), request) == {10: (1, 1, 0)}
    trace = read_trace([lines(created(E, 10), acquired(E, 5000), requested_v6(T, 5000))])
    assert (trace.connects, trace.connects_without_owner) == (1, 1)
