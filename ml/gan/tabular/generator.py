"""The conditional GAN for tables of FNA measurements with their diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES, LABELS
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular.balance import decorrelated, evenly_ranked
from ml.gan.tabular.copula import CLASSES, fit_copula
from ml.gan.tabular.model_file import Fitted, load_fitted, save_fitted
from ml.gan.tabular.privacy import Mechanism
from ml.gan.tabular.private_fit import fit_privately
from ml.gan.tabular.rules import breaks_schema, checked_table
from ml.gan.tabular.training import Abort, Calls, Progress, Record, TrainingSettings, train
from ml.gan.tabular.view import Diagnostic, View
from ml.one_thread import single_threaded

_SPARE = 8
_BLOCK = 20_000  # rows drawn at once: about 300 MB
BALANCE = 0.6  # more loses what the network knows of the gap between the classes; less blurs correlations
_MOST_TRIES = 50


class ConditionalTabularGAN:
    """Learns a table of FNA measurements by class, and draws new rows of a wanted class.

    Coordinates in which the geometry holds (`coordinates`), each made normal and then decorrelated within the class
    (`copula`), and what is left of the structure learnt by a conditional GAN (`training`). Rows drawn lie within the
    schema's limits and break none of its rules.

    Attributes:
        card: the model card, after `save` or `load`.
        sha256: of the weights' file, after `save` or `load`.
    """

    def __init__(self, settings: TrainingSettings | None = None, mechanism: Mechanism = "statistics") -> None:
        """Args: how the networks learn, and what keeps a privacy budget.

        "statistics" makes both classes' distributions from noisy statistics and leaves the network out; "dp-sgd"
        trains it on noisy gradients. At a few hundred rows the first is far better.
        """
        self.settings = settings or TrainingSettings()
        self.mechanism = mechanism
        self.card: dict[str, Any] = {}
        self.sha256: str | None = None

    def fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.int64],
        *,
        seed: int = 0,
        privacy: PrivacyBudget | None = None,
        progress: Progress | None = None,
        abort: Abort | None = None,
        record: Record | None = None,
    ) -> Self:
        """Learn from measurements `X` (n, 30; schema's order and units) and outcomes `y` (n,), 1 malignant.

        Args:
            X: no missing values; all within the schema's hard limits.
            y: 0 or 1; ten rows or more of each.
            seed: the same seed and table give the same generator, unless it is private.
            privacy: a guarantee to keep, its unit "row". Every fit then draws fresh secret noise.
            progress: called as `progress(done, total)` in steps.
            abort: asked now and then; a true answer stops the training.
            record: called as `record(step, losses)` every 25 steps; never by a private fit, whose losses are secret.

        Raises:
            ValueError: when the table isn't of that form, or the guarantee isn't for rows.
            TrainingAborted: when `abort` said so.
        """
        X, y = checked_table(X, y)
        calls = Calls(progress, abort, record)
        if privacy is not None:
            self._fitted = fit_privately(
                X, y, privacy, mechanism=self.mechanism, settings=self.settings, seed=seed, calls=calls
            )
            return self
        copula, whitened = fit_copula(X, y, np.random.default_rng(seed))
        with single_threaded():
            network = train(
                torch.from_numpy(whitened.astype(np.float32)),
                torch.from_numpy(y),
                View(copula.single(), Diagnostic.of(X, y)),
                self.settings,
                seed=seed,
                calls=calls,
            )
        counts = {label: int((y == label).sum()) for label in range(CLASSES)}
        self._fitted = Fitted(copula, network, counts, BALANCE)
        return self

    @property
    def privacy_(self) -> dict[str, Any] | None:
        """The privacy account (`ml.gan.tabular.privacy.account`), or None where no guarantee was asked for."""
        return self._fitted.privacy

    @property
    def counts_(self) -> dict[int, int]:
        """Training rows by class; noisy ones where the fit was private."""
        return self._fitted.counts

    def sample(self, counts: Mapping[int, int], seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """New rows: `counts[label]` of each class, in random order.

        Returns:
            Measurements (m, 30) and outcomes (m,).

        Raises:
            ValueError: for an unknown class or a negative count.
            RuntimeError: when the generator finds no rows that keep the schema's rules.
        """
        if any(label not in range(CLASSES) or count < 0 for label, count in counts.items()):
            raise ValueError(f"counts must map 0 (benign) or 1 (malignant) to 0 or more, got {dict(counts)}")
        rng = np.random.default_rng(seed)
        labels = sorted(counts)
        blocks = [self._rows(label, counts[label], rng) for label in labels]
        X = np.concatenate([np.empty((0, len(FEATURE_NAMES))), *blocks])
        y = np.repeat(np.array(labels, dtype=np.int64), [counts[label] for label in labels])
        order = rng.permutation(len(y))
        return X[order], y[order]

    def _rows(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        parts, missing = [np.empty((0, len(FEATURE_NAMES)))], count
        for _ in range(_MOST_TRIES + count // _BLOCK):
            if missing <= 0:
                return np.concatenate(parts)[:count]
            drawn = self._draw(label, min(missing + _SPARE, _BLOCK), rng)
            parts.append(drawn[~breaks_schema(drawn)])
            missing -= len(parts[-1])
        raise RuntimeError(f"the generator finds no {LABELS[label]} rows that keep the schema's rules")

    @torch.no_grad()
    def _draw(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        copula, classes = self._fitted.copula, torch.full((count,), label)
        noise = torch.from_numpy(rng.standard_normal((count, len(FEATURE_NAMES)), dtype=np.float32))
        with single_threaded():
            whitened = self._fitted.network(noise, classes).double().numpy()
            balance = self._fitted.balance
            if balance is not None:
                whitened = decorrelated(whitened, balance)
            scores = copula.scores(torch.from_numpy(whitened), classes).numpy()
            if balance is not None:
                scores = evenly_ranked(scores, rng)
            X: NDArray[np.float64] = copula.measurements(torch.from_numpy(scores), classes).numpy()
        return X

    def save(self, path: Path, card: Mapping[str, Any]) -> str:
        """Write weights (`path`, ending in .safetensors) and the card beside them; returns the SHA-256."""
        self.sha256 = save_fitted(path, self._fitted, self.settings, card)
        self.card = dict(card)
        return self.sha256

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ArtifactError: when a file is missing, damaged, not the card's, or not of a tabular GAN.
        """
        fitted, settings, artifact = load_fitted(path)
        model = cls(settings)
        model._fitted, model.card, model.sha256 = fitted, artifact.card, artifact.sha256
        return model
