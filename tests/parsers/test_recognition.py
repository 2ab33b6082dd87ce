"""Each kind of text is recognised by its own parser and by no other."""

from pathlib import Path

import pytest

from forensics.parsers import TextParser, text_parsers

from . import corpus, hostile

PARSERS = text_parsers()


def _kinds(text: str) -> set[str]:
    return {parser.KIND for parser in PARSERS if parser.recognise(text)}


def _expected(path: Path) -> set[str]:
    if path.parent.name == "netsh":
        return {"netsh-dynamicport" if "dynamicport" in path.name else "netsh-excludedportrange"}
    if "xp_sp2_x86_qfe" in path.name:
        return set()  # a heading over nothing
    return {
        {"netstat": "netstat", "reg": "registry", "systeminfo": "systeminfo", "hotfix": "hotfixes"}[path.parent.name]
    }


@corpus.needs_corpus
@pytest.mark.parametrize(
    "path",
    [path for path in corpus.files() if path.parent.name in ("netsh", "netstat", "reg", "systeminfo", "hotfix")],
    ids=lambda path: path.name,
)
def test_real_files(path: Path) -> None:
    assert _kinds(corpus.text(f"{path.parent.name}/{path.name}")) == _expected(path)


@corpus.needs_corpus
@pytest.mark.parametrize("path", corpus.files("etl_text"), ids=lambda path: path.name)
def test_traces_are_no_command_output(path: Path) -> None:
    assert not {kind for kind in _kinds(corpus.text(f"etl_text/{path.name}")) if not kind.startswith("trace")}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
def test_samples_of_the_modules(parser: TextParser) -> None:
    assert _kinds(hostile.sample(parser)) == {parser.KIND}


@pytest.mark.parametrize("backwards", [False, True])
def test_pasted_together_every_parser_finds_its_own(backwards: bool) -> None:
    everything = "\n\n".join(
        hostile.sample(parser) for parser in sorted(PARSERS, key=lambda each: each.KIND, reverse=backwards)
    )
    assert _kinds(everything) == {parser.KIND for parser in PARSERS}
    for parser in PARSERS:
        alone, together = parser.parse(hostile.sample(parser)), parser.parse(everything)
        assert len(together.facts) == len(alone.facts), parser.KIND
        assert together.problems == ()


MEMORY = "PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit,HandleCount\n1,2,3,4,5,6\n"
TCP_GLOBAL = (
    "TCP Global Parameters\n----------------------------------------------\nReceive-Side Scaling State          : enabled\n"
    "Chimney Offload State               : automatic\nMaximum SYN Retransmissions         : 2\n"
)
TCP_SETTINGS = '"SettingName","InitialRto","DynamicPortRangeStartPort"\n"Internet","3000","49152"\n'
PROCESSES = "Node,HandleCount,Name,ProcessId\nSRV1,60412,agent.exe,1536\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (MEMORY, "memory"),
        (TCP_GLOBAL, "netsh-tcp-global"),
        (TCP_SETTINGS, "nettcpsetting"),
        (PROCESSES, "wmic-process"),  # a process has handles and pools of its own
    ],
)
def test_figures_of_the_system_and_of_its_processes(text: str, kind: str) -> None:
    assert _kinds(text) == {kind}


FOREIGN = {
    "prose": "On 3/4/2019 at 9:04:37 AM the server (6.1.7601) ran out of TCP ports: 10.0.0.5:49153 could not connect.\n"
    "KB2553549 was not installed. See HKEY_LOCAL_MACHINE\\SYSTEM for MaxUserPort = 65534, Version 6.1.7601.17514 of tcpip.sys.\n",
    "html": "<html><head><title>netstat</title></head><body><table border=1><tr><td>TCP</td><td>1</td></tr></table>\n"
    "<pre>x = 1\n  y = 2\n  z = 3\n</pre></body></html>",
    "picture": bytes(range(256)).decode("latin-1") * 8,
    "java log": "2019-03-04 09:04:37,123 INFO  [main] com.example.Agent - started version: 6.1.7601.1 on tcp port 8080\n"
    "2019-03-04 09:04:38,000 ERROR [pool-1] java.net.BindException: Address already in use: connect\n"
    "\tat java.net.PlainSocketImpl.socketConnect(Native Method)\n  count = 1\n  size = 2\n  used = 3\n  free = 4\n",
    "ini": "[tcp]\n  a = 1\n  b = 2\n  c = 3\n  d = 4\n",
    "markdown": "| a | b |\n| --- | --- |\n| 1 | 2 |\n\nTitle\n-----\nfirst : 1\nsecond : 2\nthird : 3\n\n---------- --------\n1 2\n",
    "netsh supplemental": "TCP Supplemental Parameters\n----------------------------------------------\nMinimum RTO (msec)                  : 300\n"
    "Initial Congestion Window (MSS)     : 4\nCongestion Control Provider         : ctcp\nEnable Congestion Window Restart    : disabled\n",
    "transport filters": "SettingName       : InternetCustom\nProtocol          : TCP\nLocalPortStart    : 0\n",
    "processes' counters": '"Name","IDProcess","HandleCount","PoolNonpagedBytes","PoolPagedBytes"\n"agent","1536","60412","46321664","145367040"\n',
    "ipconfig": "   IPv4 Address. . . . . . . . . . . : 10.0.0.5(Preferred)\n   Lease Obtained. . . . . . . . . . : Monday, March 4, 2019 9:04:37 AM\n",
    "powershell table": "Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName\n"
    "-------  ------    -----      -----     ------     --  -- -----------\n    451      22     7040      13364       0.28    700   0 svchost\n",
    "csv": 'Node,Name,Value\nSRV1,a,1\n"x","1","y"\n',
    "empty": "",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_text_is_nobodys(name: str) -> None:
    assert _kinds(FOREIGN[name]) == set()
