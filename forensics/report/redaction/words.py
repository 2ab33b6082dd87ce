"""Words that are ordinary: a name that is one of them is replaced only where its surroundings make it a name.

A computer may be called TCP, and a user "the": the sentences of a report must survive that. Ordinary is every word that
the program itself may say, which is every word of its own source outside docstrings and comments, of its translations
and of the collector's paths; and the words below, which stand in Windows' paths, commands and logs.
"""

import re
from functools import cache
from pathlib import Path

import forensics
from forensics.bundle.layout import LAYOUT

_NOT_SAID = re.compile(r'"""[\s\S]*?"""|#[^\n]*')
_WORDS = (r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", r"[a-z0-9]+(?:-[a-z0-9]+)*", r"[a-z0-9]+")
_OF_WINDOWS = """
    access account action active administrator agent apache api app appdata application apps archive backup batch
    begin boot bin build cache call cert certificate changed check class client clients closed code command common
    computer config configuration connect connected connection console control core current data database debug
    default delete demo desktop device disk dll documents domain download driver drivers email enabled engine
    enterprise entry error etc event exception exec exe fail failed false file files filesystem filter folder
    framework from function global group guest handle health help home host hosts http https iis index inetpub
    inetsrv info information init install internal internet intranet invalid item java jobs jvm key kernel lan
    library license list listen local localhost log logger login logon logs machine mail main manager master memory
    message metrics microsoft mode module monitor mysql name net netsvcs network networkservice nginx node none note
    null object office online open oracle order output pack package page parameter password path pending ping pipe
    policy pool port ports post postgres power powershell print printer process processor product profile program
    programdata programs project provider proxy public python query queue read ready registry remote report request
    response result retry roaming root route rpc run running sample scheduler schema script search secure security
    select send server service services session settings setup share shared shell shop shutdown socket software
    source sql stack staging start started state static status stop storage store submit sync syswow64 sysvol system
    system32 systemroot table task tasks temp test thread time timeout tomcat tools total trace transfer true type
    unknown update upload url user users value version virtual volume warn warning watch web website win32 window
    windows winlogon work worker workgroup workstation world write www yes zone
"""


@cache
def ordinary_words() -> frozenset[str]:
    """All of them, in small letters; of a compound its parts too.

    >>> {"tcp", "the", "time", "ano-1", "windows"} <= ordinary_words(), "web-sh-03" in ordinary_words()
    (True, False)
    """
    said = _said()
    return frozenset(_OF_WINDOWS.split()).union(*(re.findall(form, said) for form in _WORDS))


def is_ordinary(name: str) -> bool:
    """Whether a name, in small letters, is such a word; one of a script without spaces, whether it is a part of a text.

    >>> is_ordinary("tcp"), is_ordinary("端口"), is_ordinary("张伟")
    (True, True, False)
    """
    return name in ordinary_words() or (not name.isascii() and name in _said_without_spaces())


@cache
def _said_without_spaces() -> str:
    return "\n".join(re.findall(r"[^\x00-\x7f]+", _said()))


@cache
def _said() -> str:
    folder = Path(forensics.__file__).parent
    source = (_NOT_SAID.sub(" ", path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py")))
    translated = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.po")))
    return "\n".join((*source, *translated, *(place.path for place in LAYOUT))).lower()
