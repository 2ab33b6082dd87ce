"""Text that costs a careless regular expression or loop quadratic time: one piece, over and over."""

from collections.abc import Iterator

from forensics.parsers import TextParser

_PIECES = (
    " ", "\t", "\n", "\r", " \n", "-", "=", "- ", "= ", ":", ": ", "：", ",", '"', '","', '"a","1","', "[", "]", "[]", "0", "1.", "1:",
    "0 ", "a", "a ", "a  ", "a=1", "  a = 1\n", "  a = 1", "----- ", "-----\n", "---------- --------\n", "-----\na : 1\n", "a : 1\n",
    "========================= ======== =====\n", "==== ==== ==== ====\n", "------------------------------ ---- ----\n",
    "TCP ", "TCP\n", "TCP a:b ", "  TCP  1.2.3.4:1  1.2.3.4:1  X\n", " [a.exe]\n", "x:1:", "netstat\n", "tcp\n-----\n",
    "HKEY_USERS\\", "[HKEY_USERS\\a]", "[HKEY_USERS\\a]\n", "[HKEY_USERS\n", '"a"="\n', '"a"=hex:00,\\\n', "HKEY_USERS\\a\n", "    a  REG_SZ",
    "    a    REG_SZ\n", "\\", ": 6.1.7601 a 7601", ": 6.1.7601 a 7601\n", "[01]: KB2553549 ", "[01]: KB2553549\n", ",[01]: a", "(UTC+01:00)\n",
    "x: 1/2/2019, 1:1:1\n", "HotFixID\n", "HotFixID  ", "HotFixID,a\n", "HotFixID=KB2553549\n", '"HotFixID","a"\n', "ProcessId ", "ProcessId,",
    "ProcessId=1\n", "Name=a\n", "Name=a\nProcessId=1\n", "Node,ProcessId\n", "1,1\n", "Version=1.1.1.1\n", "a.sys ", ".sys\n", "a.sys\nVersion=1.2.3.4\n",
    "-----\nECN 1323 : a\n", "-----\na : b\n", "a : b\n", "AvailableBytes,1\n", "AvailableBytes=1\n", "AvailableBytes,", "SettingName=a\n", "SettingName,a\n",
    "Version  a.sys\n", "K 1\n", "<a> ", "a 1 20000 1\n", "netsh int ipv4 show dynamicport tcp ", "show dyn ", "ipv4 ", "{}", "\u200e", "年",
)  # fmt: skip
_STARTS = ("", "[HKEY_USERS\\a]\n", "Node,CommandLine,ProcessId\n", "HotFixID  InstalledOn\n")


def texts(length: int) -> Iterator[str]:
    """Yield texts of about that many characters."""
    for start in _STARTS:
        for piece in _PIECES:
            yield start + piece * (length // len(piece))


def sample(parser: TextParser) -> str:
    """Return what a parser's own docstring shows."""
    return parser.__doc__ or ""
