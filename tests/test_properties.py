"""Properties worth more than examples (craft.md): what must hold for every bundle.

Each is tried on the pinned machines, without each of their files and folders, and on bundles that hypothesis draws from
small machines of every cause (`property_machines`), rewritten as people and their tools do (`property_rewrites`).

Where the analyzer breaks a property, the smallest example stands here as a test that is expected to fail, and names what
is wrong; the drawn tests leave out exactly that.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from builder import bundle_files, with_tcpip_version, zip_bytes
from builder.draws import STORIES
from builder.draws import draw as draw_case
from builder.languages import LANGUAGES
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import analyze
from forensics.report.findings import CauseEntry, Findings, encode
from tests.bundles import cause, findings_of
from tests.machines import calm, stuck
from tests.property_machines import FIXED_VERSION, MACHINES, Case, cases, leaking, sharing
from tests.property_rewrites import (
    ENCODINGS,
    LINE_ENDS,
    encoded,
    new_names,
    renamed,
    shuffled,
    unpack,
    with_line_ends,
    zip_inside,
    zip_of,
)

FOUND = {"confirmed", "likely", "possible"}
Seed = st.integers(0, 2**32 - 1)


def drawn(examples: int) -> settings:
    """The same examples on every run: a failure here is a failure everywhere."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


def statuses(findings: Findings) -> dict[str, str]:
    return {entry.id: entry.status for entry in findings.causes}


def answers(findings: Findings) -> tuple[object, ...]:
    """What must not change: the verdict, and of every cause the status and the confidence."""
    verdict = findings.verdict
    each = [(entry.id, entry.status, entry.confidence) for entry in findings.causes]
    return verdict.cause, verdict.status, verdict.applies_to, each


# --- What is missing proves nothing ---


@cache
def without_each(folder: Path, name: str) -> tuple[Findings, dict[str, Findings]]:
    """The findings of a pinned machine's whole bundle, and without each file and each folder."""
    files = bundle_files(MACHINES[name])
    folders = {path.split("/")[0] + "/" for path in files if "/" in path}
    reduced = {
        removed: findings_of(folder, {path: data for path, data in files.items() if not path.startswith(removed)})
        for removed in sorted({*files, *folders})
    }
    return findings_of(folder, files), reduced


def nothing_proven(before: Findings, after: Findings, removed: object, known: frozenset[str] = frozenset()) -> None:
    """Weak answers never became `confirmed`, and `inconclusive` never `ruled_out`."""
    whole = statuses(before)
    for cause_id, status in statuses(after).items():
        if cause_id in known:
            continue
        said = whole[cause_id]
        if said in {"ruled_out", "inconclusive", "possible"}:
            assert status != "confirmed", f"{cause_id}: {said} became confirmed without {removed}"
        if said == "inconclusive":
            assert status != "ruled_out", f"{cause_id}: inconclusive became ruled_out without {removed}"


@pytest.mark.parametrize("name", MACHINES)
def test_removing_a_file_never_proves_anything(folder: Path, name: str) -> None:
    whole, reduced = without_each(folder, name)
    for removed, findings in reduced.items():
        nothing_proven(whole, findings, removed)


def lost(rng: random.Random, files: dict[str, bytes]) -> set[str]:
    """One to six files, or a folder."""
    if rng.random() < 0.3:
        start = rng.choice(sorted({path.split("/")[0] for path in files}))
        return {path for path in files if path.split("/")[0] == start}
    return set(rng.sample(sorted(files), min(len(files) - 1, rng.choice((1, 1, 2, 3, 6)))))


@drawn(60)
@given(case=cases(), seed=Seed)
def test_removing_files_from_a_drawn_bundle_never_proves_anything(folder: Path, case: Case, seed: int) -> None:
    files, rng = case.files(), random.Random(seed)
    whole = findings_of(folder, files)
    for _ in range(3):
        removed = lost(rng, files)
        findings = findings_of(folder, {path: data for path, data in files.items() if path not in removed})
        nothing_proven(whole, findings, sorted(removed))


