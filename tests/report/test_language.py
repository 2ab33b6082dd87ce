"""The catalogues are complete, and a report in another language holds the same facts as the English one."""

import re
import string
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages import Message

from docs.catalogues import read, texts
from forensics.analysis import Analysis, analyze
from forensics.report.findings import Findings, encode
from forensics.report.language import day, minute, number, second, speaking, tr
from forensics.report.words import count, days, duration, fill, growth, memory, percent, rate, say, shift, times, utc
from forensics.text.languages import Code
from forensics.text.said import Said

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.zip"))
OTHERS = [code for code in Code if code != Code.ENGLISH]
HAN = "\u4e00-\u9fff"
# A Latin word or a number beside a Chinese character, without a blank between; dates are written without.
TIGHT = re.compile(rf"[{HAN}][A-Za-z0-9{{]|[A-Za-z0-9%][{HAN}]")
DATE = re.compile(r"\d+年\d+月\d+日")
HALF_WIDTH = re.compile(rf"[{HAN}][,;:.!?()]|[,;:!?()][{HAN}]")


def blanks(text: str) -> list[tuple[str, str]]:
    return sorted((name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None)


def entries(code: Code) -> dict[str, Message]:
    return {str(message.id): message for message in read(code) if message.id}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_and_no_translation_is_stale(code: Code) -> None:
    known = entries(code)
    assert set(texts()) - set(known) == set(), "run `make catalogues`, then translate"
    assert set(known) - set(texts()) == set(), "run `make catalogues`"
    assert [text for text, message in known.items() if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("code", OTHERS)
def test_blanks_keep_their_names_and_forms(code: Code) -> None:
    for text, message in entries(code).items():
        assert blanks(text) == blanks(str(message.string)), text


def test_chinese_punctuation_is_full_width_and_latin_words_stand_apart() -> None:
    for message in entries(Code.CHINESE).values():
        translated = str(message.string)
        assert not HALF_WIDTH.search(translated), translated
        assert not TIGHT.search(re.sub(r"\{\w+(:[\w-]+)?\}", "", translated)), translated
        assert "  " not in translated


def test_the_texts_that_are_gathered_are_those_that_are_said() -> None:
    gathered = texts()
    assert "the machine booted" in gathered  # tr("…")
    assert "the clock was set by as much" in gathered  # Said("…")
    assert len(gathered) > 600


def test_forms_in_english_and_in_chinese() -> None:
    moment = datetime(2018, 12, 24, 9, 5, 7, tzinfo=UTC)

    def forms() -> list[str]:
        return [
            days(43225197), duration(275524), duration(86400), duration(4), count(16384), times(1), times(2), times(1234),
            percent(0.5), percent(0.0123), percent(0.999), rate(125), rate(0.0648), rate(0), growth(0.01), memory(3.5 * 2**30),
            shift(-61), utc(moment), day(moment), minute(moment), second(moment), number(0.25, 1), fill("{x:utc}", {"x": None}),
        ]  # fmt: skip

    assert forms() == [
        "500.3 days", "3 days 5 h", "1 day", "4 s", "16,384", "once", "twice", "1,234 times",
        "50 %", "1.2 %", "99 %", "125 connections a second", "one connection every 15.4 s", "no connection",
        "one port every 100.0 s", "3.5 GB",
        "-61 s", "2018-12-24 09:05 UTC", "2018-12-24", "2018-12-24 09:05", "2018-12-24 09:05:07", "0.2", "an unknown time",
    ]  # fmt: skip
    with speaking(Code.CHINESE):
        assert forms() == [
            "500.3 天", "3 天 5 小时", "1 天", "4 秒", "16,384", "1 次", "2 次", "1,234 次",
            "50%", "1.2%", "99%", "每秒 125 个连接", "每 15.4 秒 1 个连接", "零连接", "每 100.0 秒 1 个端口", "3.5 GB",
            "-61 秒", "2018年12月24日 09:05 UTC", "2018年12月24日", "2018年12月24日 09:05", "2018年12月24日 09:05:07", "0.2", "未知时间",
        ]  # fmt: skip
    assert tr("decisive support") == "decisive support"


def test_a_sentence_inside_a_sentence_is_said_in_the_same_language() -> None:
    inner = Said("tcpip.sys {version} is older than the fix, which came with {first}", {"version": "6.1", "first": "x"})
    outer = Said("{said}: {why}", {"said": inner, "why": ("a{b}", Said("no process"))})
    assert say(outer) == "tcpip.sys 6.1 is older than the fix, which came with x: a{b}, no process"
    with speaking(Code.CHINESE):
        assert say(outer) == "tcpip.sys 6.1 早于修补程序，首个包含修补程序的版本是x：a{b}、没有进程"


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> Analysis:
    return analyze(request.param, language=Code.CHINESE)


def test_the_json_stays_english(sample: Analysis) -> None:
    assert not re.search(f"[{HAN}]", " ".join(_said(sample.findings)))
    assert encode(sample.findings) != encode(sample.told)


def test_what_people_read_is_chinese_and_holds_the_same_facts(sample: Analysis) -> None:
    for english, chinese in zip(_said(sample.findings), _said(sample.told), strict=True):
        if english:
            assert re.search(f"[{HAN}]", chinese), english
        plain = DATE.sub("", chinese)
        assert not TIGHT.search(plain), chinese
        assert not HALF_WIDTH.search(plain), chinese
    assert sample.told.verdict.confidence == sample.findings.verdict.confidence
    assert sample.told.measurements.connections == sample.findings.measurements.connections


def test_english_does_without_babel() -> None:
    program = (
        "import sys; from pathlib import Path; from forensics.analysis import analyze; from forensics.commands import analyze as _;"
        "analyze(Path(sys.argv[1])); sys.exit('babel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(SAMPLES[0])], check=False).returncode == 0


def _said(findings: Findings) -> Iterator[str]:
    """All that a reader is told in sentences."""
    yield findings.verdict.headline
    yield findings.verdict.plain
    for cause in findings.causes:
        yield from (cause.title, cause.headline, cause.support, cause.forecast)
        yield from (point.statement for point in cause.evidence)
        for missing in cause.missing:
            yield from (missing.statement, missing.collector_note)
        for remedy in cause.remedies:
            yield from (remedy.action, remedy.effect, remedy.caution, remedy.cost)
    yield findings.measurements.fix.statement
    yield from findings.measurements.uptime.disagreements
    yield from (entry.event for entry in findings.timeline)
    yield from (warning.message for warning in findings.warnings if not warning.file)
