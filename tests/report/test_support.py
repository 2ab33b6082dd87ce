"""The confidence in words, by hand and over a whole bundle."""

from datetime import timedelta
from pathlib import Path

from builder import Incident, bundle_files

from forensics.judgement import DECISIVE, STRONG, WEAK, Judgement, Point, Statement
from forensics.report.support import support_text
from tests.bundles import analysis_of, cause
from tests.machines import COLLECTED, calm, stuck


def text(*points: tuple[int, str]) -> str:
    said = tuple(Point(Statement("said"), weight, (), witness) for weight, witness in points)
    return support_text(Judgement("time-wait-churn", "likely", Statement("headline-likely"), said))


def test_grades_from_the_heaviest_and_what_speaks_for_before_what_speaks_against() -> None:
    assert (
        text((WEAK, "remote"), (-WEAK, "events"), (STRONG, "rate"), (-DECISIVE, "fix"), (DECISIVE, "survivors"))
        == "Decisive support: survivors; strong support: rate; weak support: remote; decisive evidence against: fix; "
        "weak evidence against: events."
    )


def test_witnesses_of_one_grade_stand_together_in_their_order() -> None:
    assert text((STRONG, "rate"), (STRONG, "fullness")) == "Strong support: rate, fullness."


def test_only_the_heaviest_of_a_witness_is_named() -> None:
    assert text((WEAK, "rate"), (STRONG, "rate"), (STRONG, "rate")) == "Strong support: rate."


def test_a_witness_may_speak_for_and_against() -> None:
    assert text((STRONG, "rate"), (-WEAK, "rate")) == "Strong support: rate; weak evidence against: rate."


def test_unnamed_witnesses_are_named_once() -> None:
    assert text((STRONG, ""), (STRONG, "")) == "Strong support: other."


def test_without_evidence() -> None:
    assert text() == "No evidence either way."


def test_findings_carry_the_same_words(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, bundle_files(stuck()))
    for judgement in analysis.judgements:
        entry = cause(analysis.findings, judgement.cause)
        assert entry.support == support_text(judgement)
        assert entry.support.endswith(".")
        assert entry.support[0].isupper()


def test_what_a_calm_machine_says_of_collisions(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, bundle_files(calm()))
    entry = cause(analysis.findings, "local-endpoint-reuse")
    assert entry.support == "Decisive evidence against: events."
    at = COLLECTED - timedelta(hours=5)
    late = calm(incidents=(Incident("Tcpip", 4227, at - timedelta(seconds=1), at, 1e-9),))
    entry = cause(analysis_of(tmp_path, bundle_files(late)).findings, "local-endpoint-reuse")
    assert entry.support == "Strong support: events; weak evidence against: fullness at the event."
