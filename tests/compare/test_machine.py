"""Whether two bundles are of one machine, and in order: said first, never assumed, nothing swapped."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from builder import bundle_files
from builder.machine import SERVER_2019

from forensics.compare.compare import compare
from forensics.report.findings import Findings
from tests.compare.pairs import compared, found, later, restarted, what
from tests.machines import calm, churning, stuck
from tests.report.cases import NAMES, hostile, huge, sample, undecided
from tests.tables import lacking


def changed(findings: Findings, **changes: object) -> Findings:
    return msgspec.structs.replace(findings, bundle=msgspec.structs.replace(findings.bundle, **changes))


def test_other_names_are_other_machines(tmp_path: Path) -> None:
    comparison = compare(sample("founding-case"), sample("rebooted-after-incident"))
    assert comparison.machine.same == "no"
    assert what(comparison) == ("cannot-be-told", "other-machine")
    assert "WEB-SH-03" in comparison.machine.reason.statement
    assert comparison.machine.reason.before[0].file == "manifest.json"
    assert comparison.changes, "compared anyway"
    assert not {one.meaning for one in comparison.changes} & {"better", "worse"}
    assert tmp_path


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("WEB-01", "web-01", "yes"),
        ("WEB-01", "WEB-01.corp.example.com", "yes"),
        ("WEB-01.a.example.com", "WEB-01.b.example.com", "no"),
        ("ACCOUNTING-WEB-SERVER-1", "ACCOUNTING-WEB-", "yes"),
        ("WEB-01", "WEB-02", "no"),
        ("WEB-01", "", "unknown"),
    ],
)
def test_names(tmp_path: Path, before: str, after: str, same: str) -> None:
    one = found(tmp_path, stuck(), "before.zip")
    two = found(tmp_path, later(stuck()), "after.zip")
    assert compare(changed(one, host=before), changed(two, host=after)).machine.same == same


def test_the_wrong_way_round_is_said_and_not_swapped(tmp_path: Path) -> None:
    comparison = compared(tmp_path, later(stuck()), stuck())
    assert (comparison.order.order, comparison.order.seconds) == ("reversed", -10 * 86400)
    assert what(comparison) == ("cannot-be-told", "reversed")
    assert comparison.before.name == "before.zip"
    assert comparison.steps[0].command == "forensics compare after.zip before.zip"


def test_a_name_that_could_be_a_command_is_not_printed_as_one(tmp_path: Path) -> None:
    one, two = found(tmp_path, later(stuck()), "a.zip"), found(tmp_path, stuck(), "b.zip")
    comparison = compare(changed(one, name="a & del b.zip"), changed(two, name="my b (1).zip"))
    assert comparison.steps[0].command == 'forensics compare "my b (1).zip" BUNDLE'


def test_one_bundle_twice(tmp_path: Path) -> None:
    bundle = found(tmp_path, stuck(), "one.zip")
    assert what(compare(bundle, bundle)) == ("cannot-be-told", "same")
    copy = changed(bundle, sha256="0" * 64)
    assert what(compare(bundle, copy)) == ("cannot-be-told", "same")


def test_no_time_no_order(tmp_path: Path) -> None:
    before = found(tmp_path, stuck(), "one.zip")
    after = changed(found(tmp_path, later(stuck()), "two.zip"), collected_at=None)
    assert what(compare(before, after)) == ("cannot-be-told", "order-unknown")


def test_an_older_boot_later_on_is_another_machine(tmp_path: Path) -> None:
    """Up since before BEFORE was started, and collected after it: two machines of one name."""
    before = restarted(stuck(0), days=5)
    after = replace(stuck(), collected_at=before.collected_at + timedelta(days=1))
    comparison = compared(tmp_path, before, after)
    assert comparison.machine.reason.id == "machine-other-boot"
    assert what(comparison) == ("cannot-be-told", "other-machine")


def test_replaced_names_need_a_boot_in_common(tmp_path: Path) -> None:
    before = changed(found(tmp_path, stuck(), "one.zip"), redacted=True, host="HOST-1")
    same_boot = changed(found(tmp_path, later(stuck()), "two.zip"), redacted=True, host="HOST-7")
    assert compare(before, same_boot).machine.same == "yes"
    no_boot = found(tmp_path, calm(), "two.zip")
    after = changed(no_boot, redacted=True, host="HOST-1", collected_at=same_boot.bundle.collected_at)
    comparison = compare(before, after)
    assert comparison.machine.same == "unknown"
    assert what(comparison) == ("cannot-be-told", "machine-unknown")


def test_another_system_under_the_name_is_said(tmp_path: Path) -> None:
    comparison = compared(tmp_path, stuck(), restarted(calm(), days=5, system=SERVER_2019))
    assert comparison.machine.changed is not None
    assert "Windows Server 2019" in comparison.machine.changed.statement
    assert what(comparison) == ("worked", "not-affected")


# Where BEFORE names no cause.


def test_a_healthy_machine_that_fell_ill_got_worse(tmp_path: Path) -> None:
    assert what(compared(tmp_path, calm(), later(churning()))) == ("got-worse", "new-trouble")


def test_an_undecided_before_says_what_is_known_now(tmp_path: Path) -> None:
    before = lacking(bundle_files(stuck()), "netstat/", "eventlog/")
    comparison = compared(tmp_path, before, later(stuck()))
    assert comparison.before.verdict.cause == "inconclusive"
    assert what(comparison) == ("cannot-be-told", "unknown-before-found")
    assert "AFTER does: TIME_WAIT ports are never released" in comparison.answer.headline
    assert what(compared(tmp_path, before, later(calm())))[1] == "unknown-before-calm"


def test_a_defect_in_the_cause_tells_nothing(tmp_path: Path) -> None:
    before, after = found(tmp_path, stuck(), "one.zip"), found(tmp_path, later(stuck()), "two.zip")
    broken = [
        msgspec.structs.replace(one, defect="ValueError") if one.id == "tick-wrap-497d" else one for one in after.causes
    ]
    assert what(compare(before, msgspec.structs.replace(after, causes=broken)))[1] == "defect"


def test_every_pair_can_be_compared(tmp_path: Path) -> None:
    """No findings make it raise, and every statement but those on what is missing has its place."""
    everything = [*(sample(name) for name in NAMES), hostile(), huge(), undecided(tmp_path)]
    named = [changed(one, host="ONE") for one in everything]
    altered = [changed(one, host="ONE") for one in (hostile(), huge())]
    for before in named:
        for after in named:
            comparison = compare(before, after)
            assert comparison.answer.headline
            assert all(one.before or one.after for one in comparison.answer.reasons)
            if before in altered or after in altered:
                continue  # what they cite is not in their lists of files
            for line in comparison.changes:
                told = [side for side in (line.before, line.after) if side.value is not None]
                assert all(side.sources for side in told) or line.id in {"verdict", "fix"}, line
