"""The image autoencoder-GAN as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ml.imaging.augmentation import AugmentationSettings
from ml.imaging.design import Design, Schooling, schooling
from ml.imaging.duplicates import near_duplicate_groups
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.fitting import fit_ensemble
from ml.imaging.networks import CLEAR, LESION, MALIGNANT, NetworkShape
from ml.imaging.training import Abort, Progress, TrainingSettings
from ml.imaging.views import make_views
from ml.training.device import Device, choose_device

Pictures = Sequence[NDArray[np.uint8]] | NDArray[np.uint8]


class ImageAutoencoderGANClassifier(ClassifierMixin, BaseEstimator):
    """Benign or malignant from a grey picture, by an ensemble of autoencoder-GANs.

    Args:
        members: of the ensemble; each leaves out another part of the training pictures. With phantoms a member has two
            networks, one that sees the whole picture and one that sees a close-up of where the lesion seems to be.
        inner_folds: into how many parts the training pictures are divided for that; with more folds than members some
            pictures are left out by none, and calibration goes by the others.
        size: the networks' input, pixels a side; a multiple of 32.
        phantoms: simulated pictures to learn from first and to rehearse on; 0 for none (other modalities).
        phantom_steps: optimiser steps on phantoms alone.
        counterexamples: drawn pictures of other kinds, from which refusals learn.
        steps: optimiser steps on patients' pictures.
        batch_size: patients' pictures per step.
        learning_rate: AdamW's highest, after a warm-up and before half a cosine.
        weight_decay: AdamW's.
        reconstruction_weight: of the autoencoder's loss.
        adversarial_weight: of the game between generator and discriminator.
        feature_matching_weight: of the generator's feature matching.
        outline_weight: of the cells' weights lying on the lesion, for phantoms.
        rehearsal: phantoms for every picture of a patient.
        mixup: Beta's parameter, 0 for none.
        averaging: of the weights, per step.
        malignant_weight: of malignant pictures in the loss.
        threshold: calibrated probability from which the decision is malignant.
        coverage: promised by the conformal sets, in each class.
        refused_share: of genuine pictures, plain and gently changed, that novelty may refuse.
        device: "cpu", "cuda" or "mps"; None for the best there is.
        random_state: of everything random.
    """

    def __init__(
        self,
        *,
        members: int = 2,
        inner_folds: int = 8,
        size: int = 96,
        phantoms: int = 6000,
        phantom_steps: int = 2500,
        counterexamples: int = 1200,
        steps: int = 450,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.05,
        reconstruction_weight: float = 0.3,
        adversarial_weight: float = 0.1,
        feature_matching_weight: float = 0.1,
        outline_weight: float = 0.3,
        rehearsal: float = 0.25,
        mixup: float = 0.1,
        averaging: float = 0.99,
        malignant_weight: float = 1.3,
        threshold: float = 0.5,
        coverage: float = 0.95,
        refused_share: float = 0.01,
        device: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.inner_folds = inner_folds
        self.size = size
        self.phantoms = phantoms
        self.phantom_steps = phantom_steps
        self.counterexamples = counterexamples
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.feature_matching_weight = feature_matching_weight
        self.outline_weight = outline_weight
        self.rehearsal = rehearsal
        self.mixup = mixup
        self.averaging = averaging
        self.malignant_weight = malignant_weight
        self.threshold = threshold
        self.coverage = coverage
        self.refused_share = refused_share
        self.device = device
        self.random_state = random_state

    def fit(
        self,
        X: Pictures,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        school: Schooling | None = None,
        progress: Progress | None = None,
        abort: Abort | None = None,
    ) -> Self:
        """Learn from pictures and their outcomes.

        Args:
            X: display pixels, uint8: `(n, h, w)`, or a sequence of (h, w) or (h, w, 3).
            y: `(n,)`: 0 a benign lesion, 1 malignant, 2 no lesion (if such are known); or any two labels, of which the
                second in order counts as malignant.
            groups: `(n,)`, pictures that belong together; near duplicates are joined to them in any case.
            school: what was learnt from phantoms beforehand (`ml.imaging.design.schooling`).
            progress: called as `progress(done, total)` in optimiser steps.
            abort: asked at every step; a true answer stops the training.

        Raises:
            ValueError: for other pixels, or when `y` doesn't hold what it must.
            TrainingAborted: when `abort` said so.
        """
        labels = self._labels(X, y)
        design, device = self.design(), self.chosen_device()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        school = school or schooling(design, device, seed)
        views = make_views(X, design.canvas_side, school.finder(design.shape))
        given = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        together = near_duplicate_groups(views.whole, given)
        self.ensemble_: FittedEnsemble = fit_ensemble(
            views,
            labels,
            together,
            design,
            device,
            seed=seed,
            school=school,
            progress=progress,
            abort=abort,
        )
        return self

    def _labels(self, X: Pictures, y: ArrayLike) -> NDArray[np.int64]:
        found, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(codes) != len(X):
            raise ValueError(f"{len(X)} pictures came with {len(codes)} outcomes")
        if found.tolist() in ([LESION, MALIGNANT, CLEAR], [MALIGNANT, CLEAR]):
            self.classes_ = np.array([0, 1])
            return found[codes].astype(np.int64)
        if len(found) != 2:
            raise ValueError(f"This classifier needs two classes to learn from; y has {len(found)}.")
        self.classes_ = found
        return codes.astype(np.int64)

    def design(self) -> Design:
        """The parameters in the form that `ml.imaging.fitting` takes."""
        return Design(
            members=self.members,
            inner_folds=self.inner_folds,
            phantoms=self.phantoms,
            phantom_steps=self.phantom_steps,
            counterexamples=self.counterexamples,
            coverage=self.coverage,
            refused_share=self.refused_share,
            shape=NetworkShape(size=self.size),
            training=TrainingSettings(
                steps=self.steps,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                reconstruction_weight=self.reconstruction_weight,
                adversarial_weight=self.adversarial_weight,
                feature_matching_weight=self.feature_matching_weight,
                outline_weight=self.outline_weight,
                rehearsal=self.rehearsal,
                mixup=self.mixup,
                averaging=self.averaging,
                malignant_weight=self.malignant_weight,
            ),
            changes=AugmentationSettings(),
        )

    def chosen_device(self) -> Device:
        """Where it trains."""
        return choose_device(self.device)  # type: ignore[arg-type]

    def predict_proba(self, X: Pictures) -> NDArray[np.float64]:
        """Calibrated probabilities of the two classes, `(n, 2)`."""
        malignant = self.ensemble_probability(X)
        return np.stack([1.0 - malignant, malignant], axis=1)

    def predict(self, X: Pictures) -> NDArray[Any]:
        """The second class where its calibrated probability reaches `threshold`: `(n,)`."""
        chosen = (self.ensemble_probability(X) >= self.threshold).astype(np.int64)
        return np.asarray(self.classes_[chosen])

    def ensemble_probability(self, X: Pictures) -> NDArray[np.float64]:
        """Calibrated probability of malignant, `(n,)`."""
        check_is_fitted(self)
        ensemble = self.ensemble_
        readings = ensemble.read(make_views(X, ensemble.canvas_side, ensemble.finder))
        return ensemble.calibration.probability(readings.log_odds.mean(axis=0))

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has run to its end."""
        return hasattr(self, "ensemble_")
