from datetime import UTC, datetime

import pytest

from forensics.parsers.wmic_process import ProcessDetail, parse, recognise

CREATED = datetime(2018, 12, 24, 4, 0, 0, 123456, UTC)
HEADER = "Node,CommandLine,CreationDate,ExecutablePath,HandleCount,Name,ProcessId\r\r\n"


def _details(text: str) -> list[ProcessDetail]:
    return [fact for fact in parse(text).facts if isinstance(fact, ProcessDetail)]


def test_wmic_csv() -> None:
    text = (
        "\r\r\n" + HEADER
        + "SRV1,,,,0,System Idle Process,0\r\r\n"
        + 'SRV1,"C:\\App\\a.exe" -peers=1,2,3 &amp; -x,20181224120000.123456+480,C:\\App\\a.exe,60412,a.exe,1536\r\r\n'
        + "SRV1,b.exe -x,20181224120000.123456-060,C:\\App, new\\b.exe,7,b.exe,1540\r\r\n"
        + "SRV1,c.ex"
    )  # fmt: skip
    assert recognise(text)
    idle, a, b = _details(text)
    assert idle == ProcessDetail(0, "System Idle Process", "", "", 0, None, 3)
    assert a == ProcessDetail(1536, "a.exe", "C:\\App\\a.exe", '"C:\\App\\a.exe" -peers=1,2,3 & -x', 60412, CREATED, 4)
    assert (b.path, b.command_line) == ("C:\\App, new\\b.exe", "b.exe -x")
    assert b.created_at == datetime(2018, 12, 24, 13, 0, 0, 123456, UTC)
    assert [problem.line for problem in parse(text).problems] == [6]


def test_image_of_a_list_without_names() -> None:
    text = 'Node,CommandLine,ProcessId\nSRV1,"C:\\Program Files\\App\\a.exe" -x=1,2,1536\nSRV1,C:\\App\\b.exe -y,1540\nSRV1,,4\n'
    assert [(detail.pid, detail.image) for detail in _details(text)] == [(1536, "a.exe"), (1540, "b.exe")]


def test_wmic_list() -> None:
    block = (
        "\r\r\n\r\r\nCommandLine=a.exe -k=v\r\r\nCreationDate=20181224120000.123456+480\r\r\n"
        "ExecutablePath=C:\\a.exe\r\r\nHandleCount=12\r\r\nName=a.exe\r\r\nProcessId={}\r\r\n"
    )
    assert _details(block.format(10) + block.format(11)) == [
        ProcessDetail(10, "a.exe", "C:\\a.exe", "a.exe -k=v", 12, CREATED, 8),
        ProcessDetail(11, "a.exe", "C:\\a.exe", "a.exe -k=v", 12, CREATED, 16),
    ]


def test_wmic_list_without_blank_lines() -> None:
    text = "Name=a.exe\nProcessId=10\nName=b.exe\nProcessId=11\nName=c.exe\nProcessId=12\n"
    assert [(detail.image, detail.pid) for detail in _details(text)] == [("a.exe", 10), ("b.exe", 11), ("c.exe", 12)]


def test_wmic_table() -> None:
    text = "CommandLine        Name     ProcessId  \r\r\nC:\\a.exe -x -y     a.exe    1536       \r\r\n                   b.exe    4          \r\r\n"
    assert [(detail.pid, detail.image, detail.command_line) for detail in _details(text)] == [
        (1536, "a.exe", "C:\\a.exe -x -y"),
        (4, "b.exe", ""),
    ]


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("20181224120000.123456+480", CREATED),
        ("2018-12-24T12:00:00.123456+08:00", CREATED),
        ("2018-12-24T04:00:00.123456Z", CREATED),
        ("2018-12-24T04:00:00", None),
        ("12/24/2018 12:00:00 PM", None),
        ("20181324120000.123456+480", None),
        ("00010101000000.000000+999", None),
        ("", None),
    ],
)
def test_powershell_csv(printed: str, read: datetime | None) -> None:
    text = f'#TYPE x\n"ProcessId","Name","ExecutablePath","CommandLine","HandleCount","CreationDate"\n"1536","a.exe","C:\\a.exe","""C:\\a.exe"" -x, &amp;","60412","{printed}"\n'
    assert recognise(text)
    assert _details(text) == [ProcessDetail(1536, "a.exe", "C:\\a.exe", '"C:\\a.exe" -x, &amp;', 60412, read, 3)]


def test_command_line_of_three_lines_and_other_output_below() -> None:
    text = (
        '"ProcessId","Name","CommandLine"\n"1","a.exe","first\n, second\nthird"\n"2","b.exe","x"\n\nC:\\>echo a, "b"\n'
    )
    assert [(detail.pid, detail.command_line, detail.line) for detail in _details(text)] == [
        (1, "first\n, second\nthird", 2),
        (2, "x", 5),
    ]


def test_command_line_of_two_lines() -> None:
    text = '"ProcessId","Name","CommandLine"\n"1","a.exe","first\nsecond"\n"2","b.exe","x"\n'
    assert [(detail.pid, detail.command_line, detail.line) for detail in _details(text)] == [
        (1, "first\nsecond", 2),
        (2, "x", 4),
    ]


def test_what_is_no_process_list() -> None:
    for text in ("The ProcessId is 12", "ProcessId\n\n", "ProcessId: 7\n", 'x,ProcessId\ny,"', "a ProcessId=7 b"):
        assert not recognise(text), text
        assert parse(text).problems == ()


def test_wmic_writes_five_entities_and_no_other() -> None:
    number = "&#" + "1" * 5000 + ";"  # Python refuses to read so long a number
    command = f"a.exe &amp;&lt;&gt;&quot;&apos; &amp;amp; &copy; {number}"
    (process,) = _details(f"Node,CommandLine,Name,ProcessId\nSRV1,{command},a.exe,1536\n")
    assert process.command_line == f"a.exe &<>\"' &amp; &copy; {number}"


@pytest.mark.parametrize("printed", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "٢٠١٩-01-01T00:00:00Z"])
def test_times_at_the_ends_of_the_calendar(printed: str) -> None:
    (process,) = _details(f'"Name","ProcessId","CreationDate"\n"a.exe","1536","{printed}"\n')
    assert process.created_at is None
