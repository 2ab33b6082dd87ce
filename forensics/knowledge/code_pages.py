"""Code pages of Windows consoles, and words of Windows tools by which the right one shows.

Sources: the headings of real outputs (domain.md §5.1, §5.2; the shared corpus); OEM and ANSI code pages by language:
learn.microsoft.com, "Code Page Identifiers".
"""

# In this order where nothing else tells: double-byte ones first, for they fail on most bytes of the others; OEM before
# ANSI, for a console writes OEM; the rarer ones last.
CODE_PAGES = (
    "cp936",
    "cp932",
    "cp949",
    "cp950",
    "cp850",
    "cp866",
    "cp437",
    "cp1252",
    "cp1251",
    "cp852",
    "cp1250",
    "cp857",
    "cp1254",
    "cp737",
    "cp1253",
    "cp862",
    "cp874",
)

# Where double-byte code pages keep the characters of everyday text: first and last lead byte, least trail byte.
EVERYDAY_CHARACTERS = {
    "cp936": (0xB0, 0xD7, 0xA1),  # GB 2312, level 1
    "cp949": (0xB0, 0xC8, 0xA1),  # KS X 1001, Hangul
    "cp950": (0xA4, 0xC6, 0x40),  # Big5, level 1
    "cp932": (0x81, 0x97, 0x40),  # JIS X 0208: kana and level 1
}

# Frequent syllables: most Chinese text is valid cp949 too, but then of Hangul that nobody uses.
FREQUENT_HANGUL = frozenset(
    "이다는의에가을하고지도사로기인어한그자리스시대으정수나상있부를해서들제전성보아장일만원주조과구경적면동라여안게오마선위것영"
    "유비치무공용관국신모문생세화소미내계산회우연방단당행실분활로토콜태포트범프컬외당음없됩니습작끝니행중지획형호템설치버음드름"
)

WORDS = (
    # Chinese (simplified)
    "活动连接", "协议", "本地地址", "外部地址", "状态", "动态端口范围", "端口", "启动", "统计", "主机名", "系统", "映像名称",
    "会话", "服务", "已安装", "修补程序", "接收", "发送", "暂缺", "标准时间", "名称", "版本", "类型", "内存",
    # Chinese (traditional)
    "使用中連線", "通訊協定", "本機位址", "外部位址", "狀態", "連接埠", "動態", "主機名稱", "統計", "標準時間", "服務",
    # Japanese
    "アクティブな接続", "プロトコル", "ローカル", "アドレス", "外部", "状態", "動的", "ポート", "範囲", "開始", "統計",
    "ホスト名", "イメージ名", "サービス", "標準時", "受信", "送信", "メモリ",
    # Korean
    "활성", "연결", "프로토콜", "로컬", "주소", "외부", "상태", "동적", "포트", "범위", "시작", "통계", "호스트", "이름",
    "서비스", "표준시", "메모리",
    # Russian and Ukrainian
    "Активные", "подключения", "Имя", "Локальный", "Внешний", "адрес", "Состояние", "динамических", "портов", "порт",
    "Диапазон", "Число", "Статистика", "Служб", "узла", "системы", "Память", "время", "Протокол", "протокола",
    # German
    "ABHÖREN", "für", "Dienste", "Größe", "Übertragung", "Empfangene", "ungültig", "Öffnungen", "geöffnet", "gelöscht",
    "Verfügbar", "Arbeitsspeicher", "Ausschluss", "Öffnen", "Domäne",
    # French
    "éseau", "distante", "État", "état", "système", "été", "Réseau", "Démarr", "démarr", "Propriétaire", "hôte", "Mémoire",
    "mémoire", "reçus", "Segments envoyés", "Échecs", "échec", "Plage", "différ",
    # Spanish, Portuguese, Italian
    "Dirección", "dirección", "sesión", "Número", "número", "Estadísticas", "estadísticas", "Conexões", "Endereço",
    "conexões", "estatísticas", "Estatísticas", "endereço", "Não", "exclusión", "dinámic", "dinâmic", "Início", "início",
    "Intervalo", "Versión", "Versão", "proprietà", "Memória",
    # Polish, Czech, Hungarian, Turkish
    "połączenia", "Początkowy", "Usługi", "dostępn", "Připojení", "připojení", "Služby", "Aktív", "kapcsolatok", "Etkin",
    "bağlantı", "Bağlantı", "Yabancı", "Başlangıç",
)  # fmt: skip
