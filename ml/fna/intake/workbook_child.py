"""Run as a script: reads a workbook from standard input, writes its sheets' cells as JSON to standard output.

The reader is Rust code that trusts the file: a damaged or hostile one can make it panic, or ask for more
memory than there is, which would end the process. So it runs in this process of its own, under limits, and
imports nothing else.
"""

import datetime as dt
import json
import resource
import sys
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

MEMORY_BYTES = 3 * 1024**3
CPU_SECONDS = 60

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def cell_text(cell: Cell) -> str:
    """The cell as its text in a CSV file would be; floats keep every digit, whole ones lose their ".0"."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


def sheet_rows(workbook: CalamineWorkbook, name: str) -> list[tuple[int, list[str]]]:
    """The rows that have anything in them, with their numbers, each cut after its last filled cell."""
    rows = []
    for number, row in enumerate(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
        cells = [cell_text(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            rows.append((number, cells))
    return rows


def main(max_sheets: int) -> None:
    """Write {"sheets": {name: rows}} or {"error": …}."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, object]
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        names = workbook.sheet_names
        if len(names) > max_sheets:
            answer = {"error": "too_many_sheets", "count": len(names)}
        else:
            answer = {"sheets": {name: sheet_rows(workbook, name) for name in names}}
    except CalamineError as error:
        answer = {"error": "encrypted" if "password" in str(error).lower() else "unreadable_workbook"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
