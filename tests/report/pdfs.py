"""PDFs read back by pypdf."""

import io
from typing import Any

import pypdf


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def words_of(page: pypdf.PageObject) -> str:
    # pypdf reads the two-byte codes of some fonts as two characters, one of them NUL.
    return " ".join(page.extract_text().replace("\0", "").split())


def text_of(pdf: pypdf.PdfReader) -> str:
    return " ".join(words_of(page) for page in pdf.pages)


def font_names(pdf: pypdf.PdfReader) -> list[str]:
    """The name of every font; each must be embedded."""
    names = set()
    for page in pdf.pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            described = inner["/FontDescriptor"]
            assert "/FontFile2" in described or "/FontFile3" in described, inner["/BaseFont"]
            names.add(inner["/BaseFont"].removeprefix("/"))
    return sorted(names)


def elements(pdf: pypdf.PdfReader, kind: str) -> list[Any]:
    """The structure elements of one kind: /Figure, /Table."""
    root: Any = pdf.root_object
    found, waiting = [], [root["/StructTreeRoot"]["/K"]]
    while waiting:
        one = waiting.pop().get_object()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if one.get("/S") == kind:
                found.append(one)
            if "/K" in one:
                waiting.append(one["/K"])
    return found
