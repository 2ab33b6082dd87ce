import pytest

from forensics.parsers.netsh_tcp_global import TcpGlobal, parse, recognise

from .scramble import scramble

# Server 2008 R2 (a question on a virtualization forum, public).
ENGLISH = """
Querying active state...

TCP Global Parameters
----------------------------------------------
Receive-Side Scaling State          : enabled 
Chimney Offload State               : automatic 
NetDMA State                        : enabled 
Direct Cache Acess (DCA)            : disabled 
Receive Window Auto-Tuning Level    : normal 
Add-On Congestion Control Provider  : ctcp 
ECN Capability                      : disabled 
RFC 1323 Timestamps                 : disabled 

"""  # noqa: W291 - netsh ends its values with a blank
# Server 2008 (techgenix.com): no NetDMA.
SERVER_2008 = """
TCP Global Parameters
----------------------------------------------
Receive-Side Scaling State          : enabled
Chimney Offload State               : enabled
Receive Window Auto-Tuning Level    : normal
Add-On Congestion Control Provider  : ctcp
ECN Capability                      : disabled
RFC 1323 Timestamps                 : disabled
** The above autotuninglevel setting is the result of Windows Scaling heuristics
overriding any local/policy configuration on at least one profile.
"""
# Windows Server 2016 to 2019 (MicrosoftDocs, performance tuning of network adapters).
SERVER_2019 = """
Querying active state...

TCP Global Parameters
-----
Receive-Side Scaling State : enabled
Chimney Offload State : disabled
Receive Window Auto-Tuning Level : normal
Add-On Congestion Control Provider : default
ECN Capability : disabled
RFC 1323 Timestamps : disabled
Initial RTO : 3000
Receive Segment Coalescing State : enabled
Non Sack Rtt Resiliency : disabled
Max SYN Retransmissions : 2
Fast Open : enabled
Fast Open Fallback : enabled
Pacing Profile : off
"""
# Windows 10 and 11 have no Chimney; Chinese (a blog) and Japanese (a repository's self-test, from a real machine).
CHINESE = """
TCP 全局参数
----------------------------------------------
接收方缩放状态          : enabled
接收窗口自动调节级别    : normal
加载项拥塞控制提供程序  : default
ECN 功能                      : disabled
RFC 1323 时间戳                 : disabled
初始 RTO                         : 1000
接收段合并状态    : enabled
非 Sack Rtt 复原             : disabled
最大 SYN 重新传输次数             : 4
快速打开                           : enabled
快速打开回退                  : enabled
HyStart                             : enabled
比例费率降低         : enabled
节奏配置文件                      : off
"""
JAPANESE = """
アクティブ状態を照会しています...

TCP グローバル パラメーター
----------------------------------------------
Receive-Side Scaling 状態          : enabled
受信ウィンドウ自動チューニング レベル    : normal
アドオン輻輳制御プロバイダー  : default
ECN 機能                      : disabled
RFC 1323 タイムスタンプ                 : allowed
初期 RTO                         : 1000
"""
SUPPLEMENTAL = """
TCP Supplemental Parameters
----------------------------------------------
Minimum RTO (msec)                  : 300
Initial Congestion Window (MSS)     : 4
Congestion Control Provider         : ctcp
Enable Congestion Window Restart    : disabled
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_server_2008_r2(line_end: str) -> None:
    text = ENGLISH.replace("\n", line_end)
    assert recognise(text)
    assert parse(text).facts == (TcpGlobal("automatic", 7),)
    assert parse(text).problems == ()
    assert parse(text).summary == "Chimney automatic"


@pytest.mark.parametrize(
    ("text", "chimney", "line"),
    [
        (SERVER_2008, "enabled", 5),
        (SERVER_2019, "disabled", 7),
        (CHINESE, "", 3),
        (JAPANESE, "", 5),
    ],
)
def test_other_systems(text: str, chimney: str, line: int) -> None:
    assert recognise(text)
    assert parse(text).facts == (TcpGlobal(chimney, line),)
    assert parse(text).problems == ()


def test_every_label_but_netdma_in_another_language() -> None:
    """With its own name translated too, Chimney is what stands above NetDMA."""
    for seed in range(20):
        text = scramble(ENGLISH, r"(Receive-|Chimney Offload State|Add-On|Direct Cache).*", seed)
        assert "Chimney" not in text
        assert parse(text).facts == (TcpGlobal("automatic", 7),)


def test_name_in_chinese() -> None:
    text = SERVER_2008.replace("Chimney Offload State", "烟囱卸载状态").replace(" : enabled", "：已禁用")
    assert parse(text).facts == (TcpGlobal("disabled", 5),)


@pytest.mark.parametrize("word", ["default", "aktiviert", "1", "enabled, automatic"])
def test_an_unknown_word_is_a_problem_and_no_guess(word: str) -> None:
    parsed = parse(ENGLISH.replace("automatic", word))
    assert parsed.facts == (TcpGlobal("", 7),)
    assert [(problem.line, word in problem.message) for problem in parsed.problems] == [(7, True)]
    assert recognise(ENGLISH.replace("automatic", word))


def test_the_second_row_alone_is_not_taken_for_chimney() -> None:
    """Where auto-tuning is second and disabled, nothing was said of Chimney."""
    assert parse(CHINESE.replace(": normal", ": disabled")).facts == (TcpGlobal("", 3),)


def test_two_outputs_in_one_file() -> None:
    assert parse(ENGLISH + SERVER_2019).facts == (TcpGlobal("automatic", 7), TcpGlobal("disabled", 21))


def test_other_tables_under_a_rule() -> None:
    assert not recognise(SUPPLEMENTAL)
    assert not recognise("Title\n-----\nfirst : 1\nECN : 2\n")


def test_prose_about_chimney() -> None:
    assert not recognise("Chimney Offload State : automatic\n")
    assert not recognise("TCP Chimney\n-------\nIt can be told by netsh.\nChimney: see there\n")
    assert not recognise("Offload\n-------\nTCP Chimney: see there\n")


def test_cut_short() -> None:
    """A word cut in two is not understood; nothing else comes of it."""
    end = ENGLISH.index("automatic")
    assert not recognise(ENGLISH[:end])
    assert parse(ENGLISH[: end + 4]).facts == (TcpGlobal("", 7),)
    assert parse(ENGLISH[: end + 9]).facts == (TcpGlobal("automatic", 7),)
