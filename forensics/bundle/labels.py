"""Members' labels: short enough to be read, and no two the same."""

from collections import Counter
from collections.abc import Sequence

from forensics.bundle.code_page import guess_code_page
from forensics.bundle.entries import Entry

_UTF8_FLAG = 0x800  # general purpose flag, bit 11: the name is UTF-8 (APPNOTE 4.4.4)
_SAMPLE = 1 << 14  # bytes of names that decide on their code page
MOST_LABEL = 400  # characters: a path of Windows has 259, and a zip's name may have 65,535
_KEPT_END = 100  # of a longer one: the file's own name


def shortened(name: str) -> str:
    """A name's beginning and end where it is too long."""
    return name if len(name) <= MOST_LABEL else f"{name[: MOST_LABEL - _KEPT_END]}…{name[-_KEPT_END:]}"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, each of several that are the same with its place among all.

    >>> distinct(["a", "b", "a", "a (entry 1)"])
    ['a (entry 1, again)', 'b', 'a (entry 3)', 'a (entry 1)']
    """
    counts = Counter(names)
    given = {name for name, count in counts.items() if count == 1}
    labels = []
    for place, name in enumerate(names, 1):
        label = name if counts[name] == 1 else f"{name} (entry {place})"
        while counts[name] > 1 and label in given:
            label = f"{label[:-1]}, again)"
        given.add(label)
        labels.append(label)
    return labels


def paths_of(entries: Sequence[Entry]) -> list[str]:
    """The members' names with forward slashes; a folder's ends with one.

    Names without the UTF-8 flag should be in cp437. Windows writes the machine's own code page, and many tools write
    UTF-8 and forget the flag.
    """
    plain = (entry.name for entry in entries if not entry.flags & _UTF8_FLAG and not entry.name.isascii())
    code_page = guess_code_page(b"\n".join(plain)[:_SAMPLE], ("cp437",))
    return [_path(entry.name, code_page) for entry in entries]


def _path(raw: bytes, code_page: str) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode(code_page, "replace")
    return name.split("\0", 1)[0].replace("\\", "/") or "(no name)"
