"""The language that a report speaks: its catalogue (forensics/locales) and the numbers and dates of its locale.

English is the language of the program's own texts, needs no catalogue, and loads nothing. Texts of the program go
through `tr`; what a bundle holds never does.

>>> tr("the machine booted")
'the machine booted'
>>> with speaking(Code.CHINESE):
...     tr("the machine booted"), number(16384), day(datetime(2018, 12, 24))
('计算机启动', '16,384', '2018年12月24日')
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any, NamedTuple

from forensics.text.languages import Code

LOCALES = Path(__file__).parents[1] / "locales"
DOMAIN = "forensics"


class Language(NamedTuple):
    """A language at work. `locale` is Babel's, None for English."""

    code: Code
    catalogue: NullTranslations
    locale: Any


_ENGLISH = Language(Code.ENGLISH, NullTranslations(), None)
_spoken: ContextVar[Language] = ContextVar("spoken", default=_ENGLISH)


@contextmanager
def speaking(code: Code) -> Iterator[None]:
    """Say everything in this language meanwhile."""
    token = _spoken.set(_load(code))
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Code:
    """The language that is spoken now."""
    return _spoken.get().code


def tr(text: str) -> str:
    """A text of the program in the language spoken."""
    return _spoken.get().catalogue.gettext(text) if text else ""


def number(value: float, digits: int = 0) -> str:
    """A number with its groups and its decimal point, rounded as in English whatever the language.

    >>> number(0.25, 1), number(16383.5, 1)
    ('0.2', '16,383.5')
    """
    locale = _spoken.get().locale
    if locale is None:
        return f"{value:,.{digits}f}"
    from babel.numbers import format_decimal  # noqa: PLC0415 - English does without Babel

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(Decimal(f"{value:.{digits}f}"), format=pattern, locale=locale))


def day(moment: datetime) -> str:
    """A date, in the time zone that the moment has."""
    locale = _spoken.get().locale
    if locale is None:
        return f"{moment:%Y-%m-%d}"
    from babel.dates import format_date  # noqa: PLC0415 - English does without Babel

    return str(format_date(moment.date(), "medium", locale))


def minute(moment: datetime) -> str:
    """A date and a time to the minute."""
    return f"{day(moment)} {moment:%H:%M}"


def second(moment: datetime) -> str:
    """A date and a time to the second."""
    return f"{day(moment)} {moment:%H:%M:%S}"


def stamp(moment: datetime) -> str:
    """A date and a time to the second where room is scarce: in a table.

    >>> with speaking(Code.CHINESE):
    ...     stamp(datetime(2018, 12, 24, 9, 5)), month_day(datetime(2018, 12, 24)), month(datetime(2018, 12, 24))
    ('2018/12/24 09:05:00', '12/24', '2018年12月')
    """
    locale = _spoken.get().locale
    if locale is None:
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    from babel.dates import format_date  # noqa: PLC0415 - English does without Babel

    return f"{format_date(moment.date(), 'short', locale)} {moment:%H:%M:%S}"


def month_day(moment: datetime) -> str:
    """A date without its year, on an axis."""
    return _skeleton(moment, "Md") or f"{moment:%m-%d}"


def month(moment: datetime) -> str:
    """A month with its year, on an axis."""
    return _skeleton(moment, "yMMM") or f"{moment:%Y-%m}"


def _skeleton(moment: datetime, skeleton: str) -> str:
    locale = _spoken.get().locale
    if locale is None:
        return ""
    from babel.dates import format_skeleton  # noqa: PLC0415 - English does without Babel

    return str(format_skeleton(skeleton, moment, locale=locale))


@cache
def _load(code: Code) -> Language:
    if code == Code.ENGLISH:
        return _ENGLISH
    from babel import Locale  # noqa: PLC0415 - English does without Babel
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    locale = Locale.parse(code, sep="-")
    with catalogue_file(code).open("rb") as file:
        catalogue = read_po(file, locale=locale, domain=DOMAIN)
    # Compiled here: a compiled file beside its source could be stale.
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled), locale)


def catalogue_file(code: Code) -> Path:
    """Where the texts of a language stand."""
    return LOCALES / code.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po"
