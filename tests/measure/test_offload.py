"""TCP Chimney: what the setting allows, and which rows netstat -t shows in the network adapter's hands."""

from dataclasses import replace
from pathlib import Path

import pytest
from builder import Held, Listener, Machine, bundle_files
from builder.languages import LANGUAGES
from builder.machine import SERVER_2019

from forensics.measure.offload import Offload
from tests.bundles import analysis_of
from tests.machines import MONITOR, calm


def machine(offloaded: int = 3, **changes: object) -> Machine:
    """Ten established connections; listeners have an offload state too, and can never be offloaded."""
    plain = calm(
        traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 10),), offloaded=offloaded,
        listeners=(Listener("TCP", 135, 708), Listener("TCP", 445, 4), Listener("UDP", 123, 820)),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def offload(folder: Path, files: dict[str, bytes]) -> Offload:
    return analysis_of(folder, files).measurements.offload


@pytest.mark.parametrize("setting", ["enabled", "automatic", "disabled"])
def test_setting_and_rows(tmp_path: Path, setting: str) -> None:
    one = offload(tmp_path, bundle_files(machine(chimney=setting)))
    assert (one.setting, one.rows, one.offloaded) == (setting, 10, 3)
    assert [source.file for source in one.sources] == [
        "netsh/tcp-global.txt",
        "netstat/anot-1.txt",
        "netstat/anot-1.txt",
    ]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_in_every_language_of_the_samples(tmp_path: Path, language: str) -> None:
    one = offload(tmp_path, bundle_files(machine(language=LANGUAGES[language])))
    assert (one.setting, one.rows, one.offloaded) == ("automatic", 10, 3)


def test_every_row_in_the_hosts_hands(tmp_path: Path) -> None:
    one = offload(tmp_path, bundle_files(machine(0)))
    assert (one.rows, one.offloaded) == (10, 0)


def test_without_the_table_nothing_is_known_of_rows(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(machine()).items() if "anot" not in path}
    one = offload(tmp_path, files)
    assert (one.setting, one.rows, one.offloaded) == ("automatic", None, None)


def test_without_the_setting_the_rows_speak(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(machine()).items() if "tcp-global" not in path}
    one = offload(tmp_path, files)
    assert (one.setting, one.rows, one.offloaded) == ("", 10, 3)


def test_windows_10_has_no_such_setting(tmp_path: Path) -> None:
    assert offload(tmp_path, bundle_files(machine(0, system=SERVER_2019))).setting == ""


def test_the_latest_table_counts(tmp_path: Path) -> None:
    files = bundle_files(machine(5))
    files["netstat/anot-1.txt"] += b"\r\n" + bundle_files(machine(2))["netstat/anot-1.txt"]
    assert offload(tmp_path, files).offloaded == 2


def test_a_note_behind_a_row_of_udp_is_no_table_of_offloads(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(machine()).items() if "anot" not in path}
    files["udp.txt"] = b"  UDP    0.0.0.0:123            *:*                    820 <- time service\r\n"
    one = offload(tmp_path, files)
    assert (one.rows, one.offloaded) == (None, None)


# TCP_CONNECTION_OFFLOAD_STATE (tcpmib.h): InHost, Offloading, Offloaded, Uploading; "Offload" on 2008 R2.
@pytest.mark.parametrize(
    ("word", "rows", "offloaded"),
    [("Offload", 10, 3), ("Offloading", 10, 3), ("OFFLOADED", 10, 3), ("Uploading", None, None), ("qzvxk", None, None)],
)
def test_words_that_are_known_and_words_that_are_not(
    tmp_path: Path, word: str, rows: int | None, offloaded: int | None
) -> None:
    """Where no row is known to be offloaded and some have another word than InHost, nothing is known."""
    files = bundle_files(machine())
    files["netstat/anot-1.txt"] = files["netstat/anot-1.txt"].replace(b" Offloaded", f" {word}".encode())
    one = offload(tmp_path, files)
    assert (one.rows, one.offloaded) == (rows, offloaded)


def test_without_a_connection_there_is_nothing_to_tell_by(tmp_path: Path) -> None:
    one = offload(tmp_path, bundle_files(machine(0, held=())))
    assert (one.rows, one.offloaded) == (None, None)
