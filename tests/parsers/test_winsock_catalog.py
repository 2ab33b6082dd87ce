import re
import time

import pytest

from forensics.parsers import winsock_catalog
from forensics.parsers.winsock_catalog import CatalogEntry, parse, recognise

from . import hostile
from .scramble import scramble

SAMPLE = hostile.sample(winsock_catalog)
RULE = "-" * 54

# Windows 10 with a layered provider on a 64-bit system: the 32-bit catalog follows with IDs of its own (moby/moby #27423).
WINDOWS_10 = rf"""
Winsock Catalog Provider Entry
{RULE}
Entry Type:                         Layered Service Provider
Description:                        LavasoftLSP
Provider ID:                        {{2B611370-2190-4059-9AF8-5BC0F58FB742}}
Provider Path:                      C:\WINDOWS\system32\LavasoftTcpService64.dll
Catalog Entry ID:                   1031
Version:                            2
Address Family:                     2
Max Address Length:                 16
Min Address Length:                 16
Socket Type:                        1
Protocol:                           6
Service Flags:                      0x66
Protocol Chain Length:              0

Winsock Catalog Provider Entry
{RULE}
Entry Type:                         Base Service Provider (32)
Description:                        RSVP UDP Service Provider
Provider ID:                        {{9D60A9E0-337A-11D0-BD88-0000C082E69A}}
Provider Path:                      %SystemRoot%\system32\mswsock.dll
Catalog Entry ID:                   1005
Version:                            2
Address Family:                     2
Max Address Length:                 16
Min Address Length:                 16
Socket Type:                        2
Protocol:                           17
Service Flags:                      0x22609
Protocol Chain Length:              1
"""
CHINESE = rf"""
Winsock 目录提供程序项
{RULE}
项类型:                             基本服务提供程序(32)
描述:                               RSVP UDP 服务提供商
提供程序 ID:                        {{9D60A9E0-337A-11D0-BD88-0000C082E69A}}
提供程序路径:                       %SystemRoot%\system32\mswsock.dll
目录项 ID:                          1005
版本:                               2
地址族:                             2
最大地址长度:                       16
最小地址长度:                       16
Socket 类型:                        2
协议:                               17
服务标志:                           0x22609
协议链长度:                         1
"""
# Windows XP and Server 2003 list NetBIOS once for each adapter, whose GUID is part of the description.
NETBIOS = SAMPLE.replace(
    "MSAFD Tcpip [TCP/IP]\n",
    "MSAFD NetBIOS [\\Device\\NetBT_Tcpip_{3BFD7820-D65C-4C1B-9FEA-983A019639EA}] SEQPACKET 0\n",
    1,
)
BCDEDIT = """
Windows Boot Manager with a long title, for once
------------------------------------------------
identifier              {bootmgr}
displayorder            {9dea862c-5cdd-4e70-acc1-f32b344d4795}
path                    \\Windows\\system32\\winload.exe
"""
TCP_GLOBAL = (
    f"TCP Global Parameters\n{RULE}\nReceive-Side Scaling State          : enabled\nChimney Offload State : automatic\n"
)


def entries(text: str) -> list[CatalogEntry]:
    return [fact for fact in parse(text).facts if isinstance(fact, CatalogEntry)]


def kinds(text: str) -> list[str]:
    return [entry.kind for entry in entries(text)]


def test_one_entry_of_each_kind() -> None:
    assert recognise(SAMPLE)
    parsed = parse(SAMPLE)
    assert parsed.problems == ()
    assert parsed.summary == "4 providers, 1 layered"
    assert [(entry.kind, entry.provider_path, entry.entry_id, entry.chain) for entry in entries(SAMPLE)] == [
        ("base", "%SystemRoot%\\system32\\mswsock.dll", 1002, ()),
        ("layered", "C:\\Windows\\system32\\ASProxy.dll", 1019, ()),
        ("chain", "C:\\Windows\\system32\\ASProxy.dll", 1020, (1019, 1002)),
        ("namespace", "", None, ()),
    ]


def test_the_line_is_where_the_path_stands() -> None:
    lines = SAMPLE.split("\n")
    for entry in entries(SAMPLE):
        assert (entry.provider_path or entry.description) in lines[entry.line - 1]