@pytest.mark.parametrize("removed", ["netstat/ano-1.txt", "manifest.json"])
def test_variants_of_one_table_are_not_two_moments(folder: Path, removed: str) -> None:
    files = bundle_files(replace(sharing(calm()), snapshots=1))
    whole = findings_of(folder, files)
    nothing_proven(whole, findings_of(folder, without(files, removed)), removed)


def test_an_unknown_range_does_not_clear_the_kernel(folder: Path) -> None:
    files = bundle_files(leaking("ESTABLISHED"), without=("process/",))
    removed = "netsh/dynamicport-ipv4-tcp.txt"
    nothing_proven(findings_of(folder, files), findings_of(folder, without(files, removed)), removed)


def without(files: dict[str, bytes], start: str) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if not path.startswith(start)}


# --- Less evidence for a cause is no more confidence ---


def supports_alone(entry: CauseEntry, file: str) -> bool:
    """Whether a file is cited for a cause and nowhere against it."""
    effects = {point.effect for point in entry.evidence if any(source.file == file for source in point.sources)}
    return effects == {"supports"}


def raised(before: Findings, after: Findings, file: str) -> Iterator[tuple[CauseEntry, CauseEntry]]:
    """Causes that a file only supports and that gain without it.

    A file that is cited for and against a cause may do either when it goes, and so may one that is cited nowhere: what
    it did not say counts as well. So the property stands and falls with citations: a contradiction that rests on a file
    has to cite it.
    """
    for entry in before.causes:
        now = cause(after, entry.id)
        gained = now.confidence > entry.confidence or (
            now.status in FOUND and STRENGTH.index(now.status) < STRENGTH.index(entry.status)
        )
        if supports_alone(entry, file) and gained:
            yield entry, now


STRENGTH = ("confirmed", "likely", "possible", "inconclusive", "ruled_out")


UNCITED = ("fixed", "not-explained")
"""Contradictions of a formula over several members, of which not every one is cited at each step."""


def uncited_fell(before: CauseEntry, after: CauseEntry) -> bool:
    """Whether a contradiction of `UNCITED` is gone, and with it the reason of the gain."""
    gone = {point.id for point in before.evidence} - {point.id for point in after.evidence}
    return any(one.rpartition(".")[2] in UNCITED for one in gone)


@pytest.mark.parametrize("name", MACHINES)
def test_removing_support_never_raises_confidence(folder: Path, name: str) -> None:
    whole, reduced = without_each(folder, name)
    for removed, findings in reduced.items():
        for before, after in raised(whole, findings, removed):
            assert uncited_fell(before, after), (removed, before.id, before.status, after.status)


@drawn(35)
@given(case=cases(), seed=Seed)
def test_removing_support_from_a_drawn_bundle_never_raises_confidence(folder: Path, case: Case, seed: int) -> None:
    files = case.files()
    whole = findings_of(folder, files)
    cited = {source.file for entry in whole.causes for point in entry.evidence for source in point.sources}
    for removed in random.Random(seed).sample(sorted(cited), min(4, len(cited), len(files) - 1)):
        findings = findings_of(folder, {path: data for path, data in files.items() if path != removed})
        for before, after in raised(whole, findings, removed):
            assert uncited_fell(before, after), (removed, before.id, before.status, after.status)


@pytest.mark.parametrize("days", [510, 489])
def test_that_the_fix_is_in_force_cites_when_the_machine_started(folder: Path, days: float) -> None:
    files = bundle_files(with_tcpip_version(calm(days), FIXED_VERSION), without=("system/systeminfo",), manifest=False)
    removed = "eventlog/System.evtx"
    whole = findings_of(folder, files)
    assert not list(raised(whole, findings_of(folder, without(files, removed)), removed))


def test_that_the_rate_does_not_explain_the_pile_cites_the_pile(folder: Path) -> None:
    removed = "netstat/ano-3.txt"
    whole, reduced = without_each(folder, "stuck-short")
    assert not list(raised(whole, reduced[removed], removed))


# --- How evidence is written changes nothing ---


