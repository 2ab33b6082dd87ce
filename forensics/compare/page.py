"""What people read of a comparison, chosen and worded: the page (HTML, PDF) and the terminal show the same."""

import msgspec

from forensics.compare.changes import ALIKE, some_alike
from forensics.compare.comparison import BundleSide, Change, Comparison, Reason, Step
from forensics.compare.texts import OUTCOMES, said
from forensics.evidence import Source
from forensics.report import words
from forensics.report.language import tr
from forensics.report.tables import NAME_LENGTH, Quoted, Table, clip, quoted, table, wrapped_command
from forensics.report.words import listed, tell

_TONES = {
    "worked": "clear",
    "not-yet": "ahead",
    "did-not-work": "found",
    "got-worse": "found",
    "cannot-be-told": "open",
}
_OURS = "forensics"  # what runs here, or elevates itself: this program and its collector
_TEXT_LENGTH = 400
_CELL_LENGTH = 160
_HOST_LENGTH = 64
_MOST_SOURCES = 4  # places of one statement


class Fact(msgspec.Struct, frozen=True):
    """A label and what stands beside it."""

    label: str
    value: str


class Statement(msgspec.Struct, frozen=True):
    """A statement with its places; each names its bundle."""

    text: str
    sources: list[Quoted]


class Todo(msgspec.Struct, frozen=True):
    """What to do; the template's macro `actions` shows it as it shows a report's."""

    when: str
    action: str
    command: str
    caution: str
    effect: str = ""
    cost: str = ""


class Line(msgspec.Struct, frozen=True):
    """One line of what changed, in words."""

    id: str
    what: str
    before: str
    after: str
    meaning: str
    word: str
    places: list[str]


class Page(msgspec.Struct, frozen=True):
    """The whole of it. `alerts` say that the two are no pair; `tone` colours the answer.

    `elevated` is set where a step has a command for the machine, `alike` where figures that differ count as the same.
    """

    title: str
    host: str
    case: str
    tool: str
    tone: str
    outcome: str
    word: str
    meaning: str
    alerts: list[Statement]
    headline: str
    facts: list[Fact]
    reasons: list[Statement]
    steps: list[Todo]
    elevated: bool
    lines: list[Line]
    alike: str
    changed: Table


def build_page(comparison: Comparison) -> Page:
    """Word the page; whatever the bundles hold must have been made inert (report/inert.py)."""
    answer = comparison.answer
    word, meaning = (tr(one) for one in OUTCOMES[answer.outcome])
    lines = [_line(one) for one in comparison.changes]
    host = _host(comparison)
    return Page(
        title=tell("{host}: {answer}", host=host, answer=word),
        host=host,
        case=clip(f"{comparison.before.name} → {comparison.after.name}", NAME_LENGTH),
        tool=f"{comparison.tool.name} {comparison.tool.version}",
        tone=_TONES[answer.outcome],
        outcome=answer.outcome,
        word=word,
        meaning=meaning,
        alerts=_alerts(comparison),
        headline=clip(answer.headline, _TEXT_LENGTH),
        facts=_facts(comparison),
        reasons=[_statement(one) for one in answer.reasons],
        steps=[_todo(one) for one in comparison.steps],
        elevated=any(one.command and not one.command.startswith(_OURS) for one in comparison.steps),
        lines=lines,
        alike=said("label-alike", share=ALIKE) if some_alike(comparison.changes) else "",
        changed=_table(lines),
    )


def _host(comparison: Comparison) -> str:
    """The machine; both where they are two."""
    names = [clip(one.host, _HOST_LENGTH) for one in (comparison.before, comparison.after) if one.host]
    return " / ".join(dict.fromkeys(names if comparison.machine.same == "no" else names[-1:])) or said("label-no-host")


def _alerts(comparison: Comparison) -> list[Statement]:
    """What keeps the two from being a pair; said first."""
    alerts = []
    machine = comparison.machine
    if machine.same != "yes":
        alerts.append(_statement(machine.reason))
    if machine.changed:
        alerts.append(_statement(machine.changed))
    if comparison.order.order != "as-given":
        alerts.append(Statement(comparison.order.statement, []))
    return alerts


def _facts(comparison: Comparison) -> list[Fact]:
    """The two bundles, and how far they are apart."""
    facts = [
        Fact(said("bundle-before"), _bundle(comparison.before)),
        Fact(said("bundle-after"), _bundle(comparison.after)),
    ]
    if comparison.machine.same == "yes":
        facts.append(Fact(said("label-machine"), clip(comparison.machine.reason.statement, _TEXT_LENGTH)))
    if comparison.order.order == "as-given":
        facts.append(Fact(said("label-time"), comparison.order.statement))
    return facts


def _bundle(side: BundleSide) -> str:
    at = words.utc(side.collected_at) if side.collected_at else said("value-unknown")
    parts = [clip(side.name, NAME_LENGTH), clip(side.host, _HOST_LENGTH), clip(side.os, NAME_LENGTH), at]
    return listed([one for one in parts if one])


def _statement(reason: Reason) -> Statement:
    return Statement(clip(reason.statement, _TEXT_LENGTH), _places(reason.before, reason.after))


def _places(before: list[Source], after: list[Source]) -> list[Quoted]:
    """Where something stands, each place with its bundle."""
    places = []
    for bundle, sources in (("before", before), ("after", after)):
        for source in sources[:_MOST_SOURCES]:
            one = quoted(source)
            places.append(Quoted(_of_bundle(f"bundle-{bundle}", one.where), one.quote))
    return places


def _of_bundle(bundle: str, where: str) -> str:
    return tell("{bundle}: {place}", bundle=said(bundle), place=where)


def _todo(step: Step) -> Todo:
    return Todo(said(f"when-{step.when}"), step.action, wrapped_command(step.command), step.caution)


def _line(change: Change) -> Line:
    return Line(
        change.id,
        change.what,
        clip(change.before.text, _CELL_LENGTH),
        clip(change.after.text, _CELL_LENGTH),
        change.meaning,
        said(f"meaning-{change.meaning}"),
        _short_places(change),
    )


def _short_places(change: Change) -> list[str]:
    """The first place in each bundle; one line where they are alike."""
    before, after = ([quoted(one).where for one in side.sources[:1]] for side in (change.before, change.after))
    if before and before == after:
        return [_of_bundle("bundle-both", before[0])]
    sides = (("bundle-before", before), ("bundle-after", after))
    return [_of_bundle(bundle, one) for bundle, places in sides for one in places]


def _table(lines: list[Line]) -> Table:
    rows = [[one.what, one.before, one.after, one.word, "\n".join(one.places)] for one in lines]
    return table(
        "",
        (said("label-what"), 17, "text"),
        (said("bundle-before"), 22, "text"),
        (said("bundle-after"), 22, "text"),
        (said("label-change"), 9, "text"),
        (said("label-source"), 30, "raw"),
        rows=rows,
    )
