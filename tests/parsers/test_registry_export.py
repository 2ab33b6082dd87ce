import re
import time

import pytest

from forensics.parsers.registry_export import RegistryKey, RegistryValue, Value, parse, recognise

from . import corpus

PARAMETERS = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"


def _keys(text: str) -> list[RegistryKey]:
    return [fact for fact in parse(text).facts if isinstance(fact, RegistryKey)]


def _only(assignment: str, version: str = "Windows Registry Editor Version 5.00") -> RegistryValue:
    parsed = parse(f"{version}\n\n[{PARAMETERS}]\n{assignment}\n")
    assert parsed.problems == ()
    (key,) = parsed.facts
    assert isinstance(key, RegistryKey)
    (value,) = key.values
    return value


@corpus.needs_corpus
def test_real_winsock_export() -> None:
    text = corpus.text("reg/cingchun__winsock2.reg")
    keys = _keys(text)
    assert len(keys) == len(re.findall(r"^\[HKEY", text, re.MULTILINE))
    assert sum(len(key.values) for key in keys) == len(re.findall(r'^(?:"|@=)', text, re.MULTILINE))
    parameters = keys[1]
    assert parameters.path.endswith("\\WinSock2\\Parameters")
    assert parameters.value("current_protocol_catalog") == "Protocol_Catalog9"
    callout = parameters.find("NameSpace_Callout")
    assert callout == RegistryValue("NameSpace_Callout", "REG_EXPAND_SZ", "%SystemRoot%\\System32\\fwpuclnt.dll", 8)
    entries = [key for key in keys if re.search(r"Protocol_Catalog9\\Catalog_Entries\\\d+$", key.path)]
    assert entries
    for entry in entries:
        packed = entry.value("PackedCatalogItem")
        assert isinstance(packed, bytes)
        assert len(packed) == 888  # MAX_PATH of ANSI, then WSAPROTOCOL_INFOW of 628 bytes
        assert packed.startswith(b"%SystemRoot%\\system32\\mswsock.dll\0") or b".dll\0" in packed[:260].lower()


@corpus.needs_corpus
def test_real_winsock_export_is_read_fast() -> None:
    text = corpus.text("reg/cingchun__winsock2.reg")
    start = time.perf_counter()
    assert recognise(text)
    parse(text)
    assert time.perf_counter() - start < 0.5  # takes 0.005 s; slow machines too must pass


@pytest.mark.parametrize(
    ("assignment", "kind", "value"),
    [
        ('"TcpTimedWaitDelay"=dword:0000001e', "REG_DWORD", 30),
        ('"MaxUserPort"=dword:0000fffe', "REG_DWORD", 65534),
        ('"a"="plain"', "REG_SZ", "plain"),
        ('"a"=""', "REG_SZ", ""),
        ('"a"="C:\\\\Program Files\\\\x \\"y\\" = z"', "REG_SZ", 'C:\\Program Files\\x "y" = z'),
        ('"a"="ends with a backslash\\\\"', "REG_SZ", "ends with a backslash\\"),
        ('"a"="two\nlines"', "REG_SZ", "two\nlines"),
        ('"a"=hex:de,ad,be,ef', "REG_BINARY", b"\xde\xad\xbe\xef"),
        ('"a"=hex:', "REG_BINARY", b""),
        ('"a"=hex(0):01', "REG_NONE", b"\x01"),
        ('"a"=hex(1):41,00,00,00', "REG_SZ", "A"),
        ('"a"=hex(2):25,00,41,00,25,00,00,00', "REG_EXPAND_SZ", "%A%"),
        ('"a"=hex(3):00,ff', "REG_BINARY", b"\x00\xff"),
        ('"a"=hex(4):1e,00,00,00', "REG_DWORD", 30),
        ('"a"=hex(5):00,00,00,1e', "REG_DWORD_BIG_ENDIAN", 30),
        ('"a"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00', "REG_MULTI_SZ", ("a", "bc")),
        ('"a"=hex(7):00,00', "REG_MULTI_SZ", ()),
        ('"a"=hex(b):00,80,3e,d5,de,b1,9d,01', "REG_QWORD", 0x019DB1DED53E8000),
        ('"a"=hex(b):00', "REG_QWORD", b"\x00"),
        ('"a"=hex(20001):01', "hex(20001)", b"\x01"),
        ('"a"=hex(2):41,00,\\\n  42,00,\\\n  00,00', "REG_EXPAND_SZ", "AB"),
    ],
)
def test_types(assignment: str, kind: str, value: Value) -> None:
    read = _only(assignment)
    assert (read.type, read.value, read.line) == (kind, value, 4)