@drawn(20)
@given(case=cases(), seed=Seed)
def test_the_order_of_rows_changes_nothing(folder: Path, case: Case, seed: int) -> None:
    files = case.files()
    again = shuffled(case.machine, files, random.Random(seed))
    assert answers(findings_of(folder, again)) == answers(findings_of(folder, files))


@drawn(20)
@given(case=cases(), language=st.sampled_from(sorted(LANGUAGES)))
def test_the_language_changes_nothing(folder: Path, case: Case, language: str) -> None:
    other = replace(case, machine=replace(case.machine, language=LANGUAGES[language]))
    assert answers(findings_of(folder, other.files())) == answers(findings_of(folder, case.files()))


@drawn(15)
@given(
    case=cases(),
    language=st.sampled_from(sorted(LANGUAGES)),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    line_end=st.sampled_from(LINE_ENDS),
)
def test_encoding_and_line_ends_change_nothing(
    folder: Path, case: Case, language: str, encoding: str, line_end: str
) -> None:
    machine = replace(case.machine, language=LANGUAGES[language])
    files = replace(case, machine=machine).files()
    expected = answers(findings_of(folder, files))
    assert answers(findings_of(folder, encoded(machine, files, encoding, line_end))) == expected
    assert answers(findings_of(folder, with_line_ends(machine, files, line_end))) == expected


@drawn(20)
@given(case=cases(), seed=Seed)
def test_names_and_folders_change_nothing(folder: Path, case: Case, seed: int) -> None:
    files = case.files()
    again = renamed(files, new_names(files, random.Random(seed)))
    assert answers(findings_of(folder, again)) == answers(findings_of(folder, files))


@drawn(15)
@given(case=cases(), seed=Seed, dated=st.booleans(), backslashes=st.booleans(), stored=st.booleans())
def test_the_layout_of_the_zip_changes_nothing(
    folder: Path, case: Case, seed: int, *, dated: bool, backslashes: bool, stored: bool
) -> None:
    machine, files, rng = case.machine, case.files(), random.Random(seed)
    plain = zip_of(machine, files, dated=dated)
    inside = rng.choice(("", "SRV-1_2018/"))
    other = zip_of(machine, files, dated=dated, backslashes=backslashes, stored=stored, folder=inside, rng=rng)
    expected = answers(findings_of(folder, plain))
    assert answers(findings_of(folder, other)) == expected
    assert answers(findings_of(folder, zip_inside(plain))) == expected


@drawn(12)
@given(case=cases(), dated=st.booleans())
def test_a_folder_is_as_good_as_its_zip(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, case: Case, *, dated: bool
) -> None:
    files, target = case.files(), tmp_path_factory.mktemp("unpacked")
    unpack(case.machine, files, target, dated=dated)
    expected = answers(findings_of(folder, zip_of(case.machine, files, dated=dated)))
    assert answers(analyze(target).findings) == expected


# --- The same bundle gives the same findings ---


