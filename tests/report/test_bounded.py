"""More of everything than a page can hold: what is shown stays bounded, and says how much it leaves out."""

from datetime import timedelta
from functools import cache
from time import process_time

import msgspec

from forensics.compare.compare import compare
from forensics.compare.html import render_html as render_comparison
from forensics.evidence import Source, Warned
from forensics.report.findings import FileEntry, Findings
from forensics.report.holdings import ApplicationLogEntry, NetworkDriverEntry
from forensics.report.html import render_html
from forensics.report.inert import inert_findings
from forensics.report.language import speaking
from forensics.report.retold import retold
from forensics.text.languages import Code

from .cases import sample

LONG = "Ä" * 900
SOURCE = Source(LONG, line=3, quote=LONG)
BOOTS, SOURCES, OTHERS = 20_000, 500, 3000


@cache
def crowded() -> Findings:
    """The founding case, with long names, thousands of boots, witnesses, sources, logs, drivers, members, warnings."""
    known, changed = sample("founding-case"), msgspec.structs.replace
    measured = known.measurements
    uptime, first = measured.uptime, measured.uptime.boots[0]
    boots = [changed(first, start=first.start - timedelta(hours=number)) for number in range(BOOTS, 0, -1)]
    log = ApplicationLogEntry(LONG, 1, None, None, 5, 1.0, 1.0, LONG, 5.0, 1.0, None, [SOURCE] * 5)
    driver = NetworkDriverEntry(LONG, LONG, LONG, LONG, ["TDI filter"], running=True, sources=[SOURCE] * 5)
    sources = [SOURCE] * SOURCES
    return changed(
        known,
        bundle=changed(
            known.bundle,
            files=[FileEntry(f"{LONG}{n}", "netstat", "cp936", 9, "0" * 64, "read", LONG) for n in range(OTHERS)],
        ),
        causes=[
            changed(one, evidence=[changed(point, statement=LONG, sources=sources) for point in one.evidence])
            for one in known.causes
        ],
        measurements=changed(
            measured,
            uptime=changed(
                uptime,
                boots=[*boots, *uptime.boots],
                agreeing=[changed(uptime.agreeing[0], source=SOURCE)] * OTHERS,
                disagreements=[LONG] * OTHERS,
            ),
            fix=changed(measured.fix, sources=sources),
            application_logs=[log] * 1000,
            network_drivers=[driver] * 1000,
        ),
        warnings=[Warned(LONG, LONG)] * OTHERS,
    )


@cache
def page() -> tuple[str, float]:
    """Its HTML, and the seconds that it took."""
    begun = process_time()
    return render_html(crowded()), process_time() - begun


def test_a_crowded_report_is_as_long_as_another() -> None:
    html, seconds = page()
    assert seconds < 15  # 3 s on an idle machine
    assert len(html) < 1_500_000
    for told in (
        "492 more in --json",
        "2,992 more in --json",
        "2,900 more files",
        "2,960 more warnings",
        "988 more in --json",
    ):
        assert f"and {told}" in html
    assert html.count("<path") < 3000


def test_the_run_that_matters_is_drawn_among_many() -> None:
    whole, few = (
        html.split("Uptime in days over time", 1)[1].split("</svg>", 1)[0].count('stroke="#0072b2"')
        for html in (page()[0], render_html(sample("founding-case")))
    )
    assert few < 5
    assert 100 < whole < 450


def test_a_comparison_stays_short() -> None:
    both = compare(inert_findings(sample("founding-case")), inert_findings(crowded()))
    assert len(render_comparison(both)) < 100_000


def test_what_is_no_sentence_of_ours_costs_no_time() -> None:
    """A manifest's reason that would be compared in a square of its length."""
    text = "1 connects in " * 20_000
    begun = process_time()
    with speaking(Code.CHINESE):
        assert retold(text) == text
    assert process_time() - begun < 1
