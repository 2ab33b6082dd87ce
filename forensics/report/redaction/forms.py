r"""Where names stand: in exports of the registry, paths, events, URLs, options of commands, logs.

Each form tells what kind of name its group is, as the forms of the collector do (`$NameForms`). `COLLECTING` ones are
sure enough to learn names from; `_CONFIRMING` ones only tell that a word known as a name is meant as one, where it is
an ordinary word too. No form looks further than some hundred characters: time stays linear in the text.

>>> sorted({(one.kind, one.text) for one in named(r"C:\Users\j.doe\a.exe --server=db01.corp.example /u:CORP\svc-sql")})
[('account', 'CORP\\svc-sql'), ('fqdn', 'db01.corp.example'), ('user', 'j.doe')]
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_HOST = r"[^\W_](?:[\w.-]{0,252}\w)?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_ACCOUNT = r"[^\W_][\w.$ -]{0,62}\\[\w.$-]{1,64}"
# The last label of a name that may stand anywhere; two letters are a country's only behind two other labels.
_TOP = (
    "com|net|org|info|biz|edu|gov|mil|int|io|cloud|dev|local|localdomain|lan|internal|intranet|intra|corp|home|example|"
    "test|invalid|eu|uk|de|fr|ch|at|it|es|nl|be|cn|jp|ru|kr|br|us|ca|se|dk|fi|cz|tw|hk|sg|au|nz|za|mx|in"
)
_COUNTRY = r"(?!(?:js|py|sh|pl|so|cs|md|rs|ps|cc|db|gz|vb|pm|hs|id|ms)\b)[a-z]{2}"  # but endings of files
# A name of a program's part, not of a computer: com.acme.agent.Main, System.Net, ASP.NET.
_REVERSED = r"(?!(?:com|org|net|io|de|edu|java|javax|sun|jdk|system|microsoft|asp|vb|ado)\.)"
_LABELLED = r"[^:\r\n]{1,60}:[ \t]{1,60}"  # the label of a line of systeminfo
_LINE = r"[ \t]{0,9}\r?\n"
_REG_SZ = r"[ \t]{1,8}REG_SZ[ \t]{1,8}"
_END = r"[ \t\r]{0,4}$"
_IS = r"(?:[:=]|\s{1,3})[\"']?"  # between an option and its value
_HOST_OPTION = (
    rf"(?<!\S)(?:--?|/)(?:host(?:name)?|server(?:name)?|computer(?:name)?|node|machine|target|remote|dc){_IS}"
)
_USER_OPTION = rf"(?<!\S)(?:--?|/)(?:u|user(?:name)?|usr|login|uid|runas){_IS}"

COLLECTING = [
    (kind, re.compile(form))
    for kind, form in (
        ("host", r'(?im)^"(?:NV )?(?:Hostname|ComputerName)"="([^"\r\n]{1,255})"'),
        (
            "host",
            r"(?im)^[ \t]{0,8}(?:NV )?(?:Hostname|ComputerName)[ \t]{1,8}REG_SZ[ \t]{1,8}(\S{1,255})[ \t\r]{0,4}$",
        ),
        ("host", r'"(?:host|hostname|computer|computername)"\s?:\s?"([^"\r\n]{1,255})"'),
        ("domain", r'(?im)^"(?:\w{1,20} ?)?(?:Domain|DomainName|SearchList)"="([^"\r\n]{1,255})"'),
        ("domain", rf"(?im)^[ \t]{{0,8}}(?:\w{{1,20}} ?)?(?:Domain|DomainName|SearchList){_REG_SZ}(\S{{1,255}}){_END}"),
        ("user", r'(?im)^"Registered(?:Owner|Organi[sz]ation)"="([^"\r\n]{1,255})"'),
        ("user", rf"(?im)^[ \t]{{0,8}}Registered(?:Owner|Organi[sz]ation){_REG_SZ}(\S[^\r\n]{{0,99}}?){_END}"),
        # systeminfo in any language: owner and organization stand above the product ID, the domain above \\SERVER.
        (
            "user",
            rf"(?m)^{_LABELLED}(\S[^\r\n]{{0,80}}?){_LINE}[^:\r\n]{{1,60}}:[^\r\n]{{0,99}}\r?\n{_LABELLED}\d{{5}}-",
        ),
        ("user", rf"(?m)^{_LABELLED}(\S[^\r\n]{{0,80}}?){_LINE}{_LABELLED}\d{{5}}-[0-9A-Z]{{3,5}}-"),
        ("domain", rf"(?m)^{_LABELLED}([\w.-]{{1,253}}){_LINE}{_LABELLED}\\\\"),
        ("user", r'(?i)\\{1,4}(?:Users|Documents and Settings)\\{1,4}([^\\/:*?"<>|\r\n]{1,64})(?=\\)'),
        ("user", r"""(?im)\\{1,4}(?:Users|Documents and Settings)\\{1,4}([^\\/:*?"<>|\s,;]{1,64})(?=["'<,;\s)\]]|$)"""),
        ("user", r'(?m)(?:^|[/:])(?:Users|Documents and Settings)/([^\\/:*?"<>|\r\n]{1,64})(?=/)'),
        ("user", r"(?i)%5CUsers%5C([^%\s\"'&]{1,64})"),
        ("fqdn", r"<Computer>([^<]{1,255})</Computer>"),
        ("account", r"<Data[^>]{0,99}>([^<\\/:.][^<\\/:]{0,62}\\[^<\\/:]{1,64})</Data>"),
        ("user", r"<Data[^>]{0,99}>\.\\([^<\\/:]{1,64})</Data>"),
        ("account", r"(?m)(?:^|\| )([^\W_][\w.-]{0,62}\\[\w.$-][\w.$ -]{0,63})(?= \||$)"),
        ("user", r"(?<![\w.+-])([^\W\d_][\w.+-]{0,63})@[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,8}"),
        ("fqdn", r"(?<![\w.+-])[^\W\d_][\w.+-]{0,63}@([^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,8})"),
        ("fqdn", rf"://(?:[^/@\s\"']{{0,80}}@)?((?=[\d.]{{0,99}}[^\W\d])({_HOST}))(?=[:/\"'\s,;)>?]|$)"),
        ("fqdn", rf"(?i)\b(?:Server|Data Source|Address|Addr|Network Address|Host(?:name)?)=(?:tcp:)?({_HOST})"),
        ("fqdn", rf"(?im)(?<![\\:\w?.])\\\\({_LABEL}(?:\.{_LABEL}){{0,8}})(?=[\\\"'\s]|$)"),
        ("fqdn", rf"(?i)(?<!\\)\\{{4}}({_LABEL}(?:\.{_LABEL}){{0,8}})\\\\"),
        ("fqdn", rf"(?i){_HOST_OPTION}({_HOST})(?![\\\w.-])"),
        ("fqdn", rf"(?<!\S)(?:-S|-h)\s{{1,3}}({_LABEL}(?:\.{_LABEL}){{0,8}})(?=[\s,:\\\"]|$)"),
        ("account", rf"(?i){_USER_OPTION}({_ACCOUNT})"),
        ("user", rf"(?i){_USER_OPTION}([^\W\d_][\w.$-]{{0,63}})(?![\\@\w.$-])"),
        ("account", rf"(?i)\b(?:User ?ID|Uid|User ?name|User|Login|Account)\s?[:=]\s?[\"']?({_ACCOUNT})"),
        ("user", r"(?i)\b(?:User ?ID|Uid|User ?name|User|Login)\s?=\s?[\"']?([^\W\d_][\w.$-]{0,63})(?![\\@\w.$-])"),
        ("user", r"(?i)\b(?:User ?name|User|Login)[: ]\s?[\"']([^\W\d_][\w.$ -]{0,62})[\"']"),
        ("fqdn", rf"(?i)(?<![\w.@\\/-]){_REVERSED}((?:{_LABEL}\.){{1,8}}(?:{_TOP}))(?![\w-]|\.\w)"),
        ("fqdn", rf"(?i)(?<![\w.@\\/-]){_REVERSED}((?:{_LABEL}\.){{2,8}}{_COUNTRY})(?![\w-]|\.\w)"),
        ("host", r"(?i)(?<![\w.-])([a-z]{2,12}\d?(?:-\d{1,3}){4})(?![\w-])"),  # ip-10-20-0-11: an address in a name
    )
]
_CONFIRMING = [
    re.compile(form)
    for form in (
        rf"(?<![\w.:\\/-])({_HOST}):\d{{1,5}}(?![\d:])",
        rf"(?<![\w.\\/-])({_HOST})\\[\w.$-]",
        r"(?<![\\\w.-])[\w.-]{1,64}\\([\w.$-]{1,64})(?![\\\w])",
        r"\\\\([\w.$-]{1,253})",
        rf"(?i)(?<![\w.-]){_REVERSED}({_LABEL})(?:\.[^\W_][\w-]{{0,62}}){{2}}",
        rf"(?i)\b(?:host|server|computer|node|machine|hostname)(?:[=:]\s{{0,3}}[\"']?|\s[\"'])({_HOST})",
        r"(?i)\b(?:user|username|account|login|logon|domain)(?:[=:]\s{0,3}[\"']?|\s[\"'])([\w.$-]{1,64})",
        r"(?m)(?<=\| )([^|\r\n]{1,99}?)(?= \||$)",
        r"(?i)\.exe \(([^()\s]{1,253})\)",
        r"(?m)^[^:,\r\n]{1,30}:[ \t]{1,30}(\S{1,253})[ \t\r]{0,9}$",
        r"@([\w.-]{1,253})",
        r"(?im)^[ \t]{0,9}(?:TCP|UDP)[ \t]{1,60}([\w.-]{1,253}):",
        r"(?im)^[ \t]{0,9}TCP[ \t]{1,60}\S{1,300}[ \t]{1,60}([\w.-]{1,253}):",
    )
]


