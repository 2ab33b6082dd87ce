"""The pictures of the report, one module per picture, found by being in this folder.

A picture module is an interface of names: `NAME`, `SECTION` (where it stands: `SECTIONS`), `ORDER`
(within its section, the lower first) and `draw(findings) -> Picture | None`, a pure function. It gives None where the
evidence lacks what it shows, and where seeing it would not change what the reader does next. Findings come inert.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Literal, Protocol, cast, get_args

from forensics.report.findings import Findings
from forensics.report.pictures.canvas import Picture

Section = Literal["uptime", "ports", "arithmetic", "traffic", "trace"]
SECTIONS: tuple[Section, ...] = get_args(Section)


class Drawn(Protocol):
    """The names of a picture module."""

    NAME: str
    SECTION: Section
    ORDER: int

    def draw(self, findings: Findings) -> Picture | None:
        """Draw it, or not; pure."""


@cache
def all_pictures() -> tuple[Drawn, ...]:
    """Every picture module, in the order of the report."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    pictures = [cast("Drawn", module) for module in modules if hasattr(module, "draw")]
    return tuple(sorted(pictures, key=lambda one: (SECTIONS.index(one.SECTION), one.ORDER, one.NAME)))


def draw_all(findings: Findings) -> Mapping[Section, list[Picture]]:
    """Draw whatever is worth a look, by section; every section is there."""
    drawn: dict[Section, list[Picture]] = {section: [] for section in SECTIONS}
    for one in all_pictures():
        picture = one.draw(findings)
        if picture:
            drawn[one.SECTION].append(picture)
    return drawn
