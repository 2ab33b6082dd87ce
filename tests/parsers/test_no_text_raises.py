"""No text, however damaged, raises or takes long, in any text parser of the program."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.parsed import Parsed, Problem
from forensics.parsers import TextParser, remaining_text_parsers, text_parsers

from . import hostile

PARSERS = (*text_parsers(), *remaining_text_parsers())
SAMPLES = [hostile.sample(parser) for parser in PARSERS]
# Signs that mean something to one parser or another, and characters that mean too much to Python.
FRAGMENTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            '"',
            ",",
            "=",
            ":",
            "[",
            "]",
            "\\",
            "-----",
            "=====",
            "\r",
            "\n",
            "\r\r\n",
            "\u2028",
            "\x0c",
            "\x00",
            "٣",
            "²",
            "９",
            "\ud7ff",
            "9" * 30,
            "9" * 5000,
            "0x",
            "hex(b):",
            "TCP ",
            "[01]: ",
            "KB1234567",
            "00010101000000.000000+999",
            "1/1/0001",
            "\u200e",
            " : enabled",
            "ECN",
            "AvailableBytes,",
            "SettingName : ",
        ]
    ),
)


def _check(parser: TextParser, text: str) -> Parsed:
    recognised = parser.recognise(text)
    parsed = parser.parse(text)
    assert isinstance(recognised, bool)
    assert isinstance(parsed, Parsed)
    assert isinstance(parsed.summary, str)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(isinstance(problem, Problem) for problem in parsed.problems)
    assert all(problem.line is None or 1 <= problem.line <= lines for problem in parsed.problems)
    assert all(0 <= getattr(fact, "line", 1) <= lines for fact in parsed.facts)
    hash(parsed.facts)  # facts are frozen all the way down
    return parsed


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
@given(text=st.text())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text(parser: TextParser, text: str) -> None:
    _check(parser, text)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_samples(parser: TextParser, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([hostile.sample(parser), hostile.sample(parser), *SAMPLES]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 200)))
        change = data.draw(st.sampled_from(["delete", "insert", "replace", "repeat", "cut"]))
        fragment = data.draw(FRAGMENTS)
        text = {
            "delete": text[:start] + text[end:],
            "insert": text[:start] + fragment + text[start:],
            "replace": text[:start] + fragment + text[end:],
            "repeat": text[:start] + text[start:end] * 3 + text[end:],
            "cut": text[:end],
        }[change]
    _check(parser, text)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
def test_samples_cut_short_everywhere(parser: TextParser) -> None:
    text = hostile.sample(parser)
    for end in range(len(text)):
        _check(parser, text[:end])


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
def test_time_is_linear(parser: TextParser) -> None:
    # 8,000 characters take 5 ms at most; anything quadratic takes half a second.
    for text in hostile.texts(8_000):
        start = time.perf_counter()
        _check(parser, text)
        assert time.perf_counter() - start < 0.3, text[:80]