def test_the_same_bundle_gives_the_same_findings_in_any_time_zone(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(zip_bytes(bundle_files(replace(stuck(), host="SRV-1"))))
    outputs = set()
    for zone in ("Asia/Shanghai", "America/New_York"):
        command = [
            sys.executable,
            "-m",
            "forensics",
            "analyze",
            str(bundle),
            "--json",
            "-",
            "-o",
            str(tmp_path / "r.pdf"),
        ]
        run = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": zone})
        outputs.add(run.stdout)
    assert outputs == {encode(findings_of(tmp_path, bundle.read_bytes()))}


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change the zone of a running process")
def test_every_cause_gives_the_same_findings_again_and_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for machine in MACHINES.values():
        files = bundle_files(machine, manifest=False)
        zipped = zip_of(machine, files, dated=True)
        outputs = set()
        for zone in ("UTC", "Pacific/Kiritimati"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            outputs.add(encode(findings_of(folder, zipped)))
        assert len(outputs) == 1
    monkeypatch.undo()
    time.tzset()


# --- Every answer is an answer ---

UNFILLED = re.compile(r"\{\w*(:\w*)?\}|an unknown figure|\bNone\b(?! of)|\bnan\b|\binf\b", re.ASCII)
"""A blank that nothing fills, and what Python prints for nothing; `None of` begins a sentence."""


def sentences(findings: Findings) -> Iterator[tuple[str, str]]:
    """Everything that is printed as a sentence of ours, with whose it is."""
    yield "verdict", findings.verdict.headline
    for entry in findings.causes:
        yield entry.id, entry.headline
        yield entry.id, entry.support
        yield from ((entry.id, point.statement) for point in entry.evidence)
        yield from ((entry.id, missing.statement) for missing in entry.missing)
        yield from ((entry.id, remedy.action) for remedy in entry.remedies)
    for entry in findings.causes:
        optional = [entry.forecast]
        optional += [text for one in entry.remedies for text in (one.effect, one.caution, one.cost)]
        yield from ((entry.id, text) for text in optional if text)
    yield "fix", findings.measurements.fix.statement
    yield from (("timeline", entry.event) for entry in findings.timeline)


UNSOURCED = {"time-wait-churn.wrap-open", "tick-wrap-497d.seen-against-version"}
"""What follows from other points and is read nowhere."""


def complete(findings: Findings) -> None:
    """Every cause answers, every claim has its source, every sentence its figures."""
    for entry in findings.causes:
        assert not entry.defect, (entry.id, entry.defect)
        assert 0 <= entry.confidence <= 1
        assert entry.evidence or entry.missing, entry.id
        if entry.status == "inconclusive":
            assert entry.missing, entry.id
        if entry.status == "ruled_out":
            assert any(point.effect == "contradicts" for point in entry.evidence), entry.id
        for point in entry.evidence:
            if entry.status in FOUND and point.id not in UNSOURCED:
                assert point.sources, point.id
            for source in point.sources:
                assert source.line or source.record or source.quote, (point.id, source)
    for whose, text in sentences(findings):
        assert text.strip(), whose
        assert not UNFILLED.search(text), (whose, text)


@pytest.mark.parametrize("name", MACHINES)
def test_every_cause_always_answers(folder: Path, name: str) -> None:
    whole, reduced = without_each(folder, name)
    for findings in (whole, *reduced.values()):
        complete(findings)


def test_the_kernel_is_cleared_by_evidence(folder: Path) -> None:
    entry = cause(findings_of(folder, without(bundle_files(MACHINES["stuck"]), "process/")), "kernel-socket-leak")
    assert entry.status != "ruled_out" or any(point.effect == "contradicts" for point in entry.evidence)


def test_an_open_question_about_the_wrap_asks_for_the_range(folder: Path) -> None:
    files = without(bundle_files(MACHINES["churning-past-the-wrap"]), "netsh/dynamicport-ipv4-tcp.txt")
    entry = cause(findings_of(folder, files), "tick-wrap-497d")
    assert entry.status != "inconclusive" or entry.missing


def test_that_the_clock_has_wrapped_has_a_source(folder: Path) -> None:
    files = bundle_files(calm(500), without=("system/",))
    entry = cause(findings_of(folder, files), "no-exhaustion")
    assert entry.status in FOUND
    assert all(point.sources for point in entry.evidence)


def test_a_time_that_is_not_known_is_not_named(folder: Path) -> None:
    findings = findings_of(folder, bundle_files(calm(), manifest=False))
    assert not [text for _, text in sentences(findings) if UNFILLED.search(text)]


# --- Nothing is confirmed that is not so ---


def confirmed(findings: Findings) -> set[str]:
    return {one for one, status in statuses(findings).items() if status == "confirmed"}


@pytest.mark.parametrize("story", STORIES)
def test_only_what_is_at_work_is_confirmed(folder: Path, story: str) -> None:
    case = draw_case(random.Random(f"properties {story}"), story)
    found = confirmed(findings_of(folder, bundle_files(case.machine)))
    assert found <= case.causes | case.also, case.story


@drawn(60)
@given(case=cases())
def test_a_drawn_bundle_is_answered_and_nothing_confirmed_that_is_not_so(folder: Path, case: Case) -> None:
    findings = findings_of(folder, case.files())
    complete(findings)
    assert confirmed(findings) <= case.causes | case.also
