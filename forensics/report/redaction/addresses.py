"""Addresses in text, and the pseudonyms that they get: those of the collector's `-Redact`.

Equal stays equal, private stays private and public stays public; loopback, "any", multicast and masks are nobody's and
stay. Pseudonyms are counted and not computed, so that nobody can compute one back.

>>> numbers = Numbers()
>>> [numbers.of_address(one) for one in ("10.20.0.11", "203.0.113.40", "127.0.0.1", "10.20.0.11", "fe80::c1")]
['10.0.0.1', '11.0.0.1', '127.0.0.1', '10.0.0.1', 'fe80::1']
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Container

_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
# Not a part of a longer number with dots (6.1.7601.17514).
IPV4 = re.compile(rf"(?<!\d)(?<!\d\.)(?:{_OCTET}\.){{3}}{_OCTET}(?!\d|\.\d)", re.ASCII)
IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]|\.\d)", re.ASCII)
MAC = re.compile(
    r"(?<![0-9A-Fa-f:.-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])", re.ASCII
)
_VERSION_BEFORE = re.compile(r"(?:version|\bver\.?|\bv)[\"']?\s?[=: ]?\s?[\"']?$", re.IGNORECASE)
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=\d)", re.ASCII)

# Which block a pseudonym is from. The last of each family is for all others: public ones.
_BLOCKS4 = [
    (ipaddress.IPv4Network(network), block)
    for network, block in (
        ("10.0.0.0/8", "10"),
        ("172.16.0.0/12", "172.16"),
        ("192.168.0.0/16", "192.168"),
        ("169.254.0.0/16", "169.254"),
        ("100.64.0.0/10", "100.64"),
        ("0.0.0.0/0", "11"),
    )
]
_BLOCKS6 = [
    (ipaddress.IPv6Network(network), block)
    for network, block in (("fe80::/10", "fe80::"), ("fc00::/7", "fd00::"), ("::/0", "2a00::"))
]
_MULTICAST4 = 224  # first octet; above it masks and broadcast
_PSEUDONYM = re.compile(
    r"(?:1[01]\.0|172\.16|192\.168|169\.254|100\.64)\.\d{1,3}\.\d{1,3}|(?:fe80|fd00|2a00)::[0-9a-f]{1,4}|"
    r"02([:-])00\1(?:00)(?:\1[0-9a-f]{2}){3}",
    re.ASCII | re.IGNORECASE,
)


def is_pseudonym(address: str) -> bool:
    """Whether an address may be one of ours: in a redacted bundle it then is."""
    return _PSEUDONYM.fullmatch(address) is not None


def is_version(text: str, start: int) -> bool:
    """Whether the four numbers that begin there are named a version.

    >>> is_version('"DisplayVersion"="12.1.4.16"', 18), is_version("from 12.1.4.16", 5)
    (True, False)
    """
    return _VERSION_BEFORE.search(text, max(0, start - 16), start) is not None


def canonical(address: str) -> str | None:
    """The one spelling of an address; None where it is none.

    >>> canonical("010.1.0.2"), canonical("2001:DB8:0::1"), canonical("12:30:45")
    ('10.1.0.2', '2001:db8::1', None)
    """
    try:
        return str(ipaddress.ip_address(address if ":" in address else _LEADING_ZEROS.sub("", address)))
    except ValueError:
        return None


class Numbers:
    """Gives out pseudonyms, each for one original only, and none that is taken."""

    def __init__(self, taken: Container[str] = ()) -> None:
        self._taken = taken
        self._counts: Counter[str] = Counter()
        self.given: dict[str, str] = {}  # the original in its one spelling → the pseudonym

    def of_name(self, kind: str, name: str) -> str:
        """The pseudonym of a computer, domain or user."""
        return self._one(name.lower(), kind.upper() + "-", lambda prefix, n: f"{prefix}{n}")

    def same(self, alias: str, name: str) -> None:
        """Let another spelling have the pseudonym of a name that has one."""
        self.given.setdefault(alias.lower(), self.given[name.lower()])

    def of_mac(self, address: str) -> str:
        """The pseudonym of a hardware address: a locally administered one, with the same separators."""
        plain = self._one(re.sub(r"[:-]", "-", address).lower(), "02-00-00", _mac)
        return plain.replace("-", address[2])

    def of_address(self, address: str) -> str:
        """The pseudonym of an address, which is itself where it is nobody's or none at all."""
        text = canonical(address)
        if text is None:
            return address
        parsed = ipaddress.ip_address(text)
        if isinstance(parsed, ipaddress.IPv6Address):
            if parsed.ipv4_mapped:
                return f"::ffff:{self.of_address(str(parsed.ipv4_mapped))}"
            if parsed.is_multicast or parsed.is_loopback or parsed.is_unspecified:
                return address
            block = next(block for network, block in _BLOCKS6 if parsed in network)
            return self._one(text, block, lambda prefix, n: f"{prefix}{n:x}")
        first = parsed.packed[0]
        if first in {0, 127} or first >= _MULTICAST4:
            return address
        return self._one(text, next(block for network, block in _BLOCKS4 if parsed in network), _counted4)

    def _one(self, original: str, prefix: str, write: Callable[[str, int], str]) -> str:
        if original not in self.given:
            while True:
                self._counts[prefix] += 1
                pseudonym = write(prefix, self._counts[prefix])
                if pseudonym.lower() not in self._taken:
                    break
            self.given[original] = pseudonym
        return self.given[original]


def _counted4(block: str, number: int) -> str:
    low = [str(number >> shift & 255) for shift in (16, 8, 0)]
    parts = block.split(".")
    return ".".join([*parts, *low[len(parts) - 1 :]])


def _mac(prefix: str, number: int) -> str:
    return prefix + "".join(f"-{number >> shift & 255:02x}" for shift in (16, 8, 0))
