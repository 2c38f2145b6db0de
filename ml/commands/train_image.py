"""`python -m ml train image`: train an image classifier on one's own archive, or rebuild the shipped one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.artifacts import save_artifact
from ml.commands.console import CommandError, console, errors, progress_bar
from ml.imaging.card import model_card
from ml.imaging.classifier import ImageAutoencoderGANClassifier
from ml.imaging.data import DataError, PictureSet, read_pictures
from ml.imaging.design import Schooling, schooling
from ml.imaging.evaluation.folds import SCHOOL_SEED, FoldPlan, prepare_school
from ml.imaging.evaluation.material import Material, material
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.model_file import to_metadata, to_tensors
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.origin import BUSI, Origin, own_archive
from ml.imaging.predictor import SHIPPED_MODALITY, SHIPPED_WEIGHTS
from ml.imaging.preprocessing import PREPROCESSING_VERSION

DEFAULT_SEED = 2026
EVIDENCE_QUANTILE = 0.75  # of the pictures' strongest cells: what the map shows as ±1
CHOICES = ("members", "steps", "phantoms", "phantom_steps", "counterexamples", "size")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with benign and malignant (and normal) below, manifest (.csv: path,label[,patient][,split]), .npz",
    )
    parser.add_argument("--modality", default="US", help="of the pictures, as DICOM writes it (US)")
    parser.add_argument("--out", type=Path, help="weights to write (.safetensors; the card goes beside them)")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="NAME", help="leave this file out; repeatable"
    )
    parser.add_argument("--evaluation", type=Path, help="report of `evaluate image` to put into the card")
    parser.add_argument("--busi", action="store_true", help="the data are BUSI: cite it in the card")
    parser.add_argument("--source", default="", help="where the pictures come from, for the card")
    parser.add_argument("--licence", default="", help="under which they may be used, for the card")
    parser.add_argument("--school", type=Path, help="folder that keeps what was learnt from phantoms, to reuse it")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="random_state of the ensemble")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where to train (the best there is)")
    for name in CHOICES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=f"{name.replace('_', ' ')} (the design's)")


def run(arguments: argparse.Namespace) -> None:
    """Read the pictures, fit, save weights and card.

    Raises:
        CommandError: when the pictures can't be used.
    """
    if arguments.device in {None, "cpu"} and not torch.cuda.is_available():
        torch.set_num_threads(1)
    modality = arguments.modality.upper()
    classifier = chosen_classifier(arguments, modality).set_params(random_state=arguments.seed)
    pictures = read_or_fail(arguments.data)
    try:
        school = _school(arguments.school, classifier)
        design = classifier.design()
        ready = material(pictures, design.canvas_side, school.finder(design.shape), exclude=arguments.exclude)
        with progress_bar("Training") as progress:
            classifier.fit(
                ready.pictures.pictures, ready.pictures.labels, groups=ready.groups, school=school, progress=progress
            )
    except ValueError as error:  # DataError is one
        raise CommandError(str(error)) from error
    evaluation = json.loads(arguments.evaluation.read_text(encoding="utf-8")) if arguments.evaluation else None
    card = model_card(classifier, ready, _origin(arguments, ready.pictures), modality, evaluation)
    path = arguments.out or _default_path(modality)
    sha256 = save_model(classifier, ready, path, card, modality)
    console.print(f"Trained on {card['training_data']['summary']}; {ready.grouping()['groups']} groups.")
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256}", soft_wrap=True)


def _default_path(modality: str) -> Path:
    """The shipped weights' own place for their modality; for others a file in the working folder."""
    return SHIPPED_WEIGHTS if modality == SHIPPED_MODALITY else Path(f"{modality.lower()}_autoencoder_gan.safetensors")


def chosen_classifier(arguments: argparse.Namespace, modality: str) -> ImageAutoencoderGANClassifier:
    """The design with what the command line changes; phantoms, which are of ultrasound, for ultrasound alone."""
    chosen: dict[str, Any] = {
        name: getattr(arguments, name) for name in CHOICES if getattr(arguments, name) is not None
    }
    if modality != "US":
        chosen = {"phantoms": 0, "phantom_steps": 0, **chosen}
    return ImageAutoencoderGANClassifier(device=arguments.device, **chosen)


def read_or_fail(path: Path) -> PictureSet:
    """The pictures at `path`; says which files were skipped.

    Raises:
        CommandError: when they can't be used.
    """
    try:
        with progress_bar("Reading pictures") as progress:
            pictures = read_pictures(path, progress)
    except DataError as error:
        raise CommandError(str(error)) from error
    for name, reason in pictures.skipped.items():
        errors.print(f"skipped {name}: {reason}", markup=False)
    return pictures


def _school(folder: Path | None, classifier: ImageAutoencoderGANClassifier) -> Schooling:
    with progress_bar("Learning from phantoms") as progress:
        if folder is None:
            return schooling(classifier.design(), classifier.chosen_device(), SCHOOL_SEED, progress)
        folder.mkdir(parents=True, exist_ok=True)
        return prepare_school(FoldPlan(classifier, folder, 0, 0), progress)


def _origin(arguments: argparse.Namespace, pictures: PictureSet) -> Origin:
    if arguments.busi:
        return BUSI
    labels = pictures.labels
    counts = {"benign": LESION, "malignant": MALIGNANT, "normal": CLEAR}
    told = {name: int((labels == code).sum()) for name, code in counts.items()}
    return own_archive(pictures.source, told, arguments.source, arguments.licence)


def save_model(
    classifier: ImageAutoencoderGANClassifier, ready: Material, path: Path, card: dict[str, Any], modality: str
) -> str:
    """Save a fitted classifier for `ImagePredictor.load`; returns the weights' SHA-256."""
    ensemble = classifier.ensemble_
    tensors = to_tensors(ensemble)
    tensors["decision_threshold"] = torch.tensor(classifier.threshold, dtype=torch.float64)
    tensors["evidence_scale"] = torch.tensor(evidence_scale(ensemble, ready), dtype=torch.float64)
    metadata = {**to_metadata(ensemble), "preprocessing": PREPROCESSING_VERSION, "modality": modality}
    return save_artifact(path, tensors, metadata=metadata, card=card)


def evidence_scale(ensemble: FittedEnsemble, ready: Material) -> float:
    """The evidence that the map shows as ±1, learnt from the training pictures."""
    cells = ensemble.read(ready.views).evidence.mean(axis=0)
    return float(np.quantile(np.abs(cells).max(axis=(1, 2)), EVIDENCE_QUANTILE))