class Named(NamedTuple):
    """A name and where it stands in a text; `kind` is `host`, `domain`, `user`, `fqdn` or `account`."""

    kind: str
    text: str
    start: int
    end: int


def named(text: str) -> Iterator[Named]:
    """Names to learn, and where they stand, form by form."""
    for kind, form in COLLECTING:
        for match in form.finditer(text):
            yield Named(kind, match[1], *match.span(1))


def meant(text: str) -> Iterator[Named]:
    """Wherever a word that is known as a name is meant as one: `named` and more, the halves of accounts apart."""
    for one in named(text):
        if one.kind == "account":
            domain, _, user = one.text.partition("\\")
            yield Named("domain", domain, one.start, one.start + len(domain))
            yield Named("user", user, one.end - len(user), one.end)
        yield one
        if one.kind == "fqdn":
            yield from _labels(one)
    for form in _CONFIRMING:
        for match in form.finditer(text):
            yield Named("", match[1], *match.span(1))


def _labels(one: Named) -> Iterable[Named]:
    """The first label of web.corp.example, and each domain that it is in: corp.example, example."""
    first, _, _ = one.text.partition(".")
    yield Named("host", first, one.start, one.start + len(first))
    place = one.text.find(".")
    while place >= 0:
        yield Named("domain", one.text[place + 1 :], one.start + place + 1, one.end)
        place = one.text.find(".", place + 1)
