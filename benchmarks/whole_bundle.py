"""A typical bundle from zip to PDF, against what WeasyPrint alone needs for the same report.

The bundle: a System.evtx of 20 MB and three netstat tables of 16,000 rows. The rival, in the same run: WeasyPrint
turning the very HTML of that report into the same PDF, in a fresh process, imports included. Each is measured in
processes of its own, median of five; the peak memory is the whole process's.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from builder import Machine, Pile, bundle_files, zip_bytes
from builder.scenarios import founding_case

RUNS = 5
LOG_BYTES = 20_000_000

RIVAL = (
    "import sys; from pathlib import Path; from forensics.report.pdf import render_pdf; "
    "Path(sys.argv[2]).write_bytes(render_pdf(Path(sys.argv[1]).read_text(encoding='utf-8'), None))"
)


def typical_bundle() -> bytes:
    """The founding case with 16,000 rows and as many everyday events as fill 20 MB."""
    machine = replace(founding_case(), traffic=(), piles=(Pile("203.0.113.40", 443, 15_700),), oldest_chunk=0)
    few, many = (_log_size(machine, per_day) for per_day in (500, 1000))
    per_day = 500 + round((LOG_BYTES - few) / (many - few) * 500)
    files = bundle_files(replace(machine, everyday_events=per_day))
    log = len(files["eventlog/System.evtx"])
    rows = files["netstat/ano-1.txt"].count(b"TCP") + files["netstat/ano-1.txt"].count(b"UDP")
    print(f"bundle: System.evtx {log / 1e6:.1f} MB, three tables of {rows:,} rows")
    return zip_bytes(files)


def _log_size(machine: Machine, per_day: int) -> int:
    return len(bundle_files(replace(machine, everyday_events=per_day))["eventlog/System.evtx"])


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"{command[1:4]} failed")
    return seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def main() -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        bundle, html, pdf = (str(Path(folder, name)) for name in ("typical.zip", "report.html", "report.pdf"))
        Path(bundle).write_bytes(typical_bundle())
        if len(sys.argv) > 1:
            Path(sys.argv[1]).write_bytes(Path(bundle).read_bytes())
        ours = [sys.executable, "-m", "forensics", "analyze", bundle, "-q", "-o", pdf]
        measured([*ours, "--html", html])
        rival = [sys.executable, "-c", RIVAL, html, pdf]
        pairs = [(measured(ours), measured(rival)) for _ in range(RUNS)]
        own = statistics.median(mine[0] for mine, _ in pairs)
        theirs = statistics.median(other[0] for _, other in pairs)
        memory = max(mine[1] for mine, _ in pairs)
        print(f"forensics analyze      {own:6.2f} s, peak {memory:.0f} MB")
        print(f"WeasyPrint alone       {theirs:6.2f} s, peak {max(other[1] for _, other in pairs):.0f} MB")
        print(f"ratio                  {own / theirs:6.2f}   (aim: below 1.5)")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
