"""``netstat -anob``: under each row the service and the program behind it, or that they cannot be had.

The forms are those of traps.md. The sentence for what cannot be had was read from real output in English, Chinese and
French; the other languages' are written from memory, and a reader should not go by them.
"""

from collections.abc import Iterable, Iterator

from builder.machine import Machine, Process
from builder.ports import Row

SYSTEM_PID = 4
_NO_OWNER = {
    "en-US": "Can not obtain ownership information",
    "zh-CN": "无法获取所有权信息",
    "fr-FR": "Impossible d'obtenir les informations de propriétaire",
    "de-DE": "Es konnten keine Besitzerinformationen abgerufen werden.",
    "ja-JP": "所有者情報を取得できません",
    "ru-RU": "Не удается получить сведения о владельце",
    "ko-KR": "소유권 정보를 가져올 수 없습니다.",
    "es-ES": "No se puede obtener información de propiedad",
}


def with_owners(machine: Machine, rows: Iterable[tuple[Row, str]]) -> Iterator[str]:
    """The lines of the table, each row's owner below it; a row in TIME_WAIT has none."""
    processes = {process.pid: process for process in machine.processes}
    unknown = [f" {_NO_OWNER[machine.language.tag]}"]
    for row, line in rows:
        yield line
        if row.pid:
            process = processes.get(row.pid)
            yield from unknown if process is None or row.pid == SYSTEM_PID else _owner(process)


def _owner(process: Process) -> Iterator[str]:
    """A service has its name above the program's; of a process with several services the first is named."""
    if process.services:
        yield f"  {process.services[0]}"
    yield f" [{process.name}]"
