"""What a stranger may have written, in every field that a bundle has: real bundles of the sample builder, and findings."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
from builder import bundle_files
from builder.behaviour import ApplicationLog, DriverInstall, InstalledProgram, LayeredProvider, Recording
from builder.machine import Hotfix, Incident, Machine, Process, Servicing, Traffic

from forensics.report.findings import Findings
from tests.machines import COLLECTED, MONITOR, stuck

Word = Callable[[], str]

_LONGEST = 4000  # characters of a line on a console, and of a string of an event: it must fit into a chunk


def payloads(port: int) -> tuple[str, ...]:
    """Markup, styles, templates, addresses, terminals, bidi, the invisible, towers, formulas, our own markers."""
    here = f"127.0.0.1:{port}"
    return (
        f"<script src=http://{here}/s>alert(1)</script>",
        f'"><img src=//{here}/i onerror=alert(1)>',
        f"</style><style>@import 'http://{here}/c';*{{background:url(http://{here}/u)}}</style>",
        f"]]></text></svg><svg><use href='http://{here}/d#x'/><image href='//{here}/e'/></svg>",
        f"<a href='javascript:alert(1)'>x</a><base href=//{here}/><iframe src=data:text/html,<script>1</script>>",
        "<link rel=attachment href=file:///etc/passwd><meta http-equiv=refresh content='0;url=file:///etc/passwd'>",
        "{{7*7}}{% raw %}{{ ''.__class__ }} {count} {0} {why.__class__} %s %n %(host)s ${x}",
        "$\\frac{a}{b}$ \\\\ \\0 _x_ ^{2} $",
        "\x1b]8;;http://evil.example/\x07click\x1b]8;;\x07 \x1b]0;owned\x07 \x1b[2J \x9b31m \x90q \x07\x08",
        "gpj.\u202egpj.exe\u2066\u2069\u200f \u200b\u200d\ufeff\u00ad\u2060 \U000e0041\U000e0042",
        "a\u034fb\u3164c\u115fd\u2800 \u2028\u2029\x85\ufffe\uffff\ue000",
        "Z" + "\u0335\u0321\u0489" * 20 + "algo",
        "=cmd|' /C calc'!A0 +1 -1 @SUM(1) :bomb: [bold red]m[/] [link=http://x]y[/link]",
        "x" * 100_000,
        "שלום עולם مرحبا بالعالم 中文 日本語",
    )


def rotated(port: int, first: int) -> Word:
    """Payloads in turn, so that another one comes first in each bundle; those that follow it are in every word."""
    words = payloads(port)
    numbers = count(first)

    def word() -> str:
        return words[next(numbers) % len(words)]

    return word


def numbered() -> Word:
    """Harmless words, to compare with."""
    numbers = count()
    return lambda: f"word{next(numbers)}"


def machine(word: Word) -> Machine:
    """A machine past the wrap that shows every section of the report, whose every name is a word."""
    base = stuck()

    def renamed(one: Process) -> Process:
        services = tuple(word().replace(",", "") for _ in one.services)
        return replace(
            one, name=f"{_line(word())[:200]}.exe", path=_line(word()), command_line=_line(word()), services=services
        )

    ago = COLLECTED - timedelta(days=2)
    known = {process.pid: process for process in base.processes}
    return replace(
        base,
        language=replace(base.language, oem_codepage="cp65001"),
        host=_line(word()),
        system=replace(base.system, product=_line(word()), edition=_line(word()), build_lab=_line(word())),
        processes=tuple(renamed(one) if one.pid > 4 else one for one in known.values()),
        hotfixes=(*base.hotfixes, Hotfix("KB2553549", ago.date(), _line(word()))),
        servicing=(Servicing("KB4012212", ago, title=word()[:_LONGEST]),),
        driver_installs=tuple(
            DriverInstall(ago + timedelta(minutes=number), _line(word()), _line(word()), driver=bool(number % 2))
            for number in range(4)
        ),
        layered_providers=(LayeredProvider(_line(word()), _line(word())),),
        programs=(InstalledProgram(word(), word(), word()),),
        incidents=(
            Incident("Tcpip", 4227, ago, COLLECTED, 9000),
            Incident("AFD", 16001, ago, COLLECTED, 90000, (word()[:_LONGEST],)),
        ),
        traffic=(Traffic(1536, MONITOR, 443, per_second=0.5),),
        recording=Recording(10),
        application_log=ApplicationLog(1536, "C:\\logs\\agent.log", 2.0),
    )


def _line(text: str) -> str:
    """What a console can print in one line, and a command's table can hold."""
    return " ".join(text[:_LONGEST].split()) or "-"


def members(word: Word) -> dict[str, bytes]:
    """The machine's bundle, and words where the builder leaves no room for them: the manifest, paths, a log, a driver."""
    files = bundle_files(machine(word))
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        entry.update(command=word(), why=word(), transformed=word())
        if entry["outcome"] != "ok":
            entry.update(outcome=word(), reason=word())
    manifest["files"] += [
        {"path": word(), "outcome": outcome, "reason": word(), "why": word()} for outcome in _OUTCOMES
    ]
    manifest |= {"host": word(), "os_version": word(), "ui_language": word(), "started_at": word()}
    files["manifest.json"] = json.dumps(manifest).encode()
    for number in range(len(payloads(0))):
        files[f"more/{number}{word().replace(chr(0), '')[:200]}"] = word().encode("utf-8")
    log = next(path for path in files if path.startswith("applog/"))
    begin = files[log].decode("utf-8", "replace")
    files[f"applog/{_line(word())[:100]}.log"] = begin.replace("submit", word()).encode()
    return files


_OUTCOMES = ("failed", "skipped", "not-supported")


def everywhere(findings: Findings, word: Word) -> Findings:
    """The same findings with a word in each text that is not one of a few: ids of ours stay."""
    planted: Findings = _struct(findings, word)
    return planted


# Of ours: causes and their order, groups, pools and kinds, which choose what is shown.
_OURS = {"id", "cause", "group", "pool", "runs", "sha256"}


def _struct(value: Any, word: Word) -> Any:  # noqa: ANN401 - any of the findings'
    told = msgspec.inspect.type_info(type(value))
    assert isinstance(told, msgspec.inspect.StructType)
    fields = {
        field.name: _value(getattr(value, field.name), list(_possible(field.type)), word)
        for field in told.fields
        if field.name not in _OURS
    }
    return msgspec.structs.replace(value, **fields)


def _possible(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    if isinstance(kind, msgspec.inspect.UnionType):
        yield from kind.types
    else:
        yield kind


def _value(value: Any, kinds: list[msgspec.inspect.Type], word: Word) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return word() if any(isinstance(one, msgspec.inspect.StrType) for one in kinds) else value
    if isinstance(value, msgspec.Struct):
        return _struct(value, word)
    for kind in kinds:
        if isinstance(value, list) and isinstance(kind, msgspec.inspect.ListType):
            return [_value(one, list(_possible(kind.item_type)), word) for one in value]
        if isinstance(value, dict) and isinstance(kind, msgspec.inspect.DictType):
            return {key: _value(one, list(_possible(kind.value_type)), word) for key, one in value.items()}
    return value
