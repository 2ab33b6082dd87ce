"""Lines of comma-separated values, as Windows programs and PowerShell write them.

>>> list(rows(["some note", '"smss.exe","316","N/A"', '"a ""b"" c", d']))
[(1, ['some note']), (2, ['smss.exe', '316', 'N/A']), (3, ['a "b" c', 'd'])]
"""

import csv
from collections.abc import Iterator, Sequence

MOST_LINES = 50  # that one quoted field may run over; more is a lost quote


def rows(lines: Sequence[str], separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the 1-based line number and the fields of every row; a line that cannot be split is left out.

    A row whose quotes are not closed goes on in the next lines (PowerShell writes line ends inside fields as
    they are), unless nothing near closes them.
    """
    index = 0
    while index < len(lines):
        number, line = index + 1, lines[index]
        index += 1
        if line.count('"') % 2:
            end = next(
                (at for at in range(index, min(index + MOST_LINES, len(lines))) if lines[at].count('"') % 2),
                None,
            )
            if end is not None:
                line = "\n".join([line, *lines[index : end + 1]])
                index = end + 1
        if not line.strip():
            continue
        try:
            fields = next(csv.reader([line.strip()], delimiter=separator, skipinitialspace=True), None)
        except csv.Error:
            continue
        if fields:
            yield number, [field.strip() for field in fields]
