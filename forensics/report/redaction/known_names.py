r"""Where the known names stand in a text.

Whole words only and in any case of letters. A name that is an ordinary word or very short counts only where its
surroundings make it a name (`forms.meant`); one of a script without spaces counts anywhere.

>>> known = KnownNames()
>>> for kind, name in (("host", "web-01"), ("user", "the"), ("user", "张伟")):
...     known.learn(Name(kind, name))
>>> text = r"The disk of WEB-01, C:\Users\the\x, web-011, 用户张伟登录"
>>> [text[start:end] for start, end, _ in known.places(text)]
['张伟', 'WEB-01', 'the']
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from forensics.report.redaction.forms import meant
from forensics.report.redaction.secret_names import Name
from forensics.report.redaction.words import is_ordinary

_RUN = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}", re.ASCII)
_BEFORE = 4  # characters of another script that a name of a script without spaces may begin with
_SHORTEST = 4  # characters of a name that is one wherever it stands; with a digit in it, three
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")

Place = tuple[int, int, str]  # start, end, the name in small letters


class KnownNames:
    """Names, by their small letters."""

    def __init__(self) -> None:
        self._names: dict[str, Name] = {}
        self._spelled: dict[str, str] = {}  # a spelling, from its first letter to its last → the name
        self._firsts: set[str] = set()
        self._most_runs = 0
        self._unspaced: dict[str, str] = {}
        self._lengths: set[int] = set()
        self._sorted: list[str] = []
        self._is_sorted = True

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def __getitem__(self, name: str) -> Name:
        return self._names[name.lower()]

    def learn(self, name: Name) -> None:
        """Take in a name; the first of a spelling stays."""
        plain = name.text.lower()
        if plain in self._names:
            return
        self._names[plain] = name
        if not stands_alone(plain):
            return
        self._sorted.append(plain)
        self._is_sorted = False
        for spelling in dict.fromkeys((plain, quote(plain).lower())):  # as it is, and as URLs have it
            runs = list(_RUN.finditer(spelling))
            if _NO_SPACES.search(spelling):
                self._unspaced.setdefault(spelling, plain)
                self._lengths.add(len(spelling))
            elif runs:
                self._spelled.setdefault(spelling[runs[0].start() : runs[-1].end()], plain)
                self._firsts.add(runs[0][0])
                self._most_runs = max(self._most_runs, len(runs))

    def places(self, text: str) -> Iterator[Place]:
        """Where they stand, form by form."""
        yield from self._anywhere(text)
        runs = list(_RUN.finditer(text))
        for number, run in enumerate(runs):
            yield from self._from(run.start(), run[0], runs[number : number + self._most_runs], text)
            escaped = _ESCAPE.match(text, run.start() - 1)
            if escaped and escaped.end() < run.end():  # %5Cjdoe: the name begins behind the escape
                start = escaped.end()
                yield from self._from(start, text[start : run.end()], runs[number : number + self._most_runs], text)
        for one in meant(text):
            if one.text.lower() in self._names:
                yield one.start, one.end, one.text.lower()

    def _from(self, start: int, first: str, runs: Sequence[re.Match[str]], text: str) -> Iterator[Place]:
        """The names that begin there."""
        if first.lower() in self._firsts:
            for run in runs:
                plain = self._spelled.get(text[start : run.end()].lower())
                if plain and _is_whole(text, start, run.end(), plain):
                    yield start, run.end(), plain

    def _anywhere(self, text: str) -> Iterator[Place]:
        """Names of scripts without spaces."""
        small = text.lower()
        if not self._unspaced or len(small) != len(text):  # some letters have no small one of their own length
            return
        at = (letter.start() for letter in _NO_SPACES.finditer(small))
        for start in sorted({start for place in at for start in range(max(0, place - _BEFORE), place + 1)}):
            for length in self._lengths:
                if plain := self._unspaced.get(small[start : start + length]):
                    yield start, start + length, plain

    def begun(self, text: str) -> bool:
        """Whether a text is the beginning of a name and not the whole of one."""
        small = text.lower()
        if not self._is_sorted:
            self._sorted.sort()
            self._is_sorted = True
        at = bisect_left(self._sorted, small)
        return at < len(self._sorted) and self._sorted[at].startswith(small) and self._sorted[at] != small


def stands_alone(plain: str) -> bool:
    """Whether a name is one wherever it stands.

    >>> [one for one in ("web-01", "tcp", "in", "pc7", "2008", "jane", "time", "王") if stands_alone(one)]
    ['web-01', 'pc7', 'jane']
    """
    if is_ordinary(plain) or not plain.strip("0123456789.:-_"):
        return False
    if _NO_SPACES.search(plain):
        return len(plain) > 1
    return len(plain) >= _SHORTEST - _is_sharp(plain)


def _is_sharp(plain: str) -> bool:
    return any(letter.isdigit() for letter in plain)


def _is_whole(text: str, start: int, end: int, plain: str) -> bool:
    """No part of a longer word. WEB01 is one in WEB01_old.log, TIME is none in TIME_WAIT."""
    return _is_sharp(plain) or "-" in plain or "_" not in {text[start - 1 : start], text[end : end + 1]}