def test_64_bit_system() -> None:
    assert entries(WINDOWS_10) == [
        CatalogEntry("layered", "LavasoftLSP", r"C:\WINDOWS\system32\LavasoftTcpService64.dll", "{2B611370-2190-4059-9AF8-5BC0F58FB742}", 1031, (), 7),
        CatalogEntry("base", "RSVP UDP Service Provider", r"%SystemRoot%\system32\mswsock.dll", "{9D60A9E0-337A-11D0-BD88-0000C082E69A}", 1005, (), 23),
    ]  # fmt: skip


def test_chinese() -> None:
    assert recognise(CHINESE)
    (only,) = entries(CHINESE)
    assert (only.kind, only.description, only.entry_id, only.line) == ("base", "RSVP UDP 服务提供商", 1005, 7)
    assert entries(CHINESE.replace(":", "：")) == entries(CHINESE)


def test_random_labels() -> None:
    for seed in range(20):
        labels = scramble(SAMPLE, r"([^:]*):.*", seed)
        assert labels != SAMPLE
        assert entries(labels) == entries(SAMPLE)


def test_a_description_that_holds_a_guid_is_no_provider_id() -> None:
    first = entries(NETBIOS)[0]
    assert first.description.endswith("] SEQPACKET 0")
    assert first.provider_id == "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}"
    assert kinds(NETBIOS) == kinds(SAMPLE)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_line_ends(line_end: str) -> None:
    text = SAMPLE.replace("\n", line_end)
    assert recognise(text)
    assert entries(text) == entries(SAMPLE)


def test_entries_without_blank_lines_between_them() -> None:
    pasted = re.sub(r"\n\n(?=    (?:Winsock|Name Space) )", "\n", SAMPLE)
    assert pasted != SAMPLE
    assert kinds(pasted) == kinds(SAMPLE)


@pytest.mark.parametrize(
    ("length", "kind"), [("0", "layered"), ("1", "base"), ("2", "chain"), ("7", "chain"), ("x", "")]
)
def test_the_length_of_the_chain_tells_the_kind(length: str, kind: str) -> None:
    assert (
        kinds(re.sub("(Chain Length:  +)1", rf"\g<1>{length}", CHINESE.replace("协议链长度:", "Chain Length:")))[0]
        == kind
    )


def test_what_is_missing_is_a_problem() -> None:
    chain = SAMPLE.replace("1019 : 1002", "1019")
    assert [(entry.kind, entry.chain) for entry in entries(chain)][2] == ("chain", ())
    assert [problem.line for problem in parse(chain).problems] == [42]
    no_id = SAMPLE.replace("{E26DCE69-", "{E26DCE6-")
    assert kinds(no_id) == ["base", "chain", "namespace"]
    assert [problem.message for problem in parse(no_id).problems] == ["a provider without its ID"]
    no_path = SAMPLE.replace("    Provider Path:                      C:\\Windows\\system32\\ASProxy.dll\n", "")
    assert kinds(no_path) == ["base", "namespace"]
    assert len(parse(no_path).problems) == 2


def test_cut_short() -> None:
    for end in range(len(SAMPLE)):
        cut = entries(SAMPLE[:end])
        assert all(mine.kind in (whole.kind, "") for mine, whole in zip(cut, entries(SAMPLE), strict=False)), end
        assert all(entry.kind or parse(SAMPLE[:end]).problems for entry in cut), end


def test_other_text_under_a_rule() -> None:
    for text in (BCDEDIT, TCP_GLOBAL, f"{RULE}\n", SAMPLE.replace(RULE, "-" * 33)):
        assert not recognise(text)
        assert parse(text).problems == ()


@pytest.mark.parametrize(
    "piece", [f"{RULE}\n", f"{RULE}\na: b\n", "a: b\n", f"{RULE}\nc: {{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}}\n"]
)
def test_time_is_linear(piece: str) -> None:
    # A quarter of a million characters take 0.05 s; a block that did not end at the next rule would take minutes.
    text = SAMPLE + piece * (250_000 // len(piece))
    start = time.perf_counter()
    assert kinds(text)[:4] == kinds(SAMPLE)
    assert time.perf_counter() - start < 2


def test_a_name_space_without_a_description_is_cut_short() -> None:
    text = f"{'-' * 54}\nDescription:\nProvider ID: {{6642243A-3BA8-4AA6-BAA5-2E0BD71FDD83}}\na: 15\nb: 1\nc: 0\n"
    assert parse(text).facts == ()
    assert [problem.line for problem in parse(text).problems] == [3]
