"""Replaces names and addresses in texts and structs.

All places are found on the text as it was and replaced at once, so that no pseudonym is replaced again. Where two
overlap, the one that begins first and is longer wins, and what sticks out of it goes with it.

>>> from forensics.report.redaction.secret_names import Names
>>> names = Names()
>>> names.own("WEB-01"); names.add("user", "jdoe"); names.add("host", "clock")
>>> redactor = Redactor(names.secrets())
>>> redactor.text("web-01 to 10.20.0.11:1433 as JDoe by the clock, not by the clock of //clock.")
'HOST-1 to 10.0.0.1:1433 as USER-1 by the clock, not by the clock of //clock.'
>>> redactor.text("http://clock:80/"), redactor.originals()["10.0.0.1"]
('http://HOST-2:80/', '10.20.0.11')
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from forensics.report.redaction.addresses import IPV4, IPV6, MAC, Numbers, canonical, is_pseudonym, is_version
from forensics.report.redaction.known_names import KnownNames
from forensics.report.redaction.secret_names import Name, Secrets

PSEUDONYM = re.compile(r"(?:host|user|domain)-\d{1,6}", re.ASCII | re.IGNORECASE)
# Security identifiers of a domain or machine (S-1-5-21-) and of cloud accounts (S-1-12-1-); the last number stays.
_SID = re.compile(r"S-1-(?:5-21-\d+-\d+-\d+|12-1-\d+-\d+-\d+-\d+)", re.ASCII | re.IGNORECASE)
_NO_SID = "S-1-5-21-0-0-0"
_PRODUCT = re.compile(r"\b\d{5}-[0-9A-Z]{3,5}-\d{5,7}-[0-9A-Z]{5}\b", re.ASCII)
_NO_PRODUCT = "PRODUCT-ID"
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2},){5,}[0-9A-Fa-f]{2}", re.ASCII)  # text in exports of the registry: 77,00,65,00,…
_CUT = re.compile(r"[\w.:@-]{1,100}(?=…|\Z)")
_LENGTH_OF_CUT = 300  # characters after which quotes are cut off (forensics.ingest, forensics.measure.log)
_NEVER_NAMES = {"schema", "id", "sha256", "version", "tcpip_sys", "build_lab"}  # fields; versions look like addresses
_ENDPOINTS = {"host", "address", "remote", "local", "computer"}  # fields that hold a name, or a name and a port
_PORT = re.compile(r":\d{1,5}$", re.ASCII)

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class _Place(NamedTuple):
    """What stands from `start` to `end`; its pseudonym is asked for where it is replaced, so that no number is lost."""

    start: int
    end: int
    pseudonym: Callable[[], str]


class Redactor:
    """One map of pseudonyms, for however many structs and texts.

    Args:
        secrets: What to hide.
        taken: Pseudonyms, in small letters, that stand there already: they are nobody else's.
        versions: What looks like an address and is a version.
    """

    def __init__(
        self, secrets: Secrets, taken: frozenset[str] = frozenset(), versions: frozenset[str] = frozenset()
    ) -> None:
        self._redacted = secrets.redacted
        self._versions = versions - secrets.addresses
        self._addresses = secrets.addresses
        self._numbers = Numbers(taken)
        self._originals: dict[str, str] = {}
        self._names = KnownNames()
        for one in secrets.names:
            self._learn(one)
        for machine in secrets.own:
            self._number_first(machine)

    def _learn(self, name: Name) -> None:
        if not (self._redacted and PSEUDONYM.fullmatch(name.text)) and name.text not in {_NO_SID, _NO_PRODUCT}:
            self._names.learn(name)

    def _number_first(self, machine: tuple[str, ...]) -> None:
        """The machines themselves come first; a name that is the beginning of a longer one is the same (NetBIOS)."""
        for name in machine:
            longer = next((one for one in machine if len(one) > len(name) and one.lower().startswith(name.lower())), "")
            if longer in self._names and name in self._names:
                self._name(longer)
                self._numbers.same(name, longer)
            elif name in self._names:
                self._name(name)

    def _name(self, name: str) -> str:
        known = self._names[name]
        pseudonym = self._numbers.of_name(known.kind, known.text)
        self._originals.setdefault(pseudonym, known.text)
        return pseudonym

    def originals(self) -> dict[str, str]:
        """Pseudonym → original, of all that was replaced."""
        given = ((pseudonym, self._originals.get(pseudonym, one)) for one, pseudonym in self._numbers.given.items())
        return dict(sorted(dict(given).items(), key=lambda item: _natural(item[0])))

    def struct(self, value: _Struct) -> _Struct:
        """The same struct with pseudonyms in every text."""
        fields = {one: self._value(getattr(value, one), one) for one in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)

    def _value(self, value: object, field: str) -> object:
        if isinstance(value, str):
            return value if field in _NEVER_NAMES else self.text(value, endpoint=field in _ENDPOINTS)
        if isinstance(value, msgspec.Struct):
            return self.struct(value)
        if isinstance(value, list | tuple):
            return type(value)(self._value(one, field) for one in value)
        if isinstance(value, dict):
            return {self._value(key, ""): self._value(one, field) for key, one in value.items()}
        return value

    def text(self, text: str, *, endpoint: bool = False) -> str:
        """The same text with pseudonyms; `endpoint` says that it is a name, or a name and a port, and nothing else."""
        if endpoint and (name := _PORT.sub("", text)) in self._names:
            return self._name(name) + text[len(name) :]
        pieces: list[str] = []
        done = 0
        for place in _apart(self._places(text)):
            pieces += (text[done : place.start], place.pseudonym())
            done = place.end
        return "".join((*pieces, text[done:]))

    def _places(self, text: str) -> Iterator[_Place]:
        yield from self._addresses_in(text)
        for form, instead in ((_SID, _NO_SID), (_PRODUCT, _NO_PRODUCT)):
            for match in form.finditer(text):
                yield _Place(*match.span(), lambda instead=instead: instead)  # type: ignore[misc]
        for start, end, name in self._names.places(text):
            yield _Place(start, end, lambda name=name: self._name(name))  # type: ignore[misc]
        for match in _HEX.finditer(text):
            if (shown := self._in_hex(match[0])) != match[0]:
                yield _Place(*match.span(), lambda shown=shown: shown)  # type: ignore[misc]
        yield from self._cut_off(text)

    def _addresses_in(self, text: str) -> Iterator[_Place]:
        for match in MAC.finditer(text):
            if not self._stays(match[0]):
                yield _Place(*match.span(), lambda one=match[0]: self._numbers.of_mac(one))  # type: ignore[misc]
        for form in (IPV4, IPV6):
            for match in form.finditer(text):
                known = canonical(match[0])
                if known is None or self._stays(known) or known in self._versions:
                    continue
                if known in self._addresses or not is_version(text, match.start()):
                    yield _Place(*match.span(), lambda one=match[0]: self._numbers.of_address(one))  # type: ignore[misc]

    def _stays(self, address: str) -> bool:
        return self._redacted and is_pseudonym(address)

    def _in_hex(self, pairs: str) -> str:
        """Text of two bytes a character, from the first byte or, on a line that goes on, from the second."""
        data = bytes.fromhex(pairs.replace(",", ""))
        for start in (0, 1):
            part = data[start : len(data) - (len(data) - start) % 2]
            written = part.decode("utf-16-le", "surrogatepass")
            if (hidden := self.text(written)) != written:
                data = data[:start] + hidden.encode("utf-16-le", "surrogatepass") + data[start + len(part) :]
                return data.hex(",")
        return pairs

    def _cut_off(self, text: str) -> Iterator[_Place]:
        """The beginning of a name or address that was cut off: it is left out."""
        for match in _CUT.finditer(text):
            if match.end() == len(text) != _LENGTH_OF_CUT:
                continue
            starts = [match.start(), *(match.start() + at.end() for at in re.finditer(r"[^\w]|_", match[0]))]
            for start in starts:
                if match.end() - start > 1 and self._begun(text[start : match.end()]):
                    sign = "" if text[match.end() : match.end() + 1] == "…" else "…"
                    yield _Place(start, match.end(), lambda sign=sign: sign)  # type: ignore[misc]
                    break

    def _begun(self, text: str) -> bool:
        address = text[:1].isdigit() and "." in text and text not in self._addresses
        return self._names.begun(text) or (address and any(one.startswith(text) for one in self._addresses))


def _apart(places: Iterator[_Place]) -> Iterator[_Place]:
    """Places that do not overlap."""
    current: _Place | None = None
    for place in sorted(places, key=lambda one: (one.start, -one.end)):
        if current and place.start < current.end:
            current = current._replace(end=max(current.end, place.end))
            continue
        if current:
            yield current
        current = place
    if current:
        yield current


def _natural(pseudonym: str) -> list[tuple[bool, int, str]]:
    """HOST-2 before HOST-10."""
    parts = re.findall(r"\d+|\D+", pseudonym)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
