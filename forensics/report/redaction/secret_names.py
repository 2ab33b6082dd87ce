r"""The names to be hidden, in the order in which they were found, by the rules of the collector (`Add-Name`).

>>> names = Names()
>>> names.own("WEB-01"); names.add("fqdn", "dc01.corp.example.com"); names.add("account", r"CORP\j.doe")
>>> [(one.kind, one.text) for one in names.secrets().names]
[('host', 'WEB-01'), ('domain', 'corp.example.com'), ('host', 'dc01'), ('domain', 'CORP'), ('user', 'j.doe')]
"""

import msgspec

# Accounts and words that every Windows has: they are left as they are, unless the machine itself is called so.
_WORDS = """
    administrator administrators system localsystem network service services local localhost localdomain workgroup
    public default guest user users windows microsoft tcp udp tcpip event events data name value path http https com
    net nt org authority version provider true false none state process memory address port ports null everyone
    builtin owner systemroot device driver drivers filesystem registry pipe globalroot networkservice localservice
    defaultuser0 wdagutilityaccount defaultaccount defaultapppool unknown
"""
_NOBODY = frozenset(_WORDS.split())
_NOBODIES = {
    "nt authority", "nt service", "window manager", "font driver host", "local service", "network service",
    "default user", "all users", "windows user", "default app pool", "mshome.net", "multiprocessor free",
    "uniprocessor free",
}  # fmt: skip
_OF_MICROSOFT = ("microsoft.com", "windowsupdate.com", "windows.com")
_IMPOSSIBLE = frozenset('"/\\[]:;|=,+*?<>{}')  # in names of Windows; a form matched something else
_NETBIOS = 15  # characters of a computer's name that older interfaces show
_SHORTEST_PART = 4  # characters of a domain's label that is a name by itself
_TOP_LEVELS = {
    "com", "net", "org", "local", "lan", "internal", "intranet", "corp", "home", "example", "test", "invalid", "info"
}  # fmt: skip
_LONGEST = 253
_MOST = 50_000  # names: a log of a million visitors must not cost a million look-ups


class Name(msgspec.Struct, frozen=True):
    """One; `kind` is `host`, `domain` or `user`."""

    kind: str
    text: str


class Secrets(msgspec.Struct, frozen=True):
    """Names and addresses of one or more machines. `own` are a machine's names, the one that is shown first."""

    own: tuple[tuple[str, ...], ...] = ()
    names: tuple[Name, ...] = ()
    addresses: frozenset[str] = frozenset()
    redacted: bool = False  # by the collector: what looks like a pseudonym is one

    def merged(self, other: "Secrets") -> "Secrets":
        """Those of several machines, so that they are redacted alike: HOST-1 is the first machine."""
        return Secrets(
            (*self.own, *other.own),
            (*self.names, *other.names),
            self.addresses | other.addresses,
            self.redacted and other.redacted,
        )


class Names:
    """Collects names, beside those that are known already."""

    def __init__(self, known: Secrets | None = None) -> None:
        self._own: list[str] = []
        self._found: dict[str, Name] = {one.text.lower(): one for one in known.names} if known else {}

    def own(self, name: str) -> None:
        """Take a name of the machine itself, whatever it is."""
        label, _, domain = name.strip().partition(".")
        for one in (label, label[:_NETBIOS]):
            if one and one.lower() not in {known.lower() for known in self._own}:
                self._own.append(one)
            self._add("host", one)
        self._own_domain(domain)

    def _own_domain(self, domain: str) -> None:
        """The domain of the machine, and each of its labels that may stand alone: CORP, in accounts."""
        if not domain:
            return
        self._add("domain", domain)
        for label in domain.split("."):
            if len(label) >= _SHORTEST_PART and label.lower() not in _TOP_LEVELS:
                self.add("domain", label)

    def add(self, kind: str, name: str) -> None:
        """Take a name of another kind: `host`, `domain`, `user`, `fqdn` or `account`."""
        name = name.removeprefix(".\\").strip("\\. \t\r\n\0")
        if len(self._found) >= _MOST or not name or len(name) > _LONGEST:
            return
        if kind == "account":
            domain, _, user = name.partition("\\")
            if domain.lower() not in _NOBODIES:
                self.add("domain", domain)
                self.add("user", user)
        elif kind == "fqdn":
            self._fqdn(name)
        elif kind == "domain" and ("," in name or " " in name):
            for one in name.replace(",", " ").split():
                self.add("domain", one)
        else:
            self._add_other(kind, name)

    def _fqdn(self, name: str) -> None:
        if name.lower().endswith(_OF_MICROSOFT):
            return
        label, _, domain = name.partition(".")
        if "." in domain:  # not "de" of www.example.de
            self._add_other("domain", domain)
        # dc01 is a name wherever it stands; the first word of updates.corp.example is also an ordinary one.
        sharp = "-" in label or any(letter.isdigit() for letter in label)
        self._add_other("host", label if sharp or label.lower() in self._found else name)

    def _add_other(self, kind: str, name: str) -> None:
        plain = name.lower()
        possible = len(name) > 1 and not _is_number(name) and not _IMPOSSIBLE.intersection(name)
        if possible and plain not in _NOBODY and plain not in _NOBODIES:
            self._add(kind, name)

    def _add(self, kind: str, name: str) -> None:
        if name:
            self._found.setdefault(name.lower(), Name(kind, name))

    def secrets(self, addresses: frozenset[str] = frozenset(), *, redacted: bool = False) -> Secrets:
        """All that was found."""
        return Secrets((tuple(self._own),) if self._own else (), tuple(self._found.values()), addresses, redacted)


def _is_number(name: str) -> bool:
    return not name.strip("0123456789.:-_")
