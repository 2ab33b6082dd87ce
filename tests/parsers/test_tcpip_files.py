from datetime import UTC, datetime

import pytest

from forensics.parsers.tcpip_files import DriverFile, parse, recognise

HASH = "AB" * 32
CSV = f"""Path,Version,Created,Modified,Size,Sha256
C:\\Windows\\system32\\drivers\\tcpip.sys,6.1.7601.17514,2012-03-27T10:00:00Z,2010-11-21T03:24:00+00:00,1924480,{HASH}
C:\\Windows\\system32\\drivers\\AFD.SYS,,2012-03-27 10:00:00,,,
"""


def _files(text: str) -> list[DriverFile]:
    return [fact for fact in parse(text).facts if isinstance(fact, DriverFile)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("quoted", [False, True])
def test_collector_csv(line_end: str, quoted: bool) -> None:
    lines = CSV.splitlines()
    if quoted:
        lines = [",".join(f'"{field}"' for field in line.split(",")) for line in lines]
    text = line_end.join(lines)
    assert recognise(text)
    tcpip, afd = _files(text)
    assert tcpip == DriverFile(
        path="C:\\Windows\\system32\\drivers\\tcpip.sys",
        name="tcpip.sys",
        version=(6, 1, 7601, 17514),
        version_text="6.1.7601.17514",
        created_at=datetime(2012, 3, 27, 10, tzinfo=UTC),
        modified_at=datetime(2010, 11, 21, 3, 24, tzinfo=UTC),
        size=1924480,
        sha256=HASH.lower(),
        line=2,
    )
    assert (afd.name, afd.version, afd.created_at, afd.modified_at) == (
        "afd.sys",
        None,
        datetime(2012, 3, 27, 10, tzinfo=UTC),
        None,
    )
    assert [problem.line for problem in parse(text).problems] == [3]


def test_wmic_with_the_name_only_in_the_command() -> None:
    text = (
        'C:\\>wmic datafile where name="C:\\\\Windows\\\\System32\\\\drivers\\\\tcpip.sys" get version\r\r\n'
        "Version         \r\r\n6.1.7601.17514  \r\r\n\r\r\n"
        'C:\\>wmic datafile where name="C:\\\\Windows\\\\System32\\\\drivers\\\\afd.sys" get version /value\r\r\n'
        "\r\r\n\r\r\nVersion=6.1.7601.17603\r\r\n\r\r\n"
    )
    assert recognise(text)
    assert [(file.name, file.version, file.line) for file in _files(text)] == [
        ("tcpip.sys", (6, 1, 7601, 17514), 3),
        ("afd.sys", (6, 1, 7601, 17603), 8),
    ]


def test_wmic_list_full() -> None:
    text = (
        "CreationDate=20120327120000.000000+120\nFileSize=1924480\nLastModified=20101121032400.000000+000\n"
        "Name=c:\\windows\\system32\\drivers\\tcpip.sys\nVersion=6.1.7601.17514\n"
    )
    (file,) = _files(text)
    assert (file.name, file.size, file.line) == ("tcpip.sys", 1924480, 5)
    assert file.created_at == datetime(2012, 3, 27, 10, tzinfo=UTC)
    assert file.modified_at == datetime(2010, 11, 21, 3, 24, tzinfo=UTC)


def test_wmic_table_with_the_name() -> None:
    text = "Name                                       Version         \nc:\\windows\\system32\\drivers\\netio.sys       6.1.7601.17514  \n"
    assert [(file.name, file.version) for file in _files(text)] == [("netio.sys", (6, 1, 7601, 17514))]


def test_what_is_no_driver_file() -> None:
    for text in (
        "Version=1.2.3.4\n",
        "the driver tcpip.sys has Version 6.1.7601.17514",
        "Name,Version\nreport.docx,1.2.3.4\ntcpip.sys.bak,1.2.3.4",
        "tcpip.sys\n" + "\n" * 10 + "Version=1.2.3.4\n",
    ):
        assert not recognise(text), text
        assert parse(text).problems == ()


def test_times_at_the_ends_of_the_calendar() -> None:
    row = "C:\\tcpip.sys,6.1.7601.17514,9999-12-31T23:59:59-01:00,0001-01-01T00:00:00+01:00,1,"
    (file,) = parse(f"Path,Version,Created,Modified,Size,Sha256\n{row}\n").facts
    assert isinstance(file, DriverFile)
    assert (file.created_at, file.modified_at) == (None, None)
