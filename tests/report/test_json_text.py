"""JSON that can be printed: the same strings, nothing that acts."""

import json

import msgspec
import pytest

from forensics.report.findings import Findings, encode
from forensics.report.json_text import encode_json

from .cases import NAMES, sample


@pytest.mark.parametrize(
    "text",
    [
        "\x7f\x80\x9b31m\xad",
        "\u202e\u2066\u200b\ufeff\u2028\u2029\x85",
        "\U000e0041\ufffe\uffff\ue000",
        '"\\\n\x1b</script>',
    ],
)
def test_strings_come_back_and_none_acts(text: str) -> None:
    data = encode_json({text: [text]})
    assert json.loads(data) == {text: [text]}
    assert all(char.isprintable() or char == "\n" for char in data.decode())


def test_scripts_stay_as_they_are() -> None:
    assert "中文\u3000 Кириллица é שלום" in encode_json(["中文\u3000 Кириллица é שלום"]).decode()


def test_half_a_character_is_spelled_out() -> None:
    """The name of a file that is no UTF-8: json.loads would read it as it is, other programs refuse it."""
    assert json.loads(encode_json({"a\udce9": ["caf\udce9.txt", 1, None]})) == {"a\\udce9": ["caf\\udce9.txt", 1, None]}


@pytest.mark.parametrize("name", NAMES)
def test_the_findings_come_back(name: str) -> None:
    known = sample(name)
    assert msgspec.json.decode(encode(known), type=Findings) == known