def test_names() -> None:
    assert _only('@="default"').name == "@"
    assert _only('"a \\"b\\" = \\\\c"=dword:00000001').name == 'a "b" = \\c'
    assert _only('"名前"="x"').name == "名前"


def test_regedit4_is_in_ansi() -> None:
    value = _only('"a"=hex(7):61,62,00,e4,00,00', "REGEDIT4")
    assert value.value == ("ab", "ä")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends(line_end: str) -> None:
    text = f'[{PARAMETERS}]\n"a"=hex(2):41,00,\\\n  42,00,00,00\n"b"=dword:00000002\n'.replace("\n", line_end)
    (key,) = _keys(text)
    assert [(value.name, value.value, value.line) for value in key.values] == [("a", "AB", 2), ("b", 2, 4)]


def test_keys_with_brackets_and_deleted_keys() -> None:
    text = f'[{PARAMETERS}\\a]b[c]\n"x"=dword:00000001\n\n[-{PARAMETERS}\\gone]\n"y"=-\n\n[{PARAMETERS}]\n"z"=-\n'
    parsed = parse(text)
    assert [(key.path.removeprefix(PARAMETERS), key.line, len(key.values)) for key in _keys(text)] == [
        ("\\a]b[c", 1, 1),
        ("", 7, 0),
    ]
    assert [problem.line for problem in parsed.problems] == [4]


def test_damage_costs_only_itself() -> None:
    text = f"""[{PARAMETERS}]
"a"=dword:0000001e
"b"=dword:xyz
"c"=hex:0g
"d"="never closed
"e"=dword:00000001
[HKEY_LOCAL_MACHINE\\SOFT
"lost"=dword:00000001
[{PARAMETERS}\\Interfaces]
"f"=dword:00000002
"""
    first, second = _keys(text)
    assert [value.name for value in first.values] == ["a", "e"]
    assert [value.name for value in second.values] == ["f"]
    assert [problem.line for problem in parse(text).problems] == [3, 4, 5, 7]


def test_output_of_other_programs_after_an_export() -> None:
    text = f'[{PARAMETERS}]\n"a"=dword:0000001e\n\n"smss.exe","316"\n'
    assert _keys(text)[0].value("a") == 30
    assert parse(text).problems == ()
    assert [problem.line for problem in parse(text.replace("\n\n", "\n")).problems] == [3]


def test_damaged_query() -> None:
    text = f"{PARAMETERS}\n    a    REG_DWORD    0xzz\n    b    REG_BINARY    0\n    c    REG_DWORD    0x1\n"
    assert [value.name for value in _keys(text)[0].values] == ["c"]
    assert [problem.line for problem in parse(text).problems] == [2, 3]


def test_cut_short_everywhere() -> None:
    text = f'Windows Registry Editor Version 5.00\n\n[{PARAMETERS}]\n"a"=dword:0000001e\n"b"=hex(7):61,00,\\\n  00,00\n'
    for end in range(len(text)):
        for key in _keys(text[:end]):
            assert key.path == PARAMETERS
            assert key.value("a") in (None, 30, 0x1, 0, 1), end


