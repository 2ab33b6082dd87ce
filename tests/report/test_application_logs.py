"""An application's log from the bundle to the report: the founding case's agent, one submission every 15.4 s."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builder import bundle_files

from forensics.analysis import analyze
from forensics.errors import BundleError
from forensics.report.html import render_html
from tests.bundles import findings_of
from tests.machines import stuck

LINE = (
    "{counter} {at:%Y-%m-%d %H:%M:%S},{ms:03} INFO submit {n} points to https://metrics.example.net:443/v1 took {n} ms"
)


def agent_log(lines: int = 200) -> bytes:
    at, counter, written = datetime(2018, 12, 24, 10), 41_931_919_752, []  # noqa: DTZ001 - a wall clock, as logs have
    for number in range(lines):
        written.append(LINE.format(counter=counter, at=at, ms=at.microsecond // 1000, n=number))
        step = 15_429 + number % 2 * 15
        counter, at = counter + step, at + timedelta(milliseconds=step)
    return "\r\n".join(written).encode()


def test_its_interval_its_remote_and_the_age_of_its_process(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(stuck()) | {"applog/01-agent.log": agent_log()})
    (log,) = findings.measurements.application_logs
    assert (log.file, log.events, log.repeats, log.remote) == (
        "applog/01-agent.log",
        200,
        200,
        "metrics.example.net:443",
    )
    assert log.interval_seconds == pytest.approx(15.429)
    assert log.process_age_seconds == pytest.approx(41_931_919.752 + 199 * 15.4365, abs=1)
    assert log.sources[0].line == 1
    page = render_html(findings)
    assert "applog/01-agent.log" in page
    assert "200 lines, every 15.4 s" in page


def test_other_evidence_is_never_taken_for_a_log(tmp_path: Path) -> None:
    assert findings_of(tmp_path, bundle_files(stuck())).measurements.application_logs == []


def test_a_log_alone_is_no_evidence_of_a_machine(tmp_path: Path) -> None:
    (tmp_path / "agent.log").write_bytes(agent_log())
    with pytest.raises(BundleError, match="no evidence of a Windows machine"):
        analyze(tmp_path)
