"""Members that share packed bytes: David Fifield's zip bombs turn 42 KB into 5 GB by that.

(www.bamsoftware.com/hacks/zipbomb) Each member that is read has bytes of its own, so that no byte of the zip is
unpacked twice. A member is left where it runs into the next one's header, or begins where another does. Names are not
counted, since some writers state a header's length wrongly by a few bytes (jars: ClamAV pull request 561).
"""

from collections import defaultdict
from collections.abc import Sequence

from forensics.bundle.entries import LOCAL_HEADER, Entry

SHARED = "shares its packed bytes with another member, as zip bombs do: left"


def overlapping(entries: Sequence[Entry], end: int) -> list[str]:
    """Say of each member what is wrong with its place, "" where nothing is; `end` is where the last one must end."""
    by_offset = defaultdict(list)
    for place, entry in enumerate(entries):
        if entry.packed_size:
            by_offset[entry.offset].append(place)
    problems = [""] * len(entries)
    following = end  # where the next header begins
    for offset, places in sorted(by_offset.items(), reverse=True):
        fitting = [place for place in places if offset + LOCAL_HEADER + entries[place].packed_size <= following]
        # The last member alone may claim too much: its bytes end it, and there is nothing that they could share.
        read = fitting[:1] if fitting or following != end else places[:1]
        for place in places:
            problems[place] = "" if place in read else SHARED
        following = offset
    return problems
