"""Who owns a PID: the lists joined, what is known to be in none, and how people name it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from builder import Listener, Process, bundle_files
from builder.languages import GERMAN, JAPANESE, RUSSIAN
from builder.zones import TOKYO

from forensics.measure.processes import Listed, Processes
from forensics.report.words import say
from tests.bundles import analysis_of
from tests.machines import calm
from tests.tables import LABEL, SERVICE, idle, lacking

TABLE = b"""\r\nActive Connections\r\n
  Proto  Local Address          Foreign Address        State           PID\r
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832\r
 [svchost.exe]\r
  TCP    10.0.0.5:49152         10.0.0.9:443           CLOSE_WAIT      5120\r
 [shopd.exe]\r
"""


def processes_of(folder: Path, files: dict[str, bytes]) -> Processes:
    return analysis_of(folder, files).measurements.processes


def test_both_lists_are_joined(tmp_path: Path) -> None:
    """Services from tasklist, command line, handles and start from WMI: an hour after the boot."""
    machine = idle(zone=TOKYO)
    processes = processes_of(tmp_path, bundle_files(machine))
    owner = processes.named(SERVICE.pid)
    assert say(owner.label) == LABEL
    assert (owner.image, owner.services, owner.handles) == ("cachesvc.exe", ("CacheSvc",), 40)
    assert owner.created_at is not None
    assert owner.created_at.astimezone(UTC) == datetime.fromtimestamp(machine.boot.timestamp() + 3600, UTC)
    assert processes.complete
    assert [source.file for source in processes.sources] == ["process/tasklist-svc.csv", "process/wmic-process.csv"]
    assert len(processes.listed_at) == 2


@pytest.mark.parametrize("language", [GERMAN, JAPANESE, RUSSIAN], ids=lambda one: one.tag)
def test_in_any_language(tmp_path: Path, language: object) -> None:
    processes = processes_of(tmp_path, bundle_files(idle(language=language)))
    assert say(processes.named(SERVICE.pid).label) == LABEL
    assert processes.complete


@pytest.mark.parametrize("lost", ["process/tasklist", "process/wmic"])
def test_one_list_is_enough_to_say_who_is_in_none(tmp_path: Path, lost: str) -> None:
    processes = processes_of(tmp_path, lacking(bundle_files(idle()), lost))
    owner = processes.named(SERVICE.pid)
    assert processes.complete
    assert processes.absent(7777)
    assert not processes.absent(SERVICE.pid)
    assert (owner.services == ()) == (lost == "process/tasklist")
    assert (owner.handles is None) == (lost == "process/wmic")


def test_without_a_list_nobody_is_known_to_be_gone(tmp_path: Path) -> None:
    processes = processes_of(tmp_path, lacking(bundle_files(idle()), "process/"))
    assert not processes.complete
    assert not processes.absent(7777)
    assert processes.absent(0)
    assert processes.handles is None
    assert say(processes.named(7777).label) == "a process without a name here (PID 7777)"


def test_a_filtered_list_has_no_system_process(tmp_path: Path) -> None:
    """`tasklist /fi "imagename eq cachesvc.exe"`: whoever is not in it may well run."""
    files = lacking(bundle_files(idle()), "process/wmic")
    heading, *lines = files["process/tasklist-svc.csv"].splitlines(keepends=True)
    files["process/tasklist-svc.csv"] = heading + b"".join(line for line in lines if b"cachesvc" in line)
    processes = processes_of(tmp_path, files)
    assert processes.named(SERVICE.pid).services == ("CacheSvc",)
    assert not processes.complete
    assert not processes.absent(7777)


def test_netstat_b_names_images_and_is_no_list(tmp_path: Path) -> None:
    processes = processes_of(tmp_path, {"anob.txt": TABLE})
    assert say(processes.named(5120).label) == "shopd.exe (PID 5120)"
    assert not processes.complete
    assert not processes.absent(7777)


def test_a_pid_that_netstat_did_not_print_is_nobodys(tmp_path: Path) -> None:
    processes = processes_of(tmp_path, bundle_files(idle()))
    assert not processes.absent(None)
    assert processes.named(None).image == "a process that netstat did not name"


def test_pids_0_and_4_have_names_without_a_list() -> None:
    assert Processes().named(0).image == "no process"
    assert Processes().named(4).image == "System"


def test_the_handles_of_all_but_system(tmp_path: Path) -> None:
    machine = idle(
        listeners=(Listener("TCP", 135, 4),),
        processes=(
            Process(0, "System Idle Process", handles=0),
            Process(4, "System", handles=871),
            *(Process(1000 + one, f"worker{one}.exe", handles=10 * one) for one in range(1, 5)),
        ),
    )
    files = bundle_files(machine)
    assert processes_of(tmp_path, files).handles == 10 + 20 + 30 + 40
    # One whose count nobody gave: the sum is not known.
    files["process/tasklist-svc.csv"] += b'"late.exe","2222","N/A"\r\n'
    assert processes_of(tmp_path, files).handles is None


@pytest.mark.parametrize(("handles", "rows", "found"), [(9999, 0, False), (10_000, 0, True), (10_029, 30, False), (10_030, 30, True)])  # fmt: skip
def test_handles_that_no_row_accounts_for(handles: int, rows: int, *, found: bool) -> None:
    processes = Processes({4: Listed(4, "System", handles=90_000), 9: Listed(9, "shopd.exe", handles=handles)})
    assert (processes.with_unexplained_handles({9: rows}) is not None) == found


@pytest.mark.parametrize("image", ["lsass.exe", "store.exe", "SqlServr.exe", "System"])
def test_handles_by_design_are_no_suspicion(image: str) -> None:
    assert Processes({9: Listed(9, image, handles=50_000)}).with_unexplained_handles({}) is None


def test_a_label_stays_readable() -> None:
    listed = Listed(9, "svchost.exe", tuple(f"Svc{one}" for one in range(9)), "x" * 300)
    label = say(listed.label)
    assert label.startswith("svchost.exe (PID 9; services Svc0, Svc1, Svc2, Svc3, Svc4, Svc5; command line xxx")
    assert label.endswith("x…)")
    assert len(label) < 200


def test_a_list_that_was_cut_short_is_not_complete(tmp_path: Path) -> None:
    """Half a tasklist (a full disk, a broken copy): it lacks owners of listeners, and whoever stood there is not gone."""
    files = lacking(bundle_files(idle(listeners=calm().listeners)), "process/wmic")
    files["process/tasklist-svc.csv"] = files["process/tasklist-svc.csv"][:250]
    assert not processes_of(tmp_path, files).absent(SERVICE.pid)
