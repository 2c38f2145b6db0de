"""The passport of a synthetic table of FNA measurements."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ml.metrics.privacy.copies import exact_copies
from ml.metrics.privacy.dcr import dcr_share
from ml.metrics.privacy.density import density_attack
from ml.metrics.privacy.distances import Standardiser, distance_ratios, nearest_distances
from ml.metrics.privacy.interpolation import segment_ratios
from ml.metrics.privacy.membership import Attack, distance_attack
from ml.metrics.privacy.shadows import shadow_attack
from ml.metrics.privacy.tails import Ratios, too_close_to_either
from ml.metrics.tables import c2st_auc, correlation_difference, ks_complement, utility_of_table
from ml.release import privacy_figures as words
from ml.release.passport import Figure, Passport, Provenance, with_software

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
Sampler = Callable[[Mapping[int, int], int], Table]
"""`sample(counts by class, seed)`: as every tabular generator of `ml.gan.tabular` does."""
Refit = Callable[[NDArray[np.float64], NDArray[np.int64], int], Sampler]
"""`refit(X, y, seed)`: the same recipe fitted to other rows, for shadow models."""
Progress = Callable[[int, int], None]

NO_SHADOWS = (
    "No shadow models were trained, as the generator's recipe was not given: an attacker who knows the recipe may "
    "achieve more than the attacks measured here."
)


def examine_tables(
    train: Table,
    holdout: Table,
    synthetic: Table,
    *,
    provenance: Provenance | None = None,
    refit: Refit | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Passport:
    """Measure a synthetic table's quality, utility and privacy.

    Quality and utility are held against the held-out rows, which the generator never saw, with the training rows in
    the synthetic ones' place for comparison. About five seconds for a few hundred rows, and four refits with `refit`.

    Args:
        train: measurements `(n, d)` and outcomes `(n,)`, 0 or 1, that the generator learnt from.
        holdout: `(m, d)`, `(m,)` of the same source, that it did not.
        synthetic: `(k, d)`, `(k,)`.
        provenance: where the set comes from; without it, the passport knows the training rows' hash alone.
        refit: fits the generator anew, for shadow models.
        seed: of resampling, forests and shadow models.
        progress: called with the shares done and their number.

    Raises:
        ValueError: when a table isn't of that form, or lacks one of the two outcomes.
    """
    for name, table in (("training", train), ("held-out", holdout), ("synthetic", synthetic)):
        _check(name, table, train[0].shape[1:])
    notes = [] if refit else [NO_SHADOWS]
    holdout, repeated = _without_repeats(train, holdout)
    if repeated:
        notes.append(
            f"{repeated} held-out rows are also training rows and were left out: no stranger's closeness is theirs."
        )
    report = progress or (lambda _done, _total: None)
    privacy = table_privacy(train, holdout, synthetic, refit=refit, seed=seed, progress=lambda done, _: report(done, 6))
    quality = _quality(train, holdout, synthetic, seed)
    report(5, 6)
    utility = _utility(train, holdout, synthetic, seed)
    report(6, 6)
    sizes = {"train": len(train[0]), "holdout": len(holdout[0]), "synthetic": len(synthetic[0])}
    found = provenance or Provenance("fna", source_sha256=_sha256(train), seeds={"examination": seed})
    return Passport("fna", with_software(found), sizes, quality, utility, privacy, tuple(notes))


def table_privacy(
    train: Table,
    holdout: Table,
    synthetic: Table,
    *,
    refit: Refit | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Figure]:
    """The privacy figures alone; arguments as `examine_tables`, no hold-out row being a training row.

    Distances are between rows standardised by the real rows. The diagnosis plays no part: a copy with another
    diagnosis is a copy.
    """
    scale = Standardiser.of(train[0], holdout[0])
    known, strangers, made = scale(train[0]), scale(holdout[0]), scale(synthetic[0])
    attacks: dict[str, Attack] = {
        "distance": distance_attack(known, strangers, made),
        "density": density_attack(known, strangers, made, seed),
    }
    if refit is not None:
        pool = np.concatenate([train[0], holdout[0]]), np.concatenate([train[1], holdout[1]])
        counts = {label: int((synthetic[1] == label).sum()) for label in (0, 1)}

        def draw(rows: NDArray[np.int64], turn: int) -> NDArray[np.float64]:
            return scale(refit(pool[0][rows], pool[1][rows], turn)(counts, turn)[0])

        attacks["shadow"] = shadow_attack(known, strangers, made, draw, seed=seed, progress=progress)
    return _copies(known, strangers, made) | _closeness(known, strangers, made, seed) | words.attacks(attacks)


def _copies(known: NDArray[np.float64], strangers: NDArray[np.float64], made: NDArray[np.float64]) -> dict[str, Figure]:
    # A row that stands there twice would be its own copies' second nearest, and so hide them.
    known, strangers = np.unique(known, axis=0), np.unique(strangers, axis=0)
    near, blends = (
        too_close_to_either(
            Ratios(
                made_to_train=ratios(made, known),
                made_to_holdout=ratios(made, strangers),
                holdout_to_train=ratios(strangers, known),
                train_to_holdout=ratios(known, strangers),
            )
        )
        for ratios in (distance_ratios, segment_ratios)
    )
    return {
        "exact_copies": words.count(
            exact_copies(made, np.concatenate([known, strangers])),
            "Synthetic rows that are a real row but for rounding",
        ),
        "near_copies": words.count(
            near,
            "Synthetic rows so much closer to one real row than to the next that chance is ruled out",
            "how close held-out and training rows come to each other",
        ),
        "interpolations": words.count(
            blends,
            "Synthetic rows on the line between two training rows, or two held-out rows",
            "how close held-out and training rows come to such lines of each other",
        ),
    }


def _closeness(
    known: NDArray[np.float64], strangers: NDArray[np.float64], made: NDArray[np.float64], seed: int
) -> dict[str, Figure]:
    return {
        "dcr_share": words.estimated(
            dcr_share(known, strangers, made, seed),
            "half",
            "Share of synthetic rows nearer to a training row than to a held-out row, among as many of either",
            "0.5, no nearer to training rows than to others",
        ),
        "nndr": words.plain(
            float(np.median(distance_ratios(made, known))),
            "higher",
            "Distance of a synthetic row to its nearest training row over that to the second nearest, median; 0 is a "
            "copy",
            f"{np.median(distance_ratios(strangers, known)):.3f} of held-out rows",
        ),
        "closest_distance": words.plain(
            float(np.median(nearest_distances(made, known))),
            "higher",
            "Distance of a synthetic row to its nearest training row in standard deviations, median",
            f"{np.median(nearest_distances(strangers, known)):.3f} of held-out rows",
        ),
    }


def _quality(train: Table, holdout: Table, synthetic: Table, seed: int) -> dict[str, Figure]:
    correlations, usual = correlation_difference(holdout, synthetic), correlation_difference(holdout, train)
    return {
        "ks_complement": words.plain(
            ks_complement(holdout[0], synthetic[0]),
            "higher",
            "How alike the distribution of each measurement is to that of held-out rows, mean; 1 is the same",
            f"{ks_complement(holdout[0], train[0]):.3f} of the training rows",
        ),
        "correlation_difference": words.plain(
            correlations.pooled,
            "lower",
            "Mean difference of correlations between measurements, to held-out rows",
            f"{usual.pooled:.3f} of the training rows",
        ),
        "correlation_difference_within_class": words.plain(
            correlations.within,
            "lower",
            "The same among rows of one diagnosis",
            f"{usual.within:.3f} of the training rows",
        ),
        "c2st_auc": words.plain(
            c2st_auc(holdout, synthetic, seed=seed),
            "half",
            "Chance that a random forest ranks a synthetic row as more synthetic than a held-out row",
            "0.5, not told apart",
        ),
    }


def _utility(train: Table, holdout: Table, synthetic: Table, seed: int) -> dict[str, Figure]:
    made, real = (utility_of_table(table, holdout, seed=seed) for table in (synthetic, train))
    figures = {}
    for prefix, model, name in (
        ("tstr", "logistic_regression", "Logistic regression"),
        ("tstr_forest", "random_forest", "A random forest"),
    ):
        trained = f"{name} trained on synthetic rows and tested on held-out real ones"
        for measure, value, control in (
            ("auc", made[model].auc, real[model].auc),
            ("accuracy", made[model].accuracy, real[model].accuracy),
        ):
            figures[f"{prefix}_{measure}"] = words.plain(
                value,
                "higher",
                f"{trained}: {'area under the ROC curve' if measure == 'auc' else 'accuracy'}",
                f"{control:.3f} when trained on the real training rows",
            )
    return figures


def _without_repeats(train: Table, holdout: Table) -> tuple[Table, int]:
    """The hold-out without training rows, and how many those were."""
    scale = Standardiser.of(train[0], holdout[0])
    repeats = exact_copies(scale(holdout[0]), scale(train[0]))
    if len(np.unique(holdout[1][~repeats])) < 2 or (~repeats).sum() < 12:
        raise ValueError(
            f"the held-out rows can't be used: {int(repeats.sum())} of {len(repeats)} are training rows, and the "
            "others must be at least 12, of both diagnoses; give rows that the generator never saw"
        )
    return (holdout[0][~repeats], holdout[1][~repeats]), int(repeats.sum())


def _check(name: str, table: Table, columns: tuple[int, ...]) -> None:
    X, y = table
    if X.ndim != 2 or len(X) != len(y) or X.shape[1:] != columns:
        raise ValueError(f"the {name} table needs rows of {columns} values with an outcome each; got {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError(f"the {name} table has missing or infinite values")
    if set(np.unique(y).tolist()) != {0, 1} or min((y == 0).sum(), (y == 1).sum()) < 5:
        raise ValueError(f"the {name} table needs at least 5 rows of either diagnosis, benign (0) and malignant (1)")


def _sha256(table: Table) -> str:
    data = np.ascontiguousarray(table[0], dtype="<f8").tobytes() + table[1].astype("u1").tobytes()
    return hashlib.sha256(data).hexdigest()
