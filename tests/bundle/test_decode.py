"""Every encoding that Windows tools leave behind, in every language of the sample builder."""

import os
import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from builder import console
from builder.languages import LANGUAGES, Language

from forensics.bundle.code_page import guess_code_page
from forensics.bundle.decode import decode, is_binary

ROWS = "  TCP    10.0.0.5:49153         203.0.113.9:443        TIME_WAIT       0\r\n"
CORPUS = os.environ.get("FORENSICS_CORPUS")

# Written by hand: the heading as people of each language know it, and their console's code page.
HEADINGS = {
    "zh-CN": ("cp936", "活动连接\r\n\r\n  协议  本地地址          外部地址        状态           PID\r\n"),
    "ja-JP": ("cp932", "アクティブな接続\r\n\r\n  プロトコル  ローカル アドレス      外部アドレス           状態            PID\r\n"),
    "ko-KR": ("cp949", "활성 연결\r\n\r\n  프로토콜  로컬 주소              외부 주소              상태            PID\r\n"),
    "zh-TW": ("cp950", "使用中連線\r\n\r\n  協定   本機位址               外部位址               狀態            PID\r\n"),
    "ru-RU": ("cp866", "Активные подключения\r\n\r\n  Имя    Локальный адрес        Внешний адрес          Состояние       PID\r\n"),
    "fr-FR": ("cp850", "Connexions actives\r\n\r\n  Proto  Adresse locale         Adresse distante       État            PID\r\n"),
    "es-ES": ("cp850", "Conexiones activas\r\n\r\n  Proto  Dirección local        Dirección remota       Estado          PID\r\n"),
    "pt-BR": ("cp850", "Conexões ativas\r\n\r\n  Proto  Endereço local         Endereço externo       Estado          PID\r\n"),
    "de-DE": ("cp850", "Aktive Verbindungen\r\n  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         832\r\n"),
    "pl-PL": ("cp852", "Aktywne połączenia\r\n  Protokół  Adres lokalny  Obcy adres\r\n"),
    "cs-CZ": ("cp852", "Aktivní připojení\r\n  Proto  Místní adresa  Cizí adresa\r\n"),
    "tr-TR": ("cp857", "Etkin Bağlantılar\r\n  İl.Kr. Yerel Adres  Yabancı Adres\r\n"),
    "el-GR": ("cp737", "Ενεργές συνδέσεις\r\n  Τοπική διεύθυνση  Εξωτερική διεύθυνση\r\n"),
}  # fmt: skip


def phrases(value: object) -> set[str]:
    """Every string of a language."""
    if isinstance(value, str):
        return {value}
    if is_dataclass(value):
        return set().union(*(phrases(getattr(value, field.name)) for field in fields(value)))
    if isinstance(value, dict):
        return phrases(tuple(value.values()))
    return set().union(*map(phrases, value)) if isinstance(value, tuple) else set()


def pages(language: Language) -> set[str]:
    return {language.oem_codepage, language.ansi_codepage}


@pytest.mark.parametrize("tag", HEADINGS)
@pytest.mark.parametrize("rows", [0, 1, 2000])
def test_headings_in_the_console_code_page(tag: str, rows: int) -> None:
    encoding, heading = HEADINGS[tag]
    text = heading + ROWS * rows
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.damaged) == (text, 0)


