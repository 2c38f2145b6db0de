"""One trial of the gate, and what many of them amount to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ml.release.bounds import BOUNDS
from ml.release.gate import leaks
from ml.release.passport import Figure

Kind = Literal["tables", "pictures"]


@dataclass(frozen=True)
class Trial:
    """What the gate made of one set.

    Attributes:
        kind: of records.
        name: of the generator or the leak.
        honest: whether it should pass.
        seed: of the run.
        codes: of the reasons it was blocked for.
        figures: what the bounds are held against, by figure.
    """

    kind: Kind
    name: str
    honest: bool
    seed: int
    codes: tuple[str, ...]
    figures: dict[str, float]

    @property
    def right(self) -> bool:
        """Whether an honest set passed or a leak was blocked."""
        return self.honest is not bool(self.codes)


def tried(kind: Kind, name: str, seed: int, privacy: Mapping[str, Figure], *, honest: bool) -> Trial:
    """Hold privacy figures against the bounds."""
    codes = tuple(reason.code for reason in leaks(privacy))
    figures = {bound.figure: bound.read(privacy[bound.figure]) for bound in BOUNDS}
    return Trial(kind, name, honest, seed, codes, figures)


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """Counts by generator or leak, and the closest calls: what an honest set came nearest to being blocked for, and
    the leak that fewest reasons stopped."""
    honest = [trial for trial in trials if trial.honest]
    planted = [trial for trial in trials if not trial.honest]
    names = list(dict.fromkeys((trial.kind, trial.name, trial.honest) for trial in trials))
    rows = []
    for kind, name, is_honest in names:
        own = [trial for trial in trials if (trial.kind, trial.name) == (kind, name)]
        codes = sorted({code for trial in own for code in trial.codes})
        rows.append(
            {
                "kind": kind,
                "name": name,
                "honest": is_honest,
                "runs": len(own),
                "blocked": sum(bool(trial.codes) for trial in own),
                "reasons": {code: sum(code in trial.codes for trial in own) for code in codes},
            }
        )
    return {
        "honest": {"runs": len(honest), "blocked": sum(bool(trial.codes) for trial in honest)},
        "planted": {"runs": len(planted), "blocked": sum(bool(trial.codes) for trial in planted)},
        "closest_honest": {bound.figure: _closest(honest, bound.figure, bound.most) for bound in BOUNDS},
        "weakest_block": _weakest(planted),
        "rows": rows,
        "trials": [asdict(trial) for trial in trials],
    }


def _closest(trials: Sequence[Trial], figure: str, most: float) -> dict[str, Any] | None:
    if not trials:
        return None
    trial = max(trials, key=lambda one: one.figures[figure])
    return {"kind": trial.kind, "name": trial.name, "seed": trial.seed, "value": trial.figures[figure], "bound": most}


def _weakest(trials: Sequence[Trial]) -> dict[str, Any] | None:
    if not trials:
        return None
    trial = min(trials, key=lambda one: len(one.codes))
    return {"kind": trial.kind, "name": trial.name, "seed": trial.seed, "reasons": list(trial.codes)}
