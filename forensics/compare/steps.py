"""What to do next, with the exact command: what still cures, or what would let the comparison tell."""

import re
from collections.abc import Sequence

from forensics.compare.comparison import Answer, Step
from forensics.compare.pair import Pair, entry_of
from forensics.compare.texts import said
from forensics.compare.wrap import TICK_WRAP_CAUSE
from forensics.knowledge import commands
from forensics.knowledge.collector_options import run_of
from forensics.report.findings import CauseEntry, RemedyEntry

_LASTING = frozenset({"next", "for-good"})
_MOST_ASKED = 3
_SAFE = re.compile(r"[\w. ()-]{1,120}")  # a name that a command line takes as it is, in quotes
_BUSY = frozenset({"quieter", "rate-unknown", "not-explained", "range-untested", "range-same"})
_OTHER_BUNDLES = {
    "other-machine": "same-machine",
    "machine-unknown": "same-machine",
    "same": "later",
    "order-unknown": "later",
}


def find_steps(pair: Pair, answer: Answer) -> list[Step]:
    """What follows from the answer."""
    if answer.id in _OTHER_BUNDLES:
        return [Step("collect", said(f"step-{_OTHER_BUNDLES[answer.id]}"), _compare("BEFORE", "AFTER"))]
    if answer.id == "reversed":
        return [Step("collect", said("step-swap"), _compare(pair.after.bundle.name, pair.before.bundle.name))]
    if answer.outcome == "worked":
        return _remedies(entry_of(pair.after, pair.after.verdict.cause)) or [Step("next", said("step-nothing"))]
    if answer.outcome in {"did-not-work", "got-worse"}:
        return _cures(pair) or _asks(pair)
    if answer.outcome == "not-yet":
        return _not_yet(pair, answer)
    return [*_asks(pair), *_collect(pair, answer)]


def _not_yet(pair: Pair, answer: Answer) -> list[Step]:
    if answer.id.startswith(("restart", "nothing-done", "still-approaching", "chimney")):
        steps = _cures(pair)
        if pair.after.measurements.fix.state == "unknown":
            return [Step("collect", said("step-fix-version"), commands.TCPIP_VERSION), *steps]
        return steps
    return _collect(pair, answer)


def _collect(pair: Pair, answer: Answer) -> list[Step]:
    run = run_of("")
    if answer.again_at:
        return [Step("collect", said("step-collect-after", at=answer.again_at), run)]
    at = pair.before.bundle.collected_at
    if answer.id in _BUSY and at:
        return [Step("collect", said("step-collect-busy", at=at), run)]
    return [Step("collect", said("step-collect"), run)]


def _cures(pair: Pair) -> list[Step]:
    """The remedies of AFTER's own verdict, else of the cause as AFTER or BEFORE tells it."""
    cause = pair.before.verdict.cause
    entries = [
        entry_of(pair.after, pair.after.verdict.cause),
        entry_of(pair.after, cause),
        entry_of(pair.after, TICK_WRAP_CAUSE) if pair.after.measurements.fix.state == "installed-not-loaded" else None,
    ]
    told = next((steps for entry in entries if (steps := _remedies(entry))), None)
    if told:
        return told
    # What gave ports back at once was done already, or it is not wanted any more.
    before = entry_of(pair.before, cause)
    lasting = [one for one in before.remedies if one.when in _LASTING] if before else []
    return [_step(one) for one in lasting]


def _remedies(entry: CauseEntry | None) -> list[Step]:
    return [_step(one) for one in entry.remedies] if entry else []


def _step(remedy: RemedyEntry) -> Step:
    return Step(remedy.when, remedy.action, remedy.command, remedy.caution)


def _asks(pair: Pair) -> list[Step]:
    """What AFTER lacks, each command once."""
    causes = (pair.before.verdict.cause, pair.after.verdict.cause)
    entries: Sequence[CauseEntry | None] = [entry_of(pair.after, one) for one in causes]
    missing = {one.command: one for entry in entries if entry for one in entry.missing}
    return [Step("collect", one.statement, one.command) for one in list(missing.values())[:_MOST_ASKED]]


def _compare(before: str, after: str) -> str:
    return " ".join(["forensics compare", *(_quoted(one) for one in (before, after))])


def _quoted(name: str) -> str:
    """A name from a bundle, as a shell takes it; a placeholder where it might be more than a name."""
    if not _SAFE.fullmatch(name) or name.startswith("-"):
        return "BUNDLE"
    return f'"{name}"' if " " in name or "(" in name or ")" in name else name
