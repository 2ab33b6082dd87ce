import pytest

from forensics.parsers.tasklist import Process, parse, recognise

from .scramble import scramble

PLAIN = """
Image Name                     PID Session Name        Session#    Mem Usage
========================= ======== ================ =========== ============
System Idle Process              0 Services                   0         24 K
System                           4 Services                   0      1,304 K
svchost.exe                    700 Services                   0     10,304 K
tomcat6.exe                   1536 RDP-Tcp#0                  2  1,610,304 K
"""
SERVICES = """
Abbildname                     PID Dienste
========================= ======== ============================================
System Idle Process              0 {0}
System                           4 {0}
svchost.exe                    700 DcomLaunch, PlugPlay,
                                   Power
svchost.exe                    832 RpcEptMapper, RpcSs
agent.exe                     1536 {0}

"""
CSV = """"Image Name","PID","Session Name","Session#","Mem Usage"
"System Idle Process","0","Services","0","24 K"
"smss.exe","316","Services","0","{0}"
"""
CSV_SERVICES = """"映像名称","PID","服务"
"System Idle Process","0","暂缺"
"System","4","暂缺"
"svchost.exe","700","DcomLaunch,PlugPlay,Power"
"agent.exe","1536","暂缺"
"""
CSV_VERBOSE = """"Nom de l’image","PID","Nom de la session","Numéro de session","Utilisation mémoire","État","Nom d’utilisateur","Temps processeur","Titre de la fenêtre"
"agent.exe","1536","Console","1","12 304 Ko","Running","SRV1\\x","0:00:01","secret, title"
"""
XP = """
Image Name                   PID Session Name     Session#    Mem Usage
========================= ====== ================ ======== ============
System Idle Process            0 Console                 0         16 K
smss.exe                     316 Console                 0        372 K
"""


def _processes(text: str) -> list[Process]:
    return [fact for fact in parse(text).facts if isinstance(fact, Process)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_plain_table(line_end: str) -> None:
    text = PLAIN.replace("\n", line_end)
    assert recognise(text)
    assert _processes(text) == [
        Process(0, "System Idle Process", (), "Services", 24, 4),
        Process(4, "System", (), "Services", 1304, 5),
        Process(700, "svchost.exe", (), "Services", 10304, 6),
        Process(1536, "tomcat6.exe", (), "RDP-Tcp#0", 1610304, 7),
    ]


def test_windows_xp() -> None:
    assert [(process.pid, process.memory_kb) for process in _processes(XP)] == [(0, 16), (316, 372)]


@pytest.mark.parametrize("none", ["N/A", "Nicht zutreffend", "暂缺", "Н/Д"])
def test_services_table(none: str) -> None:
    assert [(process.pid, process.services, process.line) for process in _processes(SERVICES.format(none))] == [
        (0, (), 4),
        (4, (), 5),
        (700, ("DcomLaunch", "PlugPlay", "Power"), 6),
        (832, ("RpcEptMapper", "RpcSs"), 8),
        (1536, (), 9),
    ]
    assert parse(SERVICES.format(none)).summary == "5 processes, 5 services"


def test_services_of_a_filtered_list() -> None:
    lines = SERVICES.format("Nicht zutreffend").splitlines()
    text = "\n".join([*lines[:3], *lines[5:9], "other.exe                     1540 Nicht zutreffend"])
    assert [process.services for process in _processes(text)] == [
        ("DcomLaunch", "PlugPlay", "Power"),
        ("RpcEptMapper", "RpcSs"),
        (),
        (),
    ]


def test_modules_are_no_services() -> None:
    text = SERVICES.format("N/A").replace("RpcEptMapper, RpcSs", "ntdll.dll, wow64.dll")
    assert _processes(text)[3].services == ()


@pytest.mark.parametrize(
    ("printed", "kilobytes"),
    [
        ("1,204 K", 1204),
        ("1.204 K", 1204),
        ("1 204 Ko", 1204),
        ("1\xa0204 КБ", 1204),
        ("800 K", 800),
        ("8 Ko ", 8),
        ("53\u202f972 Ko", 53972),
        ("12,345,678 K", 12345678),
        ("?", None),
    ],
)
def test_csv(printed: str, kilobytes: int | None) -> None:
    text = CSV.format(printed)
    assert recognise(text)
    assert _processes(text)[1] == Process(316, "smss.exe", (), "Services", kilobytes, 3)


def test_csv_without_a_heading() -> None:
    assert len(_processes(CSV.format("8 K").partition("\n")[2])) == 2


def test_csv_of_services_and_verbose() -> None:
    assert [process.services for process in _processes(CSV_SERVICES)] == [
        (),
        (),
        ("DcomLaunch", "PlugPlay", "Power"),
        (),
    ]
    assert _processes(CSV_VERBOSE) == [Process(1536, "agent.exe", (), "Console", 12304, 2)]
    assert "secret" not in repr(parse(CSV_VERBOSE))


def test_random_headings() -> None:
    for seed in range(10):
        for text, heading in ((PLAIN, r"(.*PID.*)"), (SERVICES.format("N/A"), r"(.*PID.*|.*N/A)"), (XP, r"(.*PID.*)")):
            scrambled = scramble(text, heading.replace("|.*N/A", ""), seed)
            assert _processes(scrambled) == _processes(text)
        for text in (CSV.format("8 K"), CSV_SERVICES, CSV_VERBOSE):
            assert _processes(scramble(text, r"(.*PID.*)", seed)) == _processes(text)


def test_wide_characters_shift_the_columns() -> None:
    text = PLAIN + "报表服务程序.exe          1600 Console                    1     10,304 K\n"
    assert [(process.pid, process.image) for process in _processes(text)][-1] == (1600, "报表服务程序.exe")


def test_several_in_one_file_with_prompts() -> None:
    text = (
        "C:\\>tasklist"
        + PLAIN
        + "\nC:\\>tasklist /svc"
        + SERVICES.format("N/A")
        + "C:\\>tasklist /fo csv\n"
        + CSV.format("8 K")
    )
    assert len(_processes(text)) == 4 + 5 + 2


def test_other_tables() -> None:
    for text in (
        "Name                      Number   What             More        Less\n========================= ======== ================ =========== ============\nCount                            3 a                          0         24 K\n",
        '"Name","ProcessId","CommandLine"\n"agent.exe","1536","agent.exe -x"\n',
        '"a","1","b"\n"c","2","d"\n',
    ):
        assert not recognise(text), text


def test_cut_short() -> None:
    for end in range(len(PLAIN)):
        cut = _processes(PLAIN[:end])
        # only the last row may have lost digits
        assert cut[:-1] == _processes(PLAIN)[: max(len(cut) - 1, 0)]


@pytest.mark.parametrize("memory", ["٣ K", "٣٣٣ K", "1٣ K", "² K"])
def test_digits_of_other_scripts_are_no_size(memory: str) -> None:
    (process,) = _processes(f'"agent.exe","1536","Services","0","{memory}"\n')
    assert (process.pid, process.memory_kb) == (1536, None)