def test_reg_query() -> None:
    text = f"""C:\\>reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters

{PARAMETERS}
    (Standard)    REG_SZ    x
    TcpTimedWaitDelay    REG_DWORD    0x1e
    Two Words    REG_EXPAND_SZ    %SystemRoot%\\a  b
    List    REG_MULTI_SZ    a b\\0c
    Raw    REG_BINARY    DEAD
    Empty    REG_SZ
    Large    REG_QWORD    0x19db1ded53e8000

{PARAMETERS}\\Interfaces

"""
    key, interfaces = _keys(text)
    assert recognise(text)
    assert [(value.name, value.value) for value in key.values] == [
        ("@", "x"),
        ("TcpTimedWaitDelay", 30),
        ("Two Words", "%SystemRoot%\\a  b"),
        ("List", ("a b", "c")),
        ("Raw", b"\xde\xad"),
        ("Empty", ""),
        ("Large", 0x019DB1DED53E8000),
    ]
    assert (key.line, key.values[1].line, interfaces.values) == (3, 5, ())


def test_reg_query_of_windows_xp() -> None:
    text = f"! REG.EXE VERSION 3.0\n\n{PARAMETERS}\n    <NO NAME>\tREG_SZ\t\n    MaxUserPort\tREG_DWORD\t0xfffe\n"
    (key,) = _keys(text)
    assert recognise(text)
    assert key.value("maxuserport") == 65534
    assert key.value("@") == ""


def test_what_is_no_export() -> None:
    for text in (
        "Set HKEY_LOCAL_MACHINE\\SYSTEM\\x to 1",
        "The key [HKEY_LOCAL_MACHINE\\SYSTEM] is meant",
        "HKEY_LOCAL_MACHINE\\SYSTEM\\x\nis the key",
        "[section]\nkey=1\n",
    ):
        assert not recognise(text), text


def test_large_exports_take_linear_time() -> None:
    key = f'[{PARAMETERS}\\{{n}}]\n"DisplayName"="Program"\n"Size"=dword:00000010\n"Icon"=hex:{"00,11," * 500}00\n\n'
    text = key * 2000
    start = time.perf_counter()
    assert len(_keys(text)) == 2000
    assert time.perf_counter() - start < 3  # 6 MB; takes 0.1 s


@pytest.mark.parametrize(
    "rest",
    [
        "\\",  # the file ends
        "\\\n",
        "\\\n\n",
        "\\\n[HKEY_LOCAL_MACHINE\\SOFTWARE]\n",
        '\\\n"b"=dword:00000001\n',
        "",  # cut behind the comma
    ],
)
def test_of_data_that_were_cut_nothing_is_believed(rest: str) -> None:
    parsed = parse(f'[{PARAMETERS}]\n"DataBasePath"=hex(2):43,00,3a,00,{rest}')
    key, *others = (fact for fact in parsed.facts if isinstance(fact, RegistryKey))
    assert key.value("DataBasePath") is None
    assert parsed.problems[0].line == 2
    assert key.value("b") == (1 if '"b"' in rest else None)
    assert [other.path for other in others] == (["HKEY_LOCAL_MACHINE\\SOFTWARE"] if "SOFTWARE" in rest else [])


@pytest.mark.parametrize(("digits", "value"), [("0000001e", 30), ("1e", None), ("000000", None)])
def test_a_number_at_the_end_of_a_file_may_be_half_a_number(digits: str, value: int | None) -> None:
    text = f'[{PARAMETERS}]\n"TcpTimedWaitDelay"=dword:{digits}'
    (key,) = _keys(text)
    assert key.value("TcpTimedWaitDelay") == value
    (key,) = _keys(f"{text}\n")
    assert key.value("TcpTimedWaitDelay") == int(digits, 16)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("REG_DWORD", "-0x1"),
        ("REG_DWORD", "0x-1"),
        ("REG_DWORD", "0x123456789"),
        ("REG_DWORD", "0x1_0"),
        ("REG_QWORD", "٣"),
    ],
)
def test_what_reg_query_never_prints_is_no_number(kind: str, data: str) -> None:
    parsed = parse(f"{PARAMETERS}\n    MaxUserPort    {kind}    {data}\n")
    (key,) = (fact for fact in parsed.facts if isinstance(fact, RegistryKey))
    assert key.values == ()
    assert [problem.line for problem in parsed.problems] == [2]
