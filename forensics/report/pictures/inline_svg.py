"""An SVG of matplotlib's as a part of an HTML page.

Taken off: prolog, metadata, its style sheet (which would apply to the whole page), groups' ids. Styles become
attributes, which WeasyPrint reads faster and which a page's own rules may override. Black becomes the colour of the
page's text, so that the picture can be read on a dark ground; ids that are referred to get the picture's name in front,
so that two pictures never share one.
"""

import re
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"(?:(?P<weight>bold|[1-9]00) )?(?P<size>[\d.]+)px .*")
_FAMILY = "IBM Plex Sans, Noto Sans, Segoe UI, Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_INK = "#1a1f26"  # that of report.css, where no rule gives a colour
_LONG_NUMBER = re.compile(r"(-?\d+\.\d{2})\d+")
_DROPPED = {f"{_SVG}metadata", f"{_SVG}style"}


def inline(svg: str, name: str, title: str) -> str:
    """Make it a part of a page, with a text alternative (SVG's `title`, which tagged PDF takes over)."""
    root = ET.fromstring(svg)  # noqa: S314 - matplotlib has just written it
    width, height = root.get("viewBox", "0 0 0 0").split()[2:]
    _clean(root, name)
    root.attrib.clear()
    root.attrib.update(
        {
            "xmlns": _SVG[1:-1],
            "viewBox": f"0 0 {width} {height}",
            "width": f"{width}pt",
            "height": f"{height}pt",
            "role": "img",
            "color": _INK,
            "fill": "currentColor",
            "font-family": _FAMILY,
            "stroke-linejoin": "round",
        }
    )
    label = ET.Element("title")
    label.text = title
    root.insert(0, label)
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element, name: str) -> None:
    element.tag = element.tag.removeprefix(_SVG)
    element.tail = None
    if element.tag != "text":
        element.text = None
    element.attrib = _attributes(element, name)
    if element.tag == "text" and "opacity" in element.attrib:
        # WeasyPrint clips a group that is not opaque to where the text would be if it began at its anchor.
        element.attrib["fill-opacity"] = element.attrib.pop("opacity")
    if "d" in element.attrib:
        # A hundredth of a point is finer than any printer; matplotlib writes millionths.
        element.attrib["d"] = _LONG_NUMBER.sub(r"\1", " ".join(element.attrib["d"].split()))
    for child in list(element):
        if child.tag in _DROPPED:
            element.remove(child)
            continue
        _clean(child, name)


def _attributes(element: ET.Element, name: str) -> dict[str, str]:
    attributes = {}
    for key, value in element.attrib.items():
        if key == "style":
            for declaration in value.split(";"):
                prop, _, setting = declaration.partition(":")
                attributes.update(_declared(prop.strip(), setting.strip()))
        elif key == "id":
            if element.tag != "g":  # groups are named for people, all others are referred to
                attributes["id"] = f"{name}-{value}"
        elif key == _HREF:
            attributes["href"] = f"#{name}-{value.removeprefix('#')}"
        else:
            attributes[key] = value
    return {key: _REFERENCE.sub(rf"url(#{name}-\1)", value) for key, value in attributes.items()}


def _declared(prop: str, setting: str) -> dict[str, str]:
    font = _FONT.fullmatch(setting) if prop == "font" else None
    if font:
        weight = {"font-weight": font["weight"]} if font["weight"] else {}
        return {"font-size": font["size"], **weight}
    if setting == "#000000":
        setting = "currentColor"
    return {prop: setting} if prop else {}
