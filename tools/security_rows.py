"""Keeps the tables of docs/security.md true: every row has a test that is named after it.

A test for row ACC-8 is called `test_acc_08_…`. `python tools/security_rows.py` fails and says what is wrong; with
`--write` it fills in the tables' last column first.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (?P<row>[A-Z]+-\d+) \| (?P<holds>.*?) \| (?P<tests>.*?) \|$")
TEST = re.compile(r"^test_(?P<kind>[a-z]+)_(?P<number>\d\d)_")
KINDS = frozenset({"ACC", "AUD", "UPL", "REL", "DEID"})


def tests_by_row(folder: Path) -> dict[str, dict[str, int]]:
    """For each row the files that test it, with the number of test functions."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (match := TEST.match(node.name)):
                kind = match["kind"].upper()
                if kind in KINDS:
                    found[f"{kind}-{int(match['number'])}"][path.relative_to(ROOT).as_posix()] += 1
    return found


def in_words(files: dict[str, int]) -> str:
    """The table's last column."""
    return "<br>".join(f"`{path}` ({count})" for path, count in sorted(files.items())) or "none"


def main(arguments: list[str]) -> int:
    """0 when every row has a test and every such test has a row."""
    tested = tests_by_row(ROOT / "tests")
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    problems, rows = [], set()
    for number, line in enumerate(lines):
        if not (match := ROW.match(line)):
            continue
        row, words = match["row"], in_words(tested.get(match["row"], {}))
        rows.add(row)
        if "--write" in arguments:
            lines[number] = f"| {row} | {match['holds']} | {words} |"
        elif match["tests"] != words:
            problems.append(f"{row}: the table says {match['tests']}, the tests are {words} (run with --write)")
        if row not in tested:
            problems.append(f"{row}: no test is named test_{row.split('-')[0].lower()}_{int(row.split('-')[1]):02}_…")
    problems += [f"{row}: tested, but not in the table" for row in sorted(tested.keys() - rows)]
    if "--write" in arguments:
        GUIDE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
