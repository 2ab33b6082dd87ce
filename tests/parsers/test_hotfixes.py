import re
from datetime import date

import pytest

from forensics.parsers.hotfixes import Hotfix, parse, recognise

from . import corpus


def _hotfixes(text: str) -> list[Hotfix]:
    return [fact for fact in parse(text).facts if isinstance(fact, Hotfix)]


@corpus.needs_corpus
@pytest.mark.parametrize(
    ("name", "bare_numbers", "first"),
    [
        ("wesng__10_1809_x64_pro_en-us_20190307_qfe.txt", 0, Hotfix("KB4486553", date(2019, 3, 7), "3/7/2019", 2)),
        (
            "wesng__7_sp1_x64_enterprise_en-us_20190305_qfe.txt",
            0,
            Hotfix("KB2849697", date(2015, 5, 22), "5/22/2015", 2),
        ),
        ("wesng__vista_x64_sp2_qfe.txt", 2, Hotfix("KB937286", date(2019, 3, 21), "01d4dfd0fb4eb361", 3)),
    ],
)
def test_real_files(name: str, bare_numbers: int, first: Hotfix) -> None:
    text = corpus.text(f"hotfix/{name}")
    hotfixes = _hotfixes(text)
    assert hotfixes[0] == first
    printed = re.findall(r"\bKB\d+(?=\s)", text)
    assert len(hotfixes) == len(printed) + bare_numbers
    assert {hotfix.kb for hotfix in hotfixes} >= set(printed)
    assert all(hotfix.installed_on for hotfix in hotfixes)
    assert parse(text).problems == ()
    # Other text in the rows may be in any language.
    assert _hotfixes(text.replace("Update", "更新プ").replace("Security", "セキュリ")) != []


@corpus.needs_corpus
def test_real_list_without_updates() -> None:
    assert _hotfixes(corpus.text("hotfix/wesng__xp_sp2_x86_qfe.txt")) == []


TABLE = """Caption                                     CSName  Description      FixComments  HotFixID   InstallDate  InstalledBy          InstalledOn  Name
http://support.microsoft.com/?kbid=2553549  SRV1    Security Update               KB2553549               NT AUTHORITY\\SYSTEM  {0}
http://support.microsoft.com/?kbid=976902   SRV1    Update                        KB976902                SRV1\\Administrator   11/21/2010
"""


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("3/27/2012", date(2012, 3, 27)),
        ("3/7/2012", date(2012, 3, 7)),
        ("20120327", date(2012, 3, 27)),
        ("01cd0c00f0000000", date(2012, 3, 27)),
        ("", None),
        ("someday", None),
        ("20121327", None),
    ],
)
def test_dates_in_a_table(printed: str, read: date | None) -> None:
    text = TABLE.format(printed)
    assert _hotfixes(text)[0] == Hotfix("KB2553549", read, printed, 2)
    assert [problem.line for problem in parse(text).problems] == ([] if read or not printed else [2])


@pytest.mark.parametrize("line_end", ["\r\r\n", "\r\n"])
def test_line_ends(line_end: str) -> None:
    text = TABLE.format("3/27/2012")
    assert _hotfixes(text.replace("\n", line_end)) == _hotfixes(text)


def test_wide_characters_that_shift_the_columns() -> None:
    text = TABLE.format("3/27/2012").replace("Security Update ", "セキュリティ更新 ")
    assert [(hotfix.kb, hotfix.installed_on) for hotfix in _hotfixes(text)] == [
        ("KB2553549", date(2012, 3, 27)),
        ("KB976902", date(2010, 11, 21)),
    ]


def test_wmic_csv() -> None:
    text = "\r\r\nNode,HotFixID,InstalledOn\r\r\nSRV1,KB2553549,3/7/2012\r\r\nSRV1,KB976902,11/21/2010\r\r\nSRV1,KB1"
    assert _hotfixes(text) == [
        Hotfix("KB2553549", date(2012, 3, 7), "3/7/2012", 3),
        Hotfix("KB976902", date(2010, 11, 21), "11/21/2010", 4),
    ]
    assert [problem.line for problem in parse(text).problems] == [5]


def test_wmic_list() -> None:
    block = "\r\r\n\r\r\nCaption=http://x/?kbid=1&amp;b\r\r\nHotFixID={0}\r\r\nInstalledOn={1}\r\r\nName=\r\r\n"
    text = block.format("KB2553549", "3/7/2012") + block.format("File 1", "") + block.format("Q147222", "")
    assert [(hotfix.kb, hotfix.installed_on) for hotfix in _hotfixes(text)] == [
        ("KB2553549", date(2012, 3, 7)),
        ("KB147222", None),
    ]


EXPORTED = """#TYPE System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering
"PSComputerName","InstalledOn","HotFixID","Description"
"SRV1","{0}","KB2553549","Security Update"
"SRV1","{1}","KB976902","Update, of
two lines"
"SRV1","{1}","KB971033","Update"
"""


@pytest.mark.parametrize(
    ("first", "second", "read"),
    [
        ("3/4/2012 12:00:00 AM", "11/21/2010 12:00:00 AM", date(2012, 3, 4)),
        ("3/4/2012 00:00:00", "21/11/2010 00:00:00", date(2012, 4, 3)),
        ("04.03.2012 00:00:00", "21.11.2010 00:00:00", date(2012, 3, 4)),
        ("2012-03-04", "2010-11-21", date(2012, 3, 4)),
        ("2012-03-04T00:00:00Z", "2010-11-21T00:00:00Z", date(2012, 3, 4)),
        ("3/4/2012 12:00:00 AM", "11/10/2010 12:00:00 AM", None),
        ("3/4/2012 00:00:00", "13/13/2010 00:00:00", None),
    ],
)
def test_powershell_csv(first: str, second: str, read: date | None) -> None:
    text = EXPORTED.format(first, second)
    hotfixes = _hotfixes(text)
    assert hotfixes[0] == Hotfix("KB2553549", read, first, 3)
    assert [(hotfix.kb, hotfix.line) for hotfix in hotfixes] == [("KB2553549", 3), ("KB976902", 4), ("KB971033", 6)]


def test_powershell_table() -> None:
    text = """PS C:\\> Get-HotFix

Source        Description      HotFixID      InstalledBy          InstalledOn
------        -----------      --------      -----------          -----------
SRV1          Security Update  KB2553549     NT AUTHORITY\\SYSTEM  27.03.2012 00:00:00
SRV1          Update           KB976902                           21.11.2010 00:00:00

PS C:\\>
"""
    assert [(hotfix.kb, hotfix.installed_on, hotfix.line) for hotfix in _hotfixes(text)] == [
        ("KB2553549", date(2012, 3, 27), 5),
        ("KB976902", date(2010, 11, 21), 6),
    ]


def test_what_is_no_list() -> None:
    for text in ("The HotFixID is KB2553549.", "HotFixID\nnone\n", "KB2553549 is installed"):
        assert not recognise(text), text
