"""No text, however damaged, raises, takes long, or becomes a fact without a source, in any text parser of the program."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.parsers import TextParser, remaining_text_parsers, text_parsers

from . import hostile, shapes
from .promises import kept

PARSERS = (*text_parsers(), *remaining_text_parsers())
SAMPLES = [hostile.sample(parser) for parser in PARSERS]
every_parser = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
# What somebody wrote under a command's output. Letters alone: signs would mean something to one parser or another.
NOTE = "\n\nlorem ipsum dolor\nsit amet\n"


@every_parser
@given(text=st.text())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text(parser: TextParser, text: str) -> None:
    kept(parser, text)


@every_parser
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_samples(parser: TextParser, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([hostile.sample(parser), hostile.sample(parser), *SAMPLES]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 200)))
        change = data.draw(st.sampled_from(["delete", "insert", "replace", "repeat", "cut"]))
        fragment = data.draw(st.one_of(st.text(max_size=20), shapes.fragments()))
        text = {
            "delete": text[:start] + text[end:],
            "insert": text[:start] + fragment + text[start:],
            "replace": text[:start] + fragment + text[end:],
            "repeat": text[:start] + text[start:end] * 3 + text[end:],
            "cut": text[:end],
        }[change]
    kept(parser, text)


@every_parser
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_damaged_shapes(parser: TextParser, data: st.DataObject) -> None:
    text = data.draw(shapes.damaged(parser))
    parsed = kept(parser, text)
    for same in shapes.with_line_ends(text):
        assert parser.parse(same).facts == parsed.facts
    # The last line of a file may be half a line; so that line is ended first.
    ended = parser.parse(f"{text}\n").facts
    assert parser.parse(text + NOTE).facts[: len(ended)] == ended


@every_parser
def test_samples_cut_short_everywhere(parser: TextParser) -> None:
    text = shapes.evidence(parser)
    for end in range(len(text)):
        kept(parser, text[:end])


@every_parser
def test_the_shown_evidence_is_what_the_docstring_holds(parser: TextParser) -> None:
    shown, whole = parser.parse(shapes.evidence(parser)), parser.parse(hostile.sample(parser))
    assert len(shown.facts) == len(whole.facts) > 0
    assert parser.recognise(shapes.evidence(parser))


@every_parser
def test_time_is_linear(parser: TextParser) -> None:
    # 8,000 characters take 5 ms at most; anything quadratic takes half a second.
    for text in hostile.texts(8_000):
        start = time.perf_counter()
        parser.recognise(text)
        parser.parse(text)
        assert time.perf_counter() - start < 0.3, text[:80]