@pytest.mark.parametrize("tag", HEADINGS)
@pytest.mark.parametrize("stray", [b"", b"\n"])
@pytest.mark.parametrize(
    ("mark", "encoding", "label"),
    [
        (b"\xff\xfe", "utf-16-le", "utf-16-le with BOM"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be", "utf-16-be with BOM"),
        (b"", "utf-16-be", "utf-16-be"),
    ],
)
def test_utf_16_with_and_without_mark_and_stray_byte(
    tag: str, stray: bytes, mark: bytes, encoding: str, label: str
) -> None:
    text = HEADINGS[tag][1]
    data = mark + text.encode(encoding) + stray
    assert (decode(data).text, decode(data).encoding, decode(data).damaged) == (text, label, 0)
    assert not is_binary(data)


@pytest.mark.parametrize("tag", HEADINGS)
@pytest.mark.parametrize(("encoding", "label"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig")])
def test_utf_8(tag: str, encoding: str, label: str) -> None:
    text = HEADINGS[tag][1]
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, label)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_whose_beginning_is_long_and_not_ascii(encoding: str) -> None:
    note = ("一二三四五六七八九十开言倀" * 5 + "\r\n") * 400  # characters with a zero in their low byte among them
    text = note + HEADINGS["zh-CN"][1] + ROWS * 10
    assert decode(text.encode(encoding)).text == text
    assert not is_binary(text.encode(encoding))


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_phrase_in_its_console_code_page(language: Language) -> None:
    # A blank alone can mean anything.
    for phrase in phrases(language) - {"\N{NO-BREAK SPACE}"}:
        try:
            data = phrase.encode(language.oem_codepage)
        except UnicodeEncodeError:
            continue
        assert decode(data).text == phrase
        assert decode(data, (language.oem_codepage, language.ansi_codepage)).text == phrase


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_text_in_either_code_page_of_the_machine(language: Language) -> None:
    for page in pages(language):
        lines = [line for line in sorted(phrases(language)) if not line.isspace()]
        text = "\r\n".join(line.encode(page, "replace").decode(page) for line in lines)
        assert decode(text.encode(page)).text == text


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_tables_of_netsh(language: Language) -> None:
    data = console.oem(language, [language.dynamic_ports[0].format("tcp"), f"{language.dynamic_ports[1]} : 49152"])
    assert decode(data).text == data.decode(language.oem_codepage)


def test_thousands_are_parted_by_a_blank_that_is_no_letter() -> None:
    text = "Mémoire physique totale:  4\N{NO-BREAK SPACE}096 Mo\r\n"
    assert decode(text.encode("cp850")).text == text
    assert decode(text.encode("cp1252")).text == text


def test_oem_bytes_that_an_editor_saved_again_stay_as_they_are() -> None:
    spoilt = "  TCP    0.0.0.0:135    0.0.0.0:0    ABHÖREN    832\r\n".encode("cp850").decode("cp1252")
    assert "ABH™REN" in spoilt
    assert decode(spoilt.encode("utf-8")).text == spoilt


def test_utf_8_that_was_cut_or_has_a_foreign_byte() -> None:
    data = (HEADINGS["zh-CN"][1] * 3).encode()
    assert decode(data + "状".encode()[:2]).encoding == "utf-8"
    assert decode(data + "状".encode()[:2]).damaged == 1
    assert decode(data + b"\xff\r\n").encoding == "utf-8"


def test_a_manifests_code_page_decides_where_letters_fit_several() -> None:
    data = b"\x8d\xa1\xa2"  # letters in many code pages
    for page in ("cp850", "cp852", "cp866", "cp437"):
        assert guess_code_page(b"", (page,)) == page
    assert decode("Größe".encode("cp437"), ("cp437",)).encoding == "cp437"
    assert decode("Größe".encode("cp850"), ("cp850",)).encoding == "cp850"
    assert decode(data, ("cp1250",)).text


def test_no_bytes_raise() -> None:
    for seed in range(256):
        data = bytes((seed * position * 7 + position // 3) % 256 for position in range(seed * 3))
        assert isinstance(decode(data, ("cp932", "utf-8")).text, str)
        is_binary(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        bytes(5000),
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00\x01\x00\x00\x00" * 30,
        b"".join(number.to_bytes(4, "little") for number in range(3000)),
        b"".join(number.to_bytes(2, "little") for number in range(3000)),
    ],
)
def test_binary_data_is_told(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize("data", [b"", b"plain\r\n", b"\x1b[32mcolour\x1b[0m\r\n" * 9, b"old DOS file\r\n\x1a"])
def test_text_is_no_binary_data(data: bytes) -> None:
    assert not is_binary(data)


def test_a_large_netstat_costs_little() -> None:
    data = (HEADINGS["zh-CN"][1] + ROWS * 15_000).encode("cp936")
    times = []
    for _ in range(5):
        before = time.perf_counter()
        decode(data)
        times.append(time.perf_counter() - before)
    # 10 ms on the machine this was written on; decoding alone takes 5 of them.
    assert min(times) < 0.1


@pytest.mark.parametrize("size", [1, 20])
def test_time_grows_with_the_size(size: int) -> None:
    data = ("ü" * 100_000 * size).encode("cp850")
    before = time.perf_counter()
    decode(data)
    assert time.perf_counter() - before < 0.2 * size


@pytest.mark.skipif(not CORPUS, reason="FORENSICS_CORPUS is not set")
def test_real_netstat_files_decode_without_damage() -> None:
    files = sorted(Path(str(CORPUS), "netstat").glob("*"))
    assert files
    for file in files:
        decoded = decode(file.read_bytes())
        assert decoded.damaged == 0, file.name
        assert "TCP" in decoded.text, file.name


def test_long_lines_of_xml_in_utf_16_without_a_mark_are_text() -> None:
    event = (
        "<Event><System><Provider Name='EventLog'/></System><EventData>"
        + "<Data>x</Data>" * 80
        + "</EventData></Event>"
    )
    data = f"{event}\r\n{event}\r\n".encode("utf-16-le")
    assert not is_binary(data)
    assert decode(data).encoding == "utf-16-le"
