"""What Windows prints in each language: code pages, headings, state names, labels.

Read from real output where some could be had: netstat headings and German states, systeminfo in English,
Chinese, German and French, netsh ranges in English, Chinese and Japanese, the 6013 time zone names. The rest
(``netstat -s`` outside English, netsh in German, French, Russian, Korean and Spanish, table headings) is
written from memory of such systems; an analyzer that goes by position and number does not mind, and one that
goes by words should not.
"""

from dataclasses import dataclass, field
from datetime import datetime

STATES = (
    "LISTENING", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
    "CLOSING",
    "LAST_ACK", "TIME_WAIT", "BOUND",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatisticsLabels:
    """The words of ``netstat -s``: ``{}`` stands for IPv4 or IPv6."""

    ip: str
    ip_rows: tuple[str, ...]
    icmp: str
    icmp_columns: tuple[str, str]
    icmp_rows: tuple[str, ...]
    tcp: str
    tcp_rows: tuple[str, ...]
    udp: str
    udp_rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """One display language of Windows."""

    tag: str
    lcid: int
    oem_codepage: str
    ansi_codepage: str
    netstat_title: str
    netstat_heading: str
    statistics: StatisticsLabels
    dynamic_ports: tuple[str, str, str]
    """Title with ``{}`` for tcp or udp, label of the start, label of the number."""
    excluded_ports: tuple[str, str, str]
    """Title with ``{}``, column headings, footer."""
    tasklist: tuple[str, str, str]
    not_available: str
    systeminfo: tuple[str, ...]
    """Labels in the order of ``console.systeminfo``."""
    date_format: str
    time_format: str
    thousands: str
    service_states: tuple[str, str]
    """What the Service Control Manager writes into 7036: running, stopped."""
    services: tuple[str, ...]
    """Some services' display names, for the everyday events."""
    planned_restart: tuple[str, str]
    """Of event 1074: the reason ``Other (Planned)`` and the word for a restart."""
    netstat_protocol_width: int = 5
    offload_state: str = "Offload State"
    """Heading of the column that ``netstat -t`` adds."""
    states: dict[str, str] = field(default_factory=dict)
    """State names that differ from English; none outside German."""

    def moment(self, local: datetime) -> str:
        """Date and time as systeminfo prints them, without leading zeros where the language has none."""
        hour12 = (local.hour + 11) % 12 + 1
        words = {
            "d": str(local.day), "m": str(local.month), "y": str(local.year), "dd": f"{local.day:02}",
            "mm": f"{local.month:02}", "h": str(local.hour), "h12": str(hour12), "hh": f"{local.hour:02}",
            "min": f"{local.minute:02}", "s": f"{local.second:02}", "ampm": "AM" if local.hour < 12 else "PM",
        }  # fmt: skip
        return f"{self.date_format}, {self.time_format}".format(**words)

    def number(self, value: int) -> str:
        """A number with the language's mark between the thousands."""
        return f"{value:,}".replace(",", self.thousands)


_EN_STATISTICS = StatisticsLabels(
    ip="{} Statistics",
    ip_rows=(
        "Packets Received", "Received Header Errors", "Received Address Errors", "Datagrams Forwarded",
        "Unknown Protocols Received", "Received Packets Discarded", "Received Packets Delivered",
        "Output Requests",
        "Routing Discards", "Discarded Output Packets", "Output Packet No Route", "Reassembly Required",
        "Reassembly Successful", "Reassembly Failures", "Datagrams Successfully Fragmented",
        "Datagrams Failing Fragmentation", "Fragments Created",
    ),
    icmp="{} Statistics",
    icmp_columns=("Received", "Sent"),
    icmp_rows=(
        "Messages", "Errors", "Destination Unreachable", "Time Exceeded", "Parameter Problems",
        "Source Quenches",
        "Redirects", "Echo Replies", "Echos", "Timestamps", "Timestamp Replies", "Address Masks",
        "Address Mask Replies", "Router Solicitations", "Router Advertisements",
    ),
    tcp="TCP Statistics for {}",
    tcp_rows=(
        "Active Opens", "Passive Opens", "Failed Connection Attempts", "Reset Connections",
        "Current Connections",
        "Segments Received", "Segments Sent", "Segments Retransmitted",
    ),
    udp="UDP Statistics for {}",
    udp_rows=("Datagrams Received", "No Ports", "Receive Errors", "Datagrams Sent"),
)  # fmt: skip

_ZH_STATISTICS = StatisticsLabels(
    ip="{} 统计信息",
    ip_rows=(
        "接收的数据包", "接收的标头错误", "接收的地址错误", "转发的数据报", "接收的未知协议",
        "丢弃的接收数据包",
        "传送的接收数据包", "输出请求", "路由丢弃", "丢弃的输出数据包", "输出数据包无路由", "需要重新组合",
        "重新组合成功", "重新组合失败", "数据报分段成功", "数据报分段失败", "分段已创建",
    ),
    icmp="{} 统计信息",
    icmp_columns=("已接收", "已发送"),
    icmp_rows=(
        "消息", "错误", "目标不可到达", "超时", "参数问题", "源抑制", "重定向", "回显回复", "回显", "时间戳",
        "时间戳回复", "地址掩码", "地址掩码回复", "路由器请求", "路由器广告",
    ),
    tcp="{} 的 TCP 统计信息",
    tcp_rows=(
        "主动开放", "被动开放", "失败的连接尝试", "重置连接", "当前连接", "接收的分段", "发送的分段",
        "重新传输的分段",
    ),
    udp="{} 的 UDP 统计信息",
    udp_rows=("接收的数据报", "无端口", "接收错误", "发送的数据报"),
)  # fmt: skip

_DE_STATISTICS = StatisticsLabels(
    ip="{}-Statistik",
    ip_rows=(
        "Empfangene Pakete", "Empfangene Vorspannfehler", "Empfangene Adressfehler",
        "Weitergeleitete Datagramme",
        "Empfangene unbekannte Protokolle", "Empfangene verworfene Pakete", "Empfangene übermittelte Pakete",
        "Ausgabeanforderungen", "Verworfene Routingpakete", "Verworfene Ausgabepakete",
        "Ausgabepakete ohne Route", "Reassemblierung erforderlich", "Reassemblierung erfolgreich",
        "Reassemblierung fehlgeschlagen", "Erfolgreiche Datagrammfragmentierung",
        "Fehlgeschlagene Datagrammfragmentierung", "Erzeugte Fragmente",
    ),
    icmp="{}-Statistik",
    icmp_columns=("Empfangen", "Gesendet"),
    icmp_rows=(
        "Meldungen", "Fehler", "Ziel nicht erreichbar", "Zeitüberschreitung", "Parameterprobleme",
        "Quelldrosselung",
        "Umleitungen", "Echoantworten", "Echos", "Zeitstempel", "Zeitstempelantworten", "Adressmasken",
        "Adressmaskenantworten", "Routeranfragen", "Routerankündigungen",
    ),
    tcp="TCP-Statistik für {}",
    tcp_rows=(
        "Aktiv geöffnet", "Passiv geöffnet", "Fehlerhafte Verbindungsversuche", "Zurückgesetzte Verbindungen",
        "Aktuelle Verbindungen", "Empfangene Segmente", "Gesendete Segmente", "Erneut übertragene Segmente",
    ),
    udp="UDP-Statistik für {}",
    udp_rows=("Empfangene Datagramme", "Keine Anschlüsse", "Empfangsfehler", "Gesendete Datagramme"),
)  # fmt: skip

_FR_STATISTICS = StatisticsLabels(
    ip="Statistiques {}",
    ip_rows=(
        "Paquets reçus", "Erreurs d'en-tête reçues", "Erreurs d'adresse reçues", "Datagrammes transférés",
        "Protocoles inconnus reçus", "Paquets reçus rejetés", "Paquets reçus délivrés", "Requêtes en sortie",
        "Routages ignorés", "Paquets en sortie ignorés", "Paquet en sortie non routé", "Réassemblage requis",
        "Réassemblage réussi", "Défaillances de réassemblage", "Fragmentations de datagrammes réussies",
        "Fragmentations de datagrammes défaillantes", "Fragments créés",
    ),
    icmp="Statistiques {}",
    icmp_columns=("Reçus", "Émis"),
    icmp_rows=(
        "Messages", "Erreurs", "Destination inaccessible", "Temps dépassé", "Problèmes de paramètres",
        "La source s'éteint", "Redirections", "Réponses échos", "Échos", "Dates", "Réponses du dateur",
        "Masques d'adresses", "Réponses du masque d'adresses", "Sollicitations de routeur",
        "Annonces de routeur",
    ),
    tcp="Statistiques TCP pour {}",
    tcp_rows=(
        "Ouvertures actives", "Ouvertures passives", "Tentatives de connexion non réussies",
        "Connexions réinitialisées", "Connexions courantes", "Segments reçus", "Segments envoyés",
        "Segments retransmis",
    ),
    udp="Statistiques UDP pour {}",
    udp_rows=("Datagrammes reçus", "Pas de port", "Erreurs reçues", "Datagrammes envoyés"),
)  # fmt: skip

_JA_STATISTICS = StatisticsLabels(
    ip="{} 統計",
    ip_rows=(
        "受信パケット数", "受信ヘッダー エラー数", "受信アドレス エラー数", "転送データグラム数",
        "受信した不明なプロトコル数", "破棄された受信パケット数", "配信された受信パケット数", "出力要求数",
        "ルーティング破棄数", "破棄された出力パケット数", "経路のない出力パケット数", "再構築が必要な数",
        "再構築に成功した数", "再構築に失敗した数", "フラグメント化に成功したデータグラム数",
        "フラグメント化に失敗したデータグラム数", "作成されたフラグメント数",
    ),
    icmp="{} 統計",
    icmp_columns=("受信", "送信"),
    icmp_rows=(
        "メッセージ数", "エラー数", "到達できない宛先数", "時間超過数", "パラメーターの問題数",
        "ソース クエンチ数",
        "リダイレクト数", "エコー応答数", "エコー数", "タイムスタンプ数", "タイムスタンプ応答数",
        "アドレス マスク数",
        "アドレス マスク応答数", "ルーター要求数", "ルーター アドバタイズ数",
    ),
    tcp="{} の TCP 統計",
    tcp_rows=(
        "アクティブ オープン数", "パッシブ オープン数", "失敗した接続の試行数", "リセットされた接続数",
        "現在の接続数",
        "受信セグメント数", "送信セグメント数", "再送信セグメント数",
    ),
    udp="{} の UDP 統計",
    udp_rows=("受信データグラム数", "ポートなし", "受信エラー数", "送信データグラム数"),
)  # fmt: skip

_EN_SYSTEMINFO = (
    "Host Name:", "OS Name:", "OS Version:", "OS Manufacturer:", "OS Configuration:", "OS Build Type:",
    "Registered Owner:", "Product ID:", "Original Install Date:", "System Boot Time:", "System Manufacturer:",
    "System Model:", "System Type:", "Windows Directory:", "System Locale:", "Input Locale:", "Time Zone:",
    "Total Physical Memory:", "Available Physical Memory:", "Domain:", "Hotfix(s):", "Build", "N/A",
    "{} Hotfix(s) Installed.", "Standalone Server", "MB",
)  # fmt: skip
_ZH_SYSTEMINFO = (
    "主机名:", "OS 名称:", "OS 版本:", "OS 制造商:", "OS 配置:", "OS 构件类型:", "注册的所有人:", "产品 ID:",
    "初始安装日期:", "系统启动时间:", "系统制造商:", "系统型号:", "系统类型:", "Windows 目录:",
    "系统区域设置:",
    "输入法区域设置:", "时区:", "物理内存总量:", "可用的物理内存:", "域:", "修补程序:", "Build", "暂缺",
    "安装了 {} 个修补程序。", "独立服务器", "MB",
)  # fmt: skip
_DE_SYSTEMINFO = (
    "Hostname:", "Betriebssystemname:", "Betriebssystemversion:", "Betriebssystemhersteller:",
    "Betriebssystemkonfiguration:", "Betriebssystem-Buildtyp:", "Registrierter Benutzer:", "Produkt-ID:",
    "Ursprüngliches Installationsdatum:", "Systemstartzeit:", "Systemhersteller:", "Systemmodell:",
    "Systemtyp:",
    "Windows-Verzeichnis:", "Systemgebietsschema:", "Eingabegebietsschema:", "Zeitzone:",
    "Gesamter physikalischer Speicher:", "Verfügbarer physikalischer Speicher:", "Domäne:", "Hotfix(es):",
    "Build",
    "Nicht zutreffend", "{} Hotfix(e) installiert.", "Eigenständiger Server", "MB",
)  # fmt: skip
_FR_SYSTEMINFO = (
    "Nom de l'hôte:", "Nom du système d'exploitation:", "Version du système:",
    "Fabricant du système d'exploitation:", "Configuration du système d'exploitation:",
    "Type de version du système d'exploitation:", "Propriétaire enregistré:", "Identificateur de produit:",
    "Date d'installation originale:", "Heure de démarrage du système:", "Fabricant du système:",
    "Modèle du système:", "Type du système:", "Répertoire Windows:", "Option régionale du système:",
    "Paramètres régionaux d'entrée:", "Fuseau horaire:", "Mémoire physique totale:",
    "Mémoire physique disponible:",
    "Domaine:", "Correctif(s):", "version", "N/A", "{} Corrections installées.", "Serveur autonome", "Mo",
)  # fmt: skip
_JA_SYSTEMINFO = (
    "ホスト名:", "OS 名:", "OS バージョン:", "OS 製造元:", "OS 構成:", "OS ビルドの種類:",
    "登録されている所有者:",
    "プロダクト ID:", "最初のインストール日付:", "システム起動時間:", "システム製造元:", "システム モデル:",
    "システムの種類:", "Windows ディレクトリ:", "システム ロケール:", "入力ロケール:", "タイム ゾーン:",
    "物理メモリの合計:", "利用できる物理メモリ:", "ドメイン:", "ホットフィックス:", "ビルド", "N/A",
    "{} ホットフィックスがインストールされています。", "スタンドアロン サーバー", "MB",
)  # fmt: skip

_DE_STATES = {
    "LISTENING": "ABHÖREN",
    "ESTABLISHED": "HERGESTELLT",
    "TIME_WAIT": "WARTEND",
    "CLOSE_WAIT": "SCHLIESSEN_WARTEN",
    "SYN_SENT": "SYN_GESENDET",
    "SYN_RECEIVED": "SYN_EMPFANGEN",
    "FIN_WAIT_1": "FIN_WARTEN_1",
    "FIN_WAIT_2": "FIN_WARTEN_2",
    "CLOSING": "SCHLIESSEND",
}

ENGLISH = Language(
    tag="en-US", lcid=0x409, oem_codepage="cp437", ansi_codepage="cp1252",
    netstat_title="Active Connections",
    netstat_heading="  Proto  Local Address          Foreign Address        State           PID",
    statistics=_EN_STATISTICS,
    dynamic_ports=("Protocol {} Dynamic Port Range", "Start Port", "Number of Ports"),
    excluded_ports=(
        "Protocol {} Port Exclusion Ranges", "Start Port    End Port", "* - Administered port exclusions.",
    ),
    tasklist=("Image Name", "PID", "Services"), not_available="N/A", systeminfo=_EN_SYSTEMINFO,
    date_format="{m}/{d}/{y}", time_format="{h12}:{min}:{s} {ampm}", thousands=",",
    service_states=("running", "stopped"),
    services=(
        "Windows Update", "Software Protection", "WinHTTP Web Proxy Auto-Discovery Service",
        "Windows Modules Installer",
        "Application Experience", "Volume Shadow Copy", "Portable Device Enumerator Service",
        "Multimedia Class Scheduler",
    ),
    planned_restart=("Other (Planned)", "restart"),
)  # fmt: skip

SIMPLIFIED_CHINESE = Language(
    tag="zh-CN", lcid=0x804, oem_codepage="cp936", ansi_codepage="cp936",
    netstat_title="活动连接",
    netstat_heading="  协议  本地地址          外部地址        状态           PID",
    statistics=_ZH_STATISTICS,
    dynamic_ports=("协议 {} 动态端口范围", "启动端口", "端口数"),
    excluded_ports=("协议 {} 端口排除范围", "开始端口    结束端口", "* - 管理的端口排除。"),
    tasklist=("映像名称", "PID", "服务"), not_available="暂缺", systeminfo=_ZH_SYSTEMINFO,
    date_format="{y}/{m}/{d}", time_format="{h}:{min}:{s}", thousands=",",
    service_states=("正在运行", "停止"),
    services=(
        "Windows Update", "Software Protection", "WinHTTP Web Proxy Auto-Discovery Service",
        "Windows Modules Installer",
        "Application Experience", "Volume Shadow Copy", "Portable Device Enumerator Service",
        "Multimedia Class Scheduler",
    ),
    planned_restart=("其他(计划的)", "重新启动"),
    offload_state="卸载状态",
)  # fmt: skip

GERMAN = Language(
    tag="de-DE", lcid=0x407, oem_codepage="cp850", ansi_codepage="cp1252",
    netstat_title="Aktive Verbindungen",
    netstat_heading="  Proto  Lokale Adresse         Remoteadresse          Status           PID",
    statistics=_DE_STATISTICS,
    dynamic_ports=("Protokoll {} Dynamischer Portbereich", "Startport", "Anzahl von Ports"),
    excluded_ports=(
        'Portausschlussbereiche für das Protokoll "{}"', "Startport      Endport",
        "* - Verwaltete Portausschlüsse.",
    ),
    tasklist=("Abbildname", "PID", "Dienste"), not_available="Nicht zutreffend", systeminfo=_DE_SYSTEMINFO,
    date_format="{dd}.{mm}.{y}", time_format="{hh}:{min}:{s}", thousands=".",
    service_states=("Ausgeführt", "Beendet"),
    services=(
        "Windows Update", "Softwareschutz", "WinHTTP-Web Proxy Auto-Discovery-Dienst",
        "Windows Modules Installer",
        "Anwendungserfahrung", "Volumeschattenkopie", "Enumeratordienst für tragbare Geräte",
        "Multimediaklassenplaner",
    ),
    planned_restart=("Andere (Geplant)", "Neustart"),
    offload_state="Abladungsstatus",
    states=_DE_STATES,
)  # fmt: skip

FRENCH = Language(
    tag="fr-FR", lcid=0x40C, oem_codepage="cp850", ansi_codepage="cp1252",
    netstat_title="Connexions actives",
    netstat_heading="  Proto  Adresse locale         Adresse distante       État            PID",
    statistics=_FR_STATISTICS,
    dynamic_ports=("Plage de ports dynamiques du protocole {}", "Port de démarrage", "Nombre de ports"),
    excluded_ports=(
        "Plages d'exclusion de ports du protocole {}", "Port de démarrage    Port de fin",
        "* - Exclusions de ports administrés.",
    ),
    tasklist=("Nom de l'image", "PID", "Services"), not_available="N/A", systeminfo=_FR_SYSTEMINFO,
    date_format="{dd}/{mm}/{y}", time_format="{hh}:{min}:{s}", thousands="\N{NO-BREAK SPACE}",
    service_states=("en cours d'exécution", "arrêté"),
    services=(
        "Windows Update", "Protection logicielle", "Programme d'installation pour les modules Windows",
        "Expérience d'application", "Cliché instantané des volumes", "Planificateur de classes multimédias",
    ),
    planned_restart=("Autre (Planifié)", "redémarrage"),
    offload_state="État du déchargement",
)  # fmt: skip

JAPANESE = Language(
    tag="ja-JP", lcid=0x411, oem_codepage="cp932", ansi_codepage="cp932",
    netstat_title="アクティブな接続",
    netstat_heading="  プロトコル  ローカル アドレス      外部アドレス           状態            PID",
    statistics=_JA_STATISTICS,
    dynamic_ports=("プロトコル {} の動的ポートの範囲", "開始ポート", "ポート数"),
    excluded_ports=("プロトコル {} ポート除外範囲", "開始ポート    終了ポート", "* - 管理されたポート除外。"),
    tasklist=("イメージ名", "PID", "サービス"), not_available="N/A", systeminfo=_JA_SYSTEMINFO,
    date_format="{y}/{mm}/{dd}", time_format="{h}:{min}:{s}", thousands=",",
    service_states=("実行中", "停止"),
    services=(
        "Windows Update", "Software Protection", "WinHTTP Web Proxy Auto-Discovery Service",
        "Windows Modules Installer",
        "Application Experience", "Volume Shadow Copy", "Portable Device Enumerator Service",
        "Multimedia Class Scheduler",
    ),
    planned_restart=("その他 (計画済)", "再起動"),
    offload_state="オフロードの状態",
    netstat_protocol_width=10,
)  # fmt: skip

RUSSIAN = Language(
    tag="ru-RU", lcid=0x419, oem_codepage="cp866", ansi_codepage="cp1251",
    netstat_title="Активные подключения",
    netstat_heading="  Имя    Локальный адрес        Внешний адрес          Состояние       PID",
    statistics=_EN_STATISTICS,
    dynamic_ports=("Диапазон динамических портов протокола {}", "Начальный порт", "Число портов"),
    excluded_ports=(
        "Диапазоны исключения портов протокола {}", "Начальный порт    Конечный порт",
        "* - Управляемые исключения портов.",
    ),
    tasklist=("Имя образа", "PID", "Службы"), not_available="Н/Д", systeminfo=_EN_SYSTEMINFO,
    date_format="{dd}.{mm}.{y}", time_format="{h}:{min}:{s}", thousands="\N{NO-BREAK SPACE}",
    service_states=("Работает", "Остановлена"),
    services=("Центр обновления Windows", "Защита программного обеспечения", "Теневое копирование тома"),
    planned_restart=("Другое (Запланировано)", "Перезапуск"),
)  # fmt: skip

KOREAN = Language(
    tag="ko-KR", lcid=0x412, oem_codepage="cp949", ansi_codepage="cp949",
    netstat_title="활성 연결",
    netstat_heading="  프로토콜  로컬 주소              외부 주소              상태            PID",
    statistics=_EN_STATISTICS,
    dynamic_ports=("프로토콜 {} 동적 포트 범위", "시작 포트", "포트 수"),
    excluded_ports=("프로토콜 {} 포트 제외 범위", "시작 포트    끝 포트", "* - 관리되는 포트 제외입니다."),
    tasklist=("이미지 이름", "PID", "서비스"), not_available="해당 없음", systeminfo=_EN_SYSTEMINFO,
    date_format="{y}-{mm}-{dd}", time_format="{h}:{min}:{s}", thousands=",",
    service_states=("실행", "중지"),
    services=("Windows Update", "Software Protection", "Windows Modules Installer", "Volume Shadow Copy"),
    planned_restart=("기타(계획됨)", "다시 시작"),
)  # fmt: skip

SPANISH = Language(
    tag="es-ES", lcid=0xC0A, oem_codepage="cp850", ansi_codepage="cp1252",
    netstat_title="Conexiones activas",
    netstat_heading="  Proto  Dirección local        Dirección remota       Estado          PID",
    statistics=_EN_STATISTICS,
    dynamic_ports=("Protocolo {} Intervalo de puertos dinámicos", "Puerto de inicio", "Número de puertos"),
    excluded_ports=(
        "Protocolo {} Intervalos de exclusión de puertos", "Puerto de inicio    Puerto final",
        "* - Exclusiones de puertos administrados.",
    ),
    tasklist=("Nombre de imagen", "PID", "Servicios"), not_available="N/D", systeminfo=_EN_SYSTEMINFO,
    date_format="{dd}/{mm}/{y}", time_format="{h}:{min}:{s}", thousands=".",
    service_states=("en ejecución", "detenido"),
    services=("Windows Update", "Protección de software", "Instalador de módulos de Windows"),
    planned_restart=("Otros (planeado)", "reiniciar"),
)  # fmt: skip

LANGUAGES = {
    language.tag: language
    for language in (ENGLISH, SIMPLIFIED_CHINESE, GERMAN, FRENCH, JAPANESE, RUSSIAN, KOREAN, SPANISH)
}
