"""The name of a bundle without the name of its machine, or whatever else somebody called it.

>>> redacted_name("WEB-SH-03_20181224T045000Z.zip"), redacted_name("Meier and Sons.zip"), redacted_name("evidence")
('HOST-1_20181224T045000Z.zip', 'HOST-1.zip', 'HOST-1')
"""

import re

_TIME = re.compile(r"_\d{8}T\d{6}Z(?=\.|$)", re.ASCII)  # as the collector writes it behind the host
_SUFFIX = re.compile(r"\.zip$", re.IGNORECASE)


def redacted_name(name: str, host: str = "HOST-1", *, suffix: bool = True) -> str:
    """The machine's pseudonym, the time of the collector's form, and the suffix; nothing else of a name is kept."""
    time, ending = _TIME.search(name), _SUFFIX.search(name)
    return host + (time[0] if time else "") + (ending[0].lower() if ending and suffix else "")
