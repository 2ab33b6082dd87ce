import pytest

from forensics.parsers.drivers import Driver, parse, recognise

from .scramble import scramble

VERBOSE = """"Module Name","Display Name","Description","Driver Type","Start Mode","State","Status","Accept Stop","Accept Pause","Paged Pool(bytes)","Code(bytes)","BSS(bytes)","Link Date","Path","Init(bytes)"
"ACPI","Microsoft ACPI Driver","Microsoft ACPI Driver","Kernel ","Boot","Running","OK","TRUE","FALSE","135,168","102,400","0","11/20/2010 1:19:16 AM","C:\\Windows\\system32\\drivers\\ACPI.sys","8,192"
"SRTSPX","Symantec Real Time, Storage","x","Kernel ","System","Running","OK","TRUE","FALSE","4.096","2","0","","C:\\Windows\\System32\\Drivers\\SRTSPX64.SYS","4"
"""
PLAIN = """"Modulname","Anzeigename","Treibertyp","Linkdatum"
"AFD","Treiber für zusätzliche Funktionen für Winsock","Kernel ","27.12.2011 04:59:20"
"""
TABLE = """
Module Name  Display Name           Driver Type   Link Date
============ ====================== ============= ======================
1394ohci     1394 OHCI Compliant Ho Kernel        11/20/2010 2:44:56 AM
ACPI         Microsoft ACPI Driver  Kernel        11/20/2010 1:19:16 AM

"""


def _drivers(text: str) -> list[Driver]:
    return [fact for fact in parse(text).facts if isinstance(fact, Driver)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_verbose_csv(line_end: str) -> None:
    text = VERBOSE.replace("\n", line_end)
    assert recognise(text)
    acpi, symantec = _drivers(text)
    path = "C:\\Windows\\system32\\drivers\\ACPI.sys"
    assert acpi == Driver(
        "ACPI", "Microsoft ACPI Driver", "Kernel", "Boot", "Running", path, "11/20/2010 1:19:16 AM", 2
    )
    assert (symantec.module, symantec.display_name, symantec.link_date_text) == (
        "SRTSPX",
        "Symantec Real Time, Storage",
        "",
    )


def test_plain_csv_and_table() -> None:
    name = "Treiber für zusätzliche Funktionen für Winsock"
    assert _drivers(PLAIN) == [Driver("AFD", name, "Kernel", "", "", "", "27.12.2011 04:59:20", 2)]
    assert _drivers(TABLE) == [
        Driver("1394ohci", "1394 OHCI Compliant Ho", "Kernel", "", "", "", "11/20/2010 2:44:56 AM", 4),
        Driver("ACPI", "Microsoft ACPI Driver", "Kernel", "", "", "", "11/20/2010 1:19:16 AM", 5),
    ]


def test_random_headings() -> None:
    for seed in range(10):
        for text, heading in ((VERBOSE, "(.*Path.*)"), (PLAIN, "(.*Modulname.*)"), (TABLE, "(.*Module.*)")):
            assert _drivers(scramble(text, heading, seed)) == _drivers(text)


def test_other_tables_of_the_same_shape() -> None:
    assert not recognise(TABLE.replace("ACPI ", "Word "))
    assert not recognise(VERBOSE.replace('"ACPI"', '"Word"'))


def test_cut_short() -> None:
    assert len(_drivers(VERBOSE[: VERBOSE.index("SRTSPX64")])) == 1
