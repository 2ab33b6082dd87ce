"""Guess the code page of text that names none, as a reader would: by known words, else by what looks like words.

Under a wrong code page letters turn into box drawings, into capitals in the middle of a word, or into another alphabet
beside Latin letters; Chinese, Japanese and Korean turn into characters that nobody uses every day.
"""

import re
from collections import Counter
from functools import cache, lru_cache

from forensics.knowledge.code_pages import CODE_PAGES, EVERYDAY_CHARACTERS, FREQUENT_HANGUL, WORDS

# Points for one character. A double-byte character has two bytes that fit.
_KNOWN_WORD, _FITS, _NO_CASE, _HANGUL, _RARE_HANGUL = 6, 2, 1, 8, 1
_WORD = re.compile(r"[^\W\d_]+")
# Replacement, C1 controls, box drawings and blocks, private use, half-width katakana; a letter between digits; a symbol
# beside or a quotation mark between small letters; Icelandic, which OEM pages make of French.
_STRANGE = re.compile(
    r"[\ufffd\x80-\x9f\u2500-\u25ff\ue000-\uf8ff\uff61-\uff9fÞþÐð]|\d[^\W\d_a-zA-Z]\d"
    r"|(?<=[a-z])[¢-©¬-´¶-¾×÷‡-‰™ˆ˜]|[¢-©¬-´¶-¾×÷‡-‰™ˆ˜](?=[a-z])|(?<=[a-z])[¡¿‘-„‹›…](?=[a-z])"
)
_LAST_ASCII = "\x7f"
_LETTERS = {
    "latin": "\u00aa-\u024f",
    "greek": "\u0370-\u03ff",
    "cyrillic": "\u0400-\u04ff",
    "caseless": "\u0590-\u06ff\u0e00-\u0e7f",
    "double": "\u3005-\u9fff\uac00-\ud7ff\uf900-\ufaff",
}
_SCRIPTS = re.compile("|".join(f"(?P<{script}>[{letters}])" for script, letters in _LETTERS.items()))
_OTHER_SCRIPTS = {
    script: re.compile("[" + "".join(letters for other, letters in _LETTERS.items() if other != script) + "]")
    for script in _LETTERS
}


@lru_cache(maxsize=256)  # files of one command say the same
def guess_code_page(sample: bytes, prefer: tuple[str, ...] = ()) -> str:
    """Return Python's name of the likeliest code page; of equals, a preferred one.

    >>> guess_code_page("Überprüft".encode("cp1252")), guess_code_page("Überprüft".encode("cp850"))
    ('cp1252', 'cp850')
    >>> guess_code_page("Журнал событий".encode("cp866")), guess_code_page("日誌檔".encode("cp950"))
    ('cp866', 'cp950')
    """
    order = list(dict.fromkeys([*prefer, *CODE_PAGES]))
    if not sample:
        return order[0]
    for encoding in prefer:
        # What the machine says of itself needs no contest, where it fits.
        if _reads(sample, encoding):
            return encoding
    merits = {encoding: merit(sample.decode(encoding, "replace"), encoding) for encoding in order}
    return max(order, key=lambda encoding: merits[encoding])


def _reads(sample: bytes, encoding: str) -> bool:
    """Whether a code page decodes a text without a gap into words that Windows tools print."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return any(word in text for word in WORDS if not word.isascii() and len(word) > 1)


def merit(text: str, encoding: str) -> int:
    """How much a text looks like one, in points."""
    known = sum(text.count(word) * letters for word, letters in _known(encoding).items())
    words = Counter(_WORD.findall(text))  # a table says the same ones in every line
    return (
        _KNOWN_WORD * known
        + sum(_word_merit(word, encoding) * times for word, times in words.items() if not word.isascii())
        - _FITS * len(_STRANGE.findall(text))
    )


def _outside_ascii(word: str) -> int:
    return len(word) - len(word.encode("ascii", "ignore"))


@cache
def _known(encoding: str) -> dict[str, int]:
    """The known words that a code page can say, with their letters outside ASCII."""
    return {word: _outside_ascii(word) for word in WORDS if not word.isascii() and _says(encoding, word)}


def _says(encoding: str, word: str) -> bool:
    try:
        return word.encode(encoding).decode(encoding) == word
    except UnicodeEncodeError:
        return False


def _word_merit(word: str, encoding: str) -> int:
    letters = _outside_ascii(word)
    first = _SCRIPTS.search(word)
    script = first.lastgroup if first else None
    if script is None or _OTHER_SCRIPTS[script].search(word):
        return -_FITS * letters
    if script == "double":
        beside_latin = any("a" <= letter <= "z" for letter in word)  # capitals are common: TCP, OS
        return -_FITS * letters if beside_latin else sum(_double_byte_merit(letter, encoding) for letter in word)
    if script == "latin":
        fits = letters * 2 <= len(word) and not _capital_inside(word)
    else:
        fits = letters == len(word) and not _capital_inside(word)
    points = _NO_CASE if script == "caseless" else _FITS
    return points * letters if fits else -_FITS * letters


def _capital_inside(word: str) -> bool:
    inside = word[1:]
    if inside == inside.lower() or word.isupper():
        return False
    return any(letter.isupper() and letter > _LAST_ASCII for letter in inside)


def _double_byte_merit(letter: str, encoding: str) -> int:
    """Count a character of everyday text for, and a rare one against, its code page."""
    if letter <= _LAST_ASCII:
        return 0
    if encoding == "utf-8":
        return 3 * _FITS
    first, last, least = EVERYDAY_CHARACTERS.get(encoding, (0, 0, 0))
    code = letter.encode(encoding, "replace")
    if len(code) == 1 or not first <= code[0] <= last or code[1] < least:
        return -2 * _FITS
    if encoding == "cp949":
        return _HANGUL if letter in FREQUENT_HANGUL else _RARE_HANGUL
    return 2 * _FITS
