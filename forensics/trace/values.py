"""Fields of a message: addresses, states, statuses, PIDs."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from forensics.text.endpoints import endpoint

_ENDPOINT = re.compile(rb"\[?([0-9A-Fa-f:.]{2,45})(%\w{1,16})?\]?(?::(\d{1,5}))?")
_STATE = re.compile(rb"(?:\d+\()?([A-Za-z0-9]{1,20}?)(?:State)?\)?,?")
_STATUS = re.compile(rb"0x[0-9A-Fa-f]{1,8}\b|STATUS_[A-Z_0-9]{2,60}")
_PID = re.compile(rb"PID\s*=\s*(\d{1,10})")
_BAD = 0x80000000  # the severity bit of an NTSTATUS that is a warning or an error


@lru_cache(1 << 12)
def address_and_port(text: bytes) -> tuple[str, int | None]:
    """Take an address apart; an IPv4-mapped one is IPv4.

    >>> address_and_port(b"[::ffff:10.0.0.5]:443"), address_and_port(b"fe80::1%12")
    (('10.0.0.5', 443), ('fe80::1%12', None))
    """
    found = _ENDPOINT.fullmatch(text)
    if found is None:
        return text.decode("ascii", "replace"), None
    address = found[1].decode()
    port = found[3]
    if port is None and address.count(":") == 1:
        address, _, tail = address.partition(":")
        port = tail.encode()
    try:
        read, number = ip_address(address), int(port) if port else None
    except ValueError:
        return text.decode("ascii", "replace"), None
    if isinstance(read, IPv6Address) and read.ipv4_mapped:
        read = read.ipv4_mapped
    return str(read) + (found[2] or b"").decode(), number


def endpoint_text(address: str, port: int | None) -> str:
    """Write address and port, "" for no address."""
    return endpoint(address, port) if address else ""


def port_of(text: bytes) -> int:
    """Return the port at the end of an address, 0 where there is none.

    >>> port_of(b"192.168.5.68:55330")
    55330
    """
    tail = text[text.rfind(b":") + 1 :]
    return int(tail) if tail.isdigit() and len(tail) <= 5 else 0  # noqa: PLR2004 - digits of a port


IPV6 = 1 << 16
"""What tells a port of IPv6 from the same port of IPv4: each has its own."""

_MAPPED = b"[::ffff:"


def place_of(text: bytes) -> int:
    """Return the port at the end of an address, and of which family it is; an IPv4-mapped address is IPv4.

    >>> place_of(b"10.0.0.8:55330"), place_of(b"[::ffff:10.0.0.8]:55330"), place_of(b"[fe80::1]:55330") - IPV6
    (55330, 55330, 55330)
    """
    port = port_of(text)
    return port if text.count(b":") < 2 or text.lower().startswith(_MAPPED) else port | IPV6  # noqa: PLR2004 - one


@lru_cache(1 << 10)
def state(text: bytes) -> str:
    """Return the name of a state in either decoder's writing.

    >>> state(b"4(EstablishedState)"), state(b"TimeWaitState")
    ('Established', 'TimeWait')
    """
    found = _STATE.fullmatch(text)
    return found[1].decode() if found else text[:20].decode("ascii", "replace")


def status(text: bytes) -> str:
    """Return the status that a message ends with: a number as `0xC0000209`, or its name, or "".

    >>> status(b"connect attempt failed with status = 0xc00000b5.")
    '0xC00000B5'
    """
    found = _STATUS.search(text)
    if found is None:
        return ""
    if found[0].startswith(b"0x"):
        return f"0x{int(found[0], 16):08X}"
    return found[0].decode()


def is_failure(text: str) -> bool:
    """Tell whether a status says that something failed."""
    if text.startswith("0x"):
        return int(text, 16) >= _BAD
    return text.startswith("STATUS_") and text not in {"STATUS_SUCCESS", "STATUS_PENDING"}


def pid_in(text: bytes) -> int | None:
    """Return the PID that a message names."""
    found = _PID.search(text)
    return int(found[1]) if found else None
