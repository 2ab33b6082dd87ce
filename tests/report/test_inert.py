import msgspec
import pytest

from forensics.report.inert import inert, inert_findings

from .cases import hostile, sample


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\r\nfeed\u2028", "line\\r\\nfeed\\u2028"),
        ("\x00", "\\x00"),
        ("tab\tbed", "tab bed"),
        ("\ud800", "\\ud800"),
        ("协议\u3000本地地址", "协议\u3000本地地址"),
        ("Журнал 東京 é", "Журнал 東京 é"),
        ("tag\U000e0041 \ufffe\uffff\ue000", "tag\\U000e0041 \\ufffe\\uffff\\ue000"),
        ("a\u034fb\u3164c\u115fd\u2800", "a\\u034fb\\u3164c\\u115fd\\u2800"),
        ("Z" + "\u0335" * 7, "Z" + "\u0335" * 5 + "\\u0335" * 2),
        ("a" + "\ufe00" * 6, "a" + "\ufe00" * 5 + "\\ufe00"),
        ("שָׁלוֹם مَرْحَبًا ไทยนี้ नमस्ते", "שָׁלוֹם مَرْحَبًا ไทยนี้ नमस्ते"),
    ],
)
def test_control_and_bidi_characters_are_spelled_out(raw: str, shown: str) -> None:
    assert inert(raw) == shown


def test_no_string_of_the_findings_is_forgotten() -> None:
    known = inert_findings(hostile())
    shown = repr(known)
    assert "\\x1b" in shown
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_endless_strings_end() -> None:
    host = inert_findings(hostile()).bundle.host
    assert host.endswith("x…")
    assert len(host) < 1100


def test_a_string_that_is_spelled_out_ends_too() -> None:
    known = sample("healthy")
    long = msgspec.structs.replace(known, bundle=msgspec.structs.replace(known.bundle, host="\U000e0041" * 5000))
    assert len(inert_findings(long).bundle.host) == 1001


def test_times_and_figures_stay() -> None:
    before, after = hostile(), inert_findings(hostile())
    assert after.bundle.collected_at == before.bundle.collected_at
    assert after.measurements.time_wait == before.measurements.time_wait
