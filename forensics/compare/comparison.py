"""The comparison: what `forensics compare --json` prints (`forensics.comparison/1`) and all that its outputs show.

Every claim carries its sources, those in BEFORE apart from those in AFTER.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from forensics.evidence import Source, Warned
from forensics.report.findings import CollectionMethod, Tool, VerdictEntry
from forensics.report.json_text import encode_json

SCHEMA: Literal["forensics.comparison/1"] = "forensics.comparison/1"

Outcome = Literal["worked", "not-yet", "did-not-work", "got-worse", "cannot-be-told"]
Meaning = Literal["better", "worse", "same", "changed", "unknown"]
Same = Literal["yes", "no", "unknown"]
Order = Literal["as-given", "reversed", "same-collection", "unknown"]
Value = int | float | str | list[str] | None  # a moment as ISO 8601 in UTC


class BundleSide(msgspec.Struct, frozen=True):
    """One of the two bundles and what `forensics analyze` says of it."""

    name: str
    sha256: str
    host: str
    collected_at: datetime | None
    collected_method: CollectionMethod
    os: str
    redacted: bool
    verdict: VerdictEntry


class Reason(msgspec.Struct, frozen=True):
    """A statement with where it stands in either bundle."""

    id: str
    statement: str
    before: list[Source] = []
    after: list[Source] = []


class MachineEntry(msgspec.Struct, frozen=True):
    """Whether both bundles are of one machine; `changed` tells of another system under its name."""

    same: Same
    reason: Reason
    changed: Reason | None = None


class OrderEntry(msgspec.Struct, frozen=True):
    """Whether AFTER was collected after BEFORE; `seconds` is negative where it was not."""

    order: Order
    seconds: float | None
    statement: str


class Answer(msgspec.Struct, frozen=True):
    """Whether the remedy worked: `id` names the case, `again_at` is when it may tell more."""

    outcome: Outcome
    id: str
    headline: str
    reasons: list[Reason]
    again_at: datetime | None = None


class ChangeSide(msgspec.Struct, frozen=True):
    """A figure of one bundle: the value, the same in words, and where it stands."""

    value: Value
    text: str
    sources: list[Source]


class Change(msgspec.Struct, frozen=True):
    """One line of what changed."""

    id: str
    what: str
    before: ChangeSide
    after: ChangeSide
    meaning: Meaning


class Step(msgspec.Struct, frozen=True):
    """What to do next: `now`, `next`, `for-good`, or `collect` where evidence is wanted."""

    when: Literal["now", "next", "for-good", "collect"]
    action: str
    command: str = ""
    caution: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """The whole of it."""

    schema: Literal["forensics.comparison/1"]
    tool: Tool
    before: BundleSide
    after: BundleSide
    machine: MachineEntry
    order: OrderEntry
    answer: Answer
    changes: list[Change]
    steps: list[Step]
    warnings: list[Warned] = []


def encode(comparison: Comparison) -> bytes:
    """The comparison as JSON, indented, in a fixed order."""
    return encode_json(comparison)


def json_schema() -> dict[str, object]:
    """The JSON Schema of `Comparison`."""
    schema: dict[str, object] = msgspec.json.schema(_Described)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **schema}


_Described = Annotated[Comparison, msgspec.Meta(description="forensics compare --json")]
