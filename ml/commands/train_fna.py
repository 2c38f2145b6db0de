"""`python -m ml train fna`: rebuild the FNA classifier's weights and card."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ml.artifacts import save_artifact
from ml.commands.console import console, progress_bar, write_json
from ml.fna.card import model_card
from ml.fna.classifier import AutoencoderGANClassifier
from ml.fna.evaluation.cross_validation import Protocol, cross_validate
from ml.fna.evaluation.parallel import available_processors
from ml.fna.model_file import to_metadata, to_tensors
from ml.fna.predictor import SHIPPED_WEIGHTS
from ml.fna.preprocessing import clean
from ml.fna.reference import SUMMARY, reference_cases

DEFAULT_SEED = 2026


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--out",
        type=Path,
        default=SHIPPED_WEIGHTS.parent,
        help="folder for weights and card (the shipped ones')",
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="random_state of the shipped ensemble")
    parser.add_argument("--folds", type=int, default=10, help="folds of the cross-validation that the card reports")
    parser.add_argument("--repeats", type=int, default=1, help="its repeats, shuffled by seeds 0, 1, …")
    parser.add_argument("--steps", type=int, default=None, help="optimiser steps (the design's)")
    parser.add_argument("--members", type=int, default=None, help="ensemble members (the design's)")
    parser.add_argument("--jobs", type=int, default=available_processors(), help="processes")
    parser.add_argument("--json", type=Path, help="also write the card here")


def run(arguments: argparse.Namespace) -> None:
    """Cross-validate the design, fit it on all cases, save weights and card."""
    torch.set_num_threads(1)
    classifier = AutoencoderGANClassifier(random_state=arguments.seed)
    if arguments.steps is not None:
        classifier.set_params(steps=arguments.steps)
    if arguments.members is not None:
        classifier.set_params(members=arguments.members)
    protocol = Protocol(arguments.folds, tuple(range(arguments.repeats)))
    with progress_bar("Cross-validating") as progress:
        outputs = cross_validate(
            classifier.design(),
            protocol,
            threshold=classifier.threshold,
            jobs=arguments.jobs,
            progress=progress,
        )
    cases = reference_cases()
    cleaned = clean(cases.X, cases.y)
    with progress_bar("Training on all cases") as progress:
        classifier.fit(cleaned.X, cleaned.y, progress=progress)
    card = model_card(classifier, outputs, protocol, cleaned)
    path = arguments.out / SHIPPED_WEIGHTS.name
    sha256 = save_model(classifier, path, card)
    if arguments.json:
        write_json(arguments.json, card)
    accuracy = card["evaluation"]["performance"]["accuracy"]
    console.print(f"Trained on {SUMMARY}.")
    console.print(
        f"Cross-validated accuracy {accuracy['mean']:.2%} "
        f"(95 % interval {accuracy['low']:.2%} to {accuracy['high']:.2%})."
    )
    console.print(f"{path}: {path.stat().st_size / 1e3:.0f} kB, SHA-256 {sha256}", soft_wrap=True)


def save_model(classifier: AutoencoderGANClassifier, path: Path, card: dict[str, object]) -> str:
    """Save a fitted classifier for `FnaPredictor.load`; returns the weights' SHA-256."""
    tensors = to_tensors(classifier.ensemble_)
    tensors["decision_threshold"] = torch.tensor(classifier.threshold, dtype=torch.float64)
    metadata = {**to_metadata(classifier.ensemble_), "training_data_sha256": reference_cases().sha256}
    return save_artifact(path, tensors, metadata=metadata, card=card)
