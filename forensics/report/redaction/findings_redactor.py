"""Redacts the findings, and with them all that is made from them."""

from collections.abc import Iterator

import msgspec

from forensics.report.findings import Findings
from forensics.report.redaction.addresses import IPV4, IPV6, MAC, canonical, is_pseudonym
from forensics.report.redaction.bundle_name import redacted_name
from forensics.report.redaction.forms import named
from forensics.report.redaction.redactor import PSEUDONYM, Redactor
from forensics.report.redaction.secret_names import Names, Secrets

_NOTHING = frozenset({"schema", "id", "sha256"})


class Redacted(msgspec.Struct, frozen=True):
    """The findings, and what stands for what: pseudonym → original."""

    findings: Findings
    originals: dict[str, str]


def redact(findings: Findings, secrets: Secrets) -> Redacted:
    """The same findings with pseudonyms. Statuses, counts and times stay; so do hashes, which name no one."""
    redactor = FindingsRedactor(findings, secrets)
    return Redacted(redactor.redact(findings), redactor.originals())


class FindingsRedactor:
    """One map of pseudonyms for the findings of one bundle in several languages; the names in `findings` are learnt."""

    def __init__(self, findings: Findings, secrets: Secrets) -> None:
        already = secrets.redacted or findings.bundle.redacted
        texts = list(_texts(findings))
        names = Names(secrets)
        if findings.bundle.host:
            names.own(findings.bundle.host)
        for text in texts:
            for one in named(text):
                names.add(one.kind, one.text)
        self._redactor = Redactor(
            msgspec.structs.replace(secrets.merged(names.secrets()), redacted=already),
            _pseudonyms(texts) if already else frozenset(),
            frozenset(filter(None, (canonical(one.version) for one in findings.measurements.network_drivers))),
        )

    def redact(self, findings: Findings) -> Findings:
        """The findings with pseudonyms."""
        bundle = self._redactor.struct(findings.bundle)
        # Somebody may have called the bundle after a customer, whom nothing in it names.
        name = redacted_name(findings.bundle.name, bundle.host or "bundle")
        bundle = msgspec.structs.replace(bundle, name=name, redacted=True)
        return msgspec.structs.replace(self._redactor.struct(findings), bundle=bundle)

    def text(self, text: str) -> str:
        """Another text about the bundle."""
        return self._redactor.text(text)

    def originals(self) -> dict[str, str]:
        """Pseudonym → original, of all that was replaced."""
        return self._redactor.originals()


def _pseudonyms(texts: list[str]) -> frozenset[str]:
    """What looks like a pseudonym, in small letters."""
    found = (match[0] for text in texts for form in (PSEUDONYM, IPV4, IPV6, MAC) for match in form.finditer(text))
    return frozenset(one.lower() for one in found if PSEUDONYM.fullmatch(one) or is_pseudonym(one))


def _texts(value: object) -> Iterator[str]:
    """Every text of a struct, in the order of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field not in _NOTHING:
                yield from _texts(getattr(value, field))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (*_texts(key), *_texts(one))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
