import pytest

from forensics.parsers.fltmc import Minifilter, parse, recognise

from .scramble import scramble

TABLE = """
Filter Name                     Num Instances    Altitude    Frame
------------------------------  -------------  ------------  -----
Backup Agent                            0       389020.5       0
luafv                                   1       135000         0
oldfilter                                                    <Legacy>

"""
SERVER_2003 = """
Filter Name                     Num Instances    Frame
------------------------------  -------------  -----
SymEFA                                  3         0
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_table(line_end: str) -> None:
    text = TABLE.replace("\n", line_end)
    assert recognise(text)
    assert parse(text).facts == (
        Minifilter("Backup Agent", 0, "389020.5", 0, 4),
        Minifilter("luafv", 1, "135000", 0, 5),
        Minifilter("oldfilter", None, "", None, 6),
    )


def test_server_2003_has_no_altitude() -> None:
    assert parse(SERVER_2003).facts == (Minifilter("SymEFA", 3, "", 0, 4),)


def test_french_heading() -> None:
    french = TABLE.replace("Filter Name  ", "Nom de filtre").replace(
        "Num Instances    Altitude    Frame", "Nom. d’instn.  Altitude      Cadre"
    )
    assert parse(french).facts == parse(TABLE).facts


def test_random_headings() -> None:
    for seed in range(10):
        assert parse(scramble(TABLE, "(.*Altitude.*)", seed)).facts == parse(TABLE).facts


def test_other_tables() -> None:
    assert not recognise("Name  Value\n----  -----\na     1\n")
    assert not recognise(TABLE[: TABLE.index("Backup")])


def test_cut_short() -> None:
    assert parse(TABLE[: TABLE.index("135000") + 6]).facts == (Minifilter("Backup Agent", 0, "389020.5", 0, 4),)
