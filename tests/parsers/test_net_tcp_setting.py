import pytest

from forensics.parsers.net_tcp_setting import TcpSetting, parse, recognise

# The form of PowerShell on Windows 10 (cnblogs.com/suv789/p/17430022); the figures below are the defaults there.
LIST = """

SettingName                     : Automatic
MinRto(ms)                      :
InitialCongestionWindow(MSS)    :
CongestionProvider              :
InitialRto(ms)                  :
ScalingHeuristics               :
DynamicPortRangeStartPort       :
DynamicPortRangeNumberOfPorts   :
MaxSynRetransmissions           :
AutoReusePortRangeStartPort     :
AutoReusePortRangeNumberOfPorts :

SettingName                     : Internet
MinRto(ms)                      : 300
InitialCongestionWindow(MSS)    : 10
CongestionProvider              : CUBIC
InitialRto(ms)                  : 1000
ScalingHeuristics               : Disabled
DynamicPortRangeStartPort       : 49152
DynamicPortRangeNumberOfPorts   : 16384
MaxSynRetransmissions           : 4
AutoReusePortRangeStartPort     : 10000
AutoReusePortRangeNumberOfPorts : 50000

"""
# Columns as Export-Csv orders them (a public program's list of them), shortened by those without figures.
CSV = (
    "#TYPE Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetTCPSetting\r\n"
    '"CongestionProvider","Caption","AutoReusePortRangeStartPort","AutoReusePortRangeNumberOfPorts","MinRto",'
    '"DynamicPortRangeStartPort","PolicyKeywords","PSComputerName","SettingName","MaxSynRetransmissions",'
    '"DynamicPortRangeNumberOfPorts","InitialRto","InstanceID"\r\n'
    ',,,,,,,,"Automatic",,,,"Automatic"\r\n'
    '"CTCP",,"0","0","300","49152",,,"InternetCustom","2","16384","3000","InternetCustom"\r\n'
    '"DCTCP",,"0","0","20","49152",,,"DatacenterCustom","2","16384","3000","DatacenterCustom"\r\n'
)


def automatic(line: int) -> TcpSetting:
    return TcpSetting("Automatic", None, None, None, None, None, None, line)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_list(line_end: str) -> None:
    text = LIST.replace("\n", line_end)
    assert recognise(text)
    assert parse(text).facts == (
        automatic(3),
        TcpSetting("Internet", 10000, 50000, 49152, 16384, 1000, 4, 15),
    )
    assert parse(text).problems == ()


def test_csv() -> None:
    assert recognise(CSV)
    assert parse(CSV).facts == (
        automatic(3),
        TcpSetting("InternetCustom", 0, 0, 49152, 16384, 3000, 2, 4),
        TcpSetting("DatacenterCustom", 0, 0, 49152, 16384, 3000, 2, 5),
    )
    assert parse(CSV).problems == ()
    assert parse(CSV).summary == "3 TCP settings"


def test_before_the_update_there_is_no_auto_reuse_range() -> None:
    text = "\n".join(line for line in LIST.splitlines() if "AutoReuse" not in line)
    assert parse(text).facts == (automatic(3), TcpSetting("Internet", None, None, 49152, 16384, 1000, 4, 13))


def test_a_figure_that_is_none() -> None:
    parsed = parse(CSV.replace('"0","0","300"', '"0","many","300"'))
    assert parsed.facts[1] == TcpSetting("InternetCustom", 0, None, 49152, 16384, 3000, 2, 4)
    assert [(problem.line, "many" in problem.message) for problem in parsed.problems] == [(4, True)]


def test_other_objects_with_a_setting_name() -> None:
    assert not recognise("SettingName       : InternetCustom\nProtocol          : TCP\nLocalPortStart    : 0\n")
    assert not recognise("Set-NetTCPSetting -SettingName Internet -InitialRto 3000\n")
    assert not recognise("SettingName : \nInitialRto  : 3000\n")


def test_cut_short() -> None:
    for end in range(len(LIST)):
        settings = parse(LIST[:end]).facts
        assert settings[:1] in ((), (automatic(3),))
    assert parse(CSV[: CSV.index("16384")]).facts == (automatic(3),)


def test_a_unit_is_one_only_in_front_of_the_colon() -> None:
    """Found by fuzzing: a name is told as it stands in the text, whatever it looks like."""
    text = "SettingName          MaxSynRetransmissions\nInitialRto(ms) :me   2\n"
    (setting,) = parse(text).facts
    assert isinstance(setting, TcpSetting)
    assert setting.name == "InitialRto(ms) :me"
