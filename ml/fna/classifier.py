"""The autoencoder-GAN classifier as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from ml.fna.features import FEATURE_NAMES
from ml.fna.fitting import Design, Table, fit_ensembles
from ml.fna.preprocessing import Method
from ml.fna.training import Abort, Progress, TrainingSettings


class AutoencoderGANClassifier(ClassifierMixin, BaseEstimator):
    """Benign or malignant from the thirty FNA measurements, by an ensemble of autoencoder-GANs.

    Each member has an encoder (features → latent), a decoder, a generator of fake latents and a discriminator
    that tells benign, malignant and fake apart. All members train together; each leaves out one inner fold,
    from which calibration, conformal thresholds and novelty scale are learnt.

    Args:
        members: ensemble size.
        inner_folds: into how many parts the training cases are divided; each member leaves one out. Fewer are
            used when a class has fewer cases.
        preprocessing: `"zscore"`, `"minmax"` or `"zscore+yeo-johnson"`.
        clip: bound of scaled features, in standard deviations.
        latent: width of the latent.
        hidden: width of hidden layers.
        noise: width of the generator's noise.
        autoencoder: without it (an ablation) the discriminator judges the scaled features themselves.
        steps: optimiser steps.
        batch_size: rows a step; fewer training rows repeat within it.
        learning_rate: AdamW's, annealed by a cosine to 0.
        weight_decay: AdamW's.
        input_noise: standard deviation of the noise on scaled features.
        latent_noise: standard deviation of the noise on latents that the discriminator sees.
        reconstruction_weight: weight of the decoder's mean squared error.
        adversarial_weight: weight of the fake class and of the generator's wish to pass as real.
        feature_matching_weight: weight of the generator's feature matching.
        mixup: α of mixup's Beta(α, α); 0 for none.
        dropout: rate on the discriminator's first hidden layer.
        averaging: decay of the weights' moving average.
        malignant_weight: weight of malignant cases in the classification loss, benign ones having 1.
        threshold: calibrated probability from which `predict` says the second class.
        coverage: share of each class whose conformal set shall hold the true label.
        refused_share: share of genuine cases that the novelty threshold may refuse.
        random_state: seed of everything drawn.

    Attributes:
        classes_: the two labels, sorted; for FNA 0 = benign and 1 = malignant.
        ensemble_: the fitted `ml.fna.ensemble.FittedEnsemble`.

    Source: the autoencoder-GAN classifier for breast cancer; the semi-supervised GAN of Salimans et al.,
    "Improved techniques for training GANs", 2016.
    """

    def __init__(
        self,
        *,
        members: int = 10,
        inner_folds: int = 10,
        preprocessing: Method = "zscore+yeo-johnson",
        clip: float = 4.0,
        latent: int = 16,
        hidden: int = 64,
        noise: int = 8,
        autoencoder: bool = True,
        steps: int = 500,
        batch_size: int = 128,
        learning_rate: float = 2.5e-3,
        weight_decay: float = 0.05,
        input_noise: float = 0.2,
        latent_noise: float = 0.3,
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        feature_matching_weight: float = 1.0,
        mixup: float = 0.2,
        dropout: float = 0.1,
        averaging: float = 0.98,
        malignant_weight: float = 1.3,
        threshold: float = 0.5,
        coverage: float = 0.95,
        refused_share: float = 0.005,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.inner_folds = inner_folds
        self.preprocessing = preprocessing
        self.clip = clip
        self.latent = latent
        self.hidden = hidden
        self.noise = noise
        self.autoencoder = autoencoder
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.input_noise = input_noise
        self.latent_noise = latent_noise
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.feature_matching_weight = feature_matching_weight
        self.mixup = mixup
        self.dropout = dropout
        self.averaging = averaging
        self.malignant_weight = malignant_weight
        self.threshold = threshold
        self.coverage = coverage
        self.refused_share = refused_share
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, *, progress: Progress | None = None, abort: Abort | None = None) -> Self:
        """Learn from rows `(n, features)` and their outcomes `(n,)`.

        Args:
            X: measurements; a DataFrame with the thirty FNA names is put into their order.
            y: two different labels.
            progress: called as `progress(done, total)` in optimiser steps.
            abort: asked now and then; a true answer stops the training.

        Raises:
            ValueError: for missing values, or when `y` doesn't hold exactly two classes.
            TrainingAborted: when `abort` said so.
        """
        X, y = validate_data(self, by_name(X), y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"y has {len(self.classes_)} classes."
            )
        if len(self.classes_) < 2:
            raise ValueError("This classifier needs two classes to learn from, but y has one class.")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        table = Table(X, codes.astype(np.int64), seed)
        self.ensemble_ = fit_ensembles([table], self.design(), progress=progress, abort=abort)[0]
        return self

    def design(self) -> Design:
        """The parameters in the form that `ml.fna.fitting.fit_ensembles` takes."""
        return Design(
            preprocessing=self.preprocessing,
            clip=self.clip,
            members=self.members,
            inner_folds=self.inner_folds,
            latent=self.latent,
            hidden=self.hidden,
            noise=self.noise,
            autoencoder=self.autoencoder,
            coverage=self.coverage,
            refused_share=self.refused_share,
            training=TrainingSettings(
                steps=self.steps,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                input_noise=self.input_noise,
                latent_noise=self.latent_noise,
                reconstruction_weight=self.reconstruction_weight,
                adversarial_weight=self.adversarial_weight,
                feature_matching_weight=self.feature_matching_weight,
                mixup=self.mixup,
                dropout=self.dropout,
                averaging=self.averaging,
                malignant_weight=self.malignant_weight,
            ),
        )

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probabilities of the two classes, `(n, 2)`."""
        malignant = self.ensemble_probability(X)
        return np.stack([1.0 - malignant, malignant], axis=1)

    def predict(self, X: Any) -> NDArray[Any]:
        """The second class where its calibrated probability reaches `threshold`: `(n,)`."""
        chosen = (self.ensemble_probability(X) >= self.threshold).astype(np.int64)
        return np.asarray(self.classes_[chosen])

    def ensemble_probability(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probability of the second class (for FNA: malignant), `(n,)`."""
        check_is_fitted(self)
        rows = validate_data(self, by_name(X), dtype=np.float64, reset=False)
        return self.ensemble_.probability(rows)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has run to its end."""
        return hasattr(self, "ensemble_")

    def __sklearn_tags__(self) -> Tags:
        """Two classes only; draws random numbers."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.non_deterministic = False
        return tags


def by_name(X: Any) -> Any:
    """Put a DataFrame that holds the thirty FNA columns into their order; leave anything else as it is."""
    columns = getattr(X, "columns", None)
    if columns is not None and set(FEATURE_NAMES) <= set(columns):
        return X[list(FEATURE_NAMES)]
    return X
