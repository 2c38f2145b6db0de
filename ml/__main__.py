"""`python -m ml …`: inspect files, and train, evaluate and use the models from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ml.commands.console import CommandError, errors

COMMANDS = {
    ("inspect",): ("inspect_file", "tell what intake makes of a file: image, kept, or refused and why"),
    ("train", "fna"): ("train_fna", "rebuild the FNA classifier's weights and model card"),
    ("evaluate", "fna"): ("evaluate_fna", "measure the FNA classifier beside others on the same folds"),
    ("predict", "fna"): ("predict_fna", "answer every row of a table of FNA measurements"),
    ("train", "image"): ("train_image", "train an image classifier on a folder, a manifest or an array file"),
    ("evaluate", "synthetic"): ("evaluate_synthetic", "judge whether a synthetic set may be released"),
    ("evaluate", "image"): ("evaluate_image", "cross-validate the image classifier beside ResNet-18"),
    ("predict", "image"): ("predict_image", "answer pictures: DICOM, PNG, JPEG or TIFF"),
    ("synthesize", "fna"): ("synthesize_fna", "learn a table of FNA measurements and draw a synthetic one"),
    ("synthesize", "image"): ("synthesize_image", "train a generator on pictures and draw a labelled set from it"),
    ("benchmark", "tables"): ("benchmark_tables", "measure the tabular generators on the same folds"),
    ("benchmark", "gans"): ("benchmark_gans", "measure all picture generators on one data set and device"),
    ("benchmark", "gate"): ("benchmark_gate", "try the release gate on honest sets and planted leaks"),
}
"""A command's words, and its module in `ml.commands` with its help."""


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """All commands: an action, most of them then a model.

    Only the command that `arguments` ask for is imported and gets its options: the models take seconds to load.
    """
    root = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    actions = root.add_subparsers(dest="action", required=True)
    models = {}
    for words, (module, text) in COMMANDS.items():
        action, *model = words
        if not model:
            command = actions.add_parser(action, help=text, description=text)
        else:
            if action not in models:
                models[action] = actions.add_parser(action, help=text).add_subparsers(dest="model", required=True)
            command = models[action].add_parser(*model, help=text, description=text)
        if tuple(arguments[: len(words)]) == words:
            chosen = import_module(f"ml.commands.{module}")
            chosen.add_arguments(command)
            command.set_defaults(run=chosen.run)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, 0 unless the command gives another."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = parser(arguments).parse_args(arguments)  # imports for seconds, in which Ctrl-C may come as well
        status: int | None = parsed.run(parsed)
    except CommandError as error:
        errors.print(f"error: {error}", markup=False, style="red")
        return 1
    except KeyboardInterrupt:
        errors.print("stopped")
        return 130
    return status or 0


if __name__ == "__main__":
    sys.exit(main())
