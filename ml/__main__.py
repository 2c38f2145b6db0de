"""`python -m ml …`: train, evaluate and use the models from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ml.commands import evaluate_fna, predict_fna, train_fna
from ml.commands.console import CommandError, errors

COMMANDS = {
    ("train", "fna"): (train_fna, "rebuild the FNA classifier's weights and model card"),
    ("evaluate", "fna"): (evaluate_fna, "measure the FNA classifier beside others on the same folds"),
    ("predict", "fna"): (predict_fna, "answer every row of a table of FNA measurements"),
}


def parser() -> argparse.ArgumentParser:
    """All commands: an action, then a model."""
    root = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    actions = root.add_subparsers(dest="action", required=True)
    models = {}
    for (action, model), (command, text) in COMMANDS.items():
        if action not in models:
            models[action] = actions.add_parser(action, help=text).add_subparsers(dest="model", required=True)
        command.add_arguments(models[action].add_parser(model, help=text, description=text))
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parsed = parser().parse_args(arguments)
    command, _ = COMMANDS[parsed.action, parsed.model]
    try:
        command.run(parsed)
    except CommandError as error:
        errors.print(f"error: {error}", markup=False, style="red")
        return 1
    except KeyboardInterrupt:
        errors.print("stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
