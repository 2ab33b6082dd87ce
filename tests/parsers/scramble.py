"""Random letters in the place of labels and headings: a parser that reads any language reads this one too."""

import random
import re

_LETTERS = "abcdeghklmnoqrsuvwxyzабвгдежзикλμνξρσφψäöüéñçłőş"
# Latin in every language, so they stay: protocol words, and the commands of a prompt.
_KEPT = re.compile(
    r"(?<![A-Za-z])(?:(?:TCP|UDP|IP|ICMP|IPv[46]|ICMPv[46])(?![A-Za-z])|netsh\b.*|netstat\b.*)", re.IGNORECASE
)


def scramble(text: str, label: str = r"(.*)", seed: int = 497) -> str:
    """Replace the letters in group 1 of `label` in every line that matches it; lengths, digits and signs stay.

    >>> scramble("Start Port : 1024", r"([^:]*):.*") != "Start Port : 1024"
    True
    >>> scramble("TCP 1 = 2")
    'TCP 1 = 2'
    """
    pattern, chance = re.compile(label), random.Random(seed)

    def one_line(line: str) -> str:
        match = pattern.fullmatch(line)
        if match is None:
            return line
        start, end = match.span(1)
        return line[:start] + _letters(line[start:end], chance) + line[end:]

    return "".join(map(one_line, re.split(r"([\r\n]+)", text)))


def _letters(text: str, chance: random.Random) -> str:
    kept = {at for match in _KEPT.finditer(text) for at in range(*match.span())}
    return "".join(
        chance.choice(_LETTERS) if letter.isalpha() and at not in kept else letter for at, letter in enumerate(text)
    )
