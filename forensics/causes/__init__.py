"""Root causes, one module per cause, found by being in this folder.

A cause module is an interface of names: `ID` (contracts.md), `TITLE`, `PRECEDENCE` (of causes with equal standing, the
lower comes first: what would cure first), `TEXTS` (English messages by id), `WEIGHTS` (what each piece of evidence weighs,
and why), `PLAIN` (what happened, in two sentences that anybody understands), `ABOUT`, `SHOWS`, `PROVES`, `RULES_OUT`, `CURES` (a sentence or two each, for `forensics causes ID`),
`REFERENCES` (sources), and `judge(measurements) -> Judgement`, a pure function that only compares and explains; the
arithmetic is in `measure`, rules that several causes share are in `rules`.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Protocol, cast

import msgspec

from forensics.evidence import Source
from forensics.judgement import CONFIRMED, INCONCLUSIVE, WEAK, Judgement, Point, Statement, Weights
from forensics.measure.measurements import Measurements

DEFECT_MESSAGE = "defect"
CHANGED_MESSAGE = "changed-since"
_MOST_CITED = 3
COMMON_TEXTS = {
    "none-usable": "Exclusions leave no port of the dynamic range usable.",
    CHANGED_MESSAGE: (
        "{files}: changed since collection, by the SHA-256 in the manifest. Nothing is confirmed by files that were changed."
    ),
    DEFECT_MESSAGE: "This cause could not be judged: a defect of forensics ({error}).",
}


class Cause(Protocol):
    """The names of a cause module."""

    ID: str
    TITLE: str
    PRECEDENCE: int
    TEXTS: Mapping[str, str]
    WEIGHTS: Weights
    PLAIN: str
    ABOUT: str
    SHOWS: str
    PROVES: str
    RULES_OUT: str
    CURES: str
    REFERENCES: tuple[str, ...]

    def judge(self, measurements: Measurements) -> Judgement:
        """Give a verdict on this cause; pure."""


@cache
def all_causes() -> tuple[Cause, ...]:
    """Every cause, by precedence."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    causes = [cast("Cause", module) for module in modules if hasattr(module, "judge")]
    return tuple(sorted(causes, key=lambda cause: (cause.PRECEDENCE, cause.ID)))


def judge_all(measurements: Measurements) -> tuple[Judgement, ...]:
    """Ask every cause. One that raises is a defect of ours, shown as such; the others still stand."""
    return tuple(_judged(cause, measurements) for cause in all_causes())


def _judged(cause: Cause, measurements: Measurements) -> Judgement:
    try:
        judgement = cause.judge(measurements)
        changed = _changed(judgement, measurements)
        return _held(cause, measurements, changed) if judgement.status == CONFIRMED and changed else judgement
    except Exception as error:  # noqa: BLE001 - the cause loop: one broken cause must not silence the rest
        text = f"{type(error).__name__}: {error}"
        return Judgement(cause.ID, INCONCLUSIVE, Statement(DEFECT_MESSAGE, {"error": text}), defect=text)


def _changed(judgement: Judgement, measurements: Measurements) -> tuple[str, ...]:
    """The files that an answer rests on and that are not as they were collected."""
    integrity = measurements.integrity
    if integrity is None:
        return ()
    cited = {source.file for point in judgement.points for source in point.sources}
    return tuple(file for file in integrity.changed if file in cited or file in integrity.counts)


def _held(cause: Cause, measurements: Measurements, changed: tuple[str, ...]) -> Judgement:
    """The answer where nothing may be confirmed, for it rests on files that somebody or something changed."""
    held = cause.judge(msgspec.structs.replace(measurements, doubted=True))
    statement = Statement(CHANGED_MESSAGE, {"files": changed[:_MOST_CITED]})
    point = Point(statement, -WEAK, tuple(Source(file) for file in changed))
    return msgspec.structs.replace(held, points=(*held.points, point))


def texts(cause_id: str) -> Mapping[str, str]:
    """The messages of a cause, with those that all share."""
    for cause in all_causes():
        if cause_id == cause.ID:
            return {**COMMON_TEXTS, **cause.TEXTS}
    return COMMON_TEXTS
