"""The deployment guide's table of variables says what the settings say."""

from pathlib import Path

from webapp.settings.env import VARIABLES, Variable

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
BEGIN = "<!-- variables: kept equal to webapp/settings/env.py by a test -->"
END = "<!-- end of variables -->"


def row(variable: Variable) -> str:
    absent = "**required**" if variable.required_in_production else f"`{variable.default}`"
    help_text = variable.help.replace("|", "\\|")
    return f"| `{variable.name}` | {variable.kind} | {absent if absent != '``' else 'empty'} | {help_text} |"


def table() -> str:
    rows = "\n".join(row(variable) for variable in VARIABLES)
    return f"| variable | type | when absent | meaning |\n|---|---|---|---|\n{rows}"


def test_the_table_of_variables_is_the_settings_registry() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    written = text.split(BEGIN)[1].split(END)[0].strip()

    assert written == table(), f"Put this between the two comments of {GUIDE.name}:\n{table()}"
