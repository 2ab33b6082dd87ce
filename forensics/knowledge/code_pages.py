"""Code pages of Windows consoles, and words of Windows tools by which the right one shows.

Sources: the headings of real outputs (domain.md §5.1, §5.2; the shared corpus); OEM and ANSI code pages by language:
learn.microsoft.com, "Code Page Identifiers".
"""

# In this order where nothing else tells: OEM before ANSI, for a console writes OEM; double-byte ones first, for they
# fail on most bytes of the others.
CODE_PAGES = (
    "cp936",
    "cp932",
    "cp949",
    "cp950",
    "cp850",
    "cp866",
    "cp852",
    "cp857",
    "cp737",
    "cp862",
    "cp437",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp874",
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
    "Verfügbar", "Arbeitsspeicher", "Ausschluss", "Portausschlussbereiche", "Prozessor", "ä",
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


def familiarity(text: str) -> int:
    """Count the known words in a text, each as much as its letters outside ASCII weigh.

    >>> familiarity("协议 本地地址") > familiarity("Ð­Òé ±¾µØµØÖ·")
    True
    """
    return sum(text.count(word) * sum(not letter.isascii() for letter in word) for word in WORDS)
