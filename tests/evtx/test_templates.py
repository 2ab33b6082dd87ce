import struct

import pytest

from forensics.evtx.binxml import FragmentReader
from forensics.evtx.chunk import Chunk
from forensics.evtx.damage import DamagedError
from forensics.evtx.templates import Row, TemplateCache
from tests.evtx.build import HEAD, Written, chunk, utf16

LENT = 0x8000
SPELLED_OUT = 0x9000
DEFINITION = struct.Struct("<I16sI")


def name(text: str) -> bytes:
    return struct.pack("<IHH", 0, 0, len(text)) + utf16(text) + b"\0\0"


def leaf(name_offset: int, inline: bytes = b"") -> bytes:
    """An element whose text is value 0; its name stands inline or elsewhere."""
    return HEAD + struct.pack("<BHII", 0x01, 0xFFFF, 0, name_offset) + inline + b"\x02\x0e\0\0\x01\x04\0"


def with_parts(*parts: tuple[int, bytes]) -> Chunk:
    data = bytearray(chunk(Written(1)))
    for at, part in parts:
        data[at : at + len(part)] = part
    return Chunk(bytes(data), checksums=True)


def definition(fragment: bytes, link: int = 0) -> bytes:
    return DEFINITION.pack(link, bytes(16), len(fragment)) + fragment


def test_a_template_is_known_again_elsewhere_whatever_its_links() -> None:
    cache = TemplateCache()
    fragments = [definition(leaf(at + 39, name("LogonTime")), link) for at, link in ((SPELLED_OUT, 0), (0xA100, 77))]
    first = cache.get(with_parts((SPELLED_OUT, fragments[0])), SPELLED_OUT)
    assert first.rows == [Row("LogonTime", [0])]
    assert cache.get(with_parts((0xA100, fragments[1])), 0xA100) is first


def test_a_template_with_a_borrowed_name_is_known_again_only_under_the_same_name() -> None:
    cache = TemplateCache()
    borrowing = definition(leaf(LENT))
    found = [
        cache.get(with_parts((LENT, name(text)), (SPELLED_OUT, borrowing)), SPELLED_OUT)
        for text in ("Alpha", "Omega", "Alpha", "Alphabet")
    ]
    assert [template.name for template in found] == ["Alpha", "Omega", "Alpha", "Alphabet"]
    assert found[2] is found[0]


@pytest.mark.parametrize(
    "fragment",
    [
        leaf(0),
        leaf(0x1FF),
        leaf(0xFFFF),
        leaf(2**32 - 1),
        leaf(LENT)[:-3],  # ends inside its text
        HEAD + b"\x05",
        b"",
        HEAD + struct.pack("<BHII", 0x01, 0xFFFF, 0, LENT) * 40,
    ],
)
def test_a_fragment_that_cannot_be_read_is_damage(fragment: bytes) -> None:
    data = with_parts((LENT, name("A")), (SPELLED_OUT, definition(fragment)))
    with pytest.raises(DamagedError):
        TemplateCache().get(data, SPELLED_OUT)


def test_a_name_of_monstrous_length_is_damage() -> None:
    data = with_parts((LENT, struct.pack("<IHH", 0, 0, 257)), (SPELLED_OUT, definition(leaf(LENT))))
    with pytest.raises(DamagedError, match="name of 257 characters"):
        TemplateCache().get(data, SPELLED_OUT)


def test_definitions_that_overlap_use_up_what_a_chunk_may_cost() -> None:
    large = DEFINITION.pack(0, bytes(16), 0x6000) + b"\xff"
    data = with_parts(*((SPELLED_OUT + 32 * n, large) for n in range(18)))
    costs = []
    for n in range(18):
        with pytest.raises(DamagedError) as caught:
            TemplateCache().get(data, SPELLED_OUT + 32 * n)
        costs.append(str(caught.value))
    assert costs.count("the chunk unpacks to more than its size allows") == 3  # 15 * 0x6018 fit into 6 * 0x10000


def test_text_of_every_kind() -> None:
    body = (
        HEAD
        + struct.pack("<BII", 0x01, 0, LENT)
        + b"\x02"
        + struct.pack("<BBH", 0x45, 0x01, 2)
        + utf16("a ")
        + struct.pack("<BH", 0x48, ord("é"))
        + struct.pack("<BI", 0x49, LENT + 64)
        + struct.pack("<BH", 0x07, 1)
        + utf16("b")
        + struct.pack("<BI", 0x0A, LENT)
        + struct.pack("<BH", 0x0B, 1)
        + utf16("?")
        + b"\x04\0"
    )
    data = with_parts((LENT, name("Note")), (LENT + 64, name("amp")), (SPELLED_OUT, body))
    element = FragmentReader(data, SPELLED_OUT, SPELLED_OUT + len(body), in_template=False).root()
    assert element is not None
    assert element.name == "Note"
    assert element.content == ["a ", "é", "&", "b", "", ""]
