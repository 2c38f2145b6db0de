"""A table of FNA measurements, packed."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ml.packaging.description import SetDescription
from ml.packaging.manifest import TABLE, Manifest
from ml.packaging.packing import Packing
from ml.packaging.sinks import Sink
from ml.packaging.tables import data_csv


def package_table(description: SetDescription, X: NDArray[Any], y: NDArray[Any], sink: Sink) -> Manifest:
    """Packs a table: the data, documents and checksums, then all of it as one archive.

    Args:
        description: of the set.
        X: (n, 30) measurements, columns as `ml.fna.schema.FEATURE_NAMES`.
        y: (n,) index into the description's classes.
        sink: where the files go.

    Raises:
        ValueError: the table is none, or not as long as the description says.
    """
    found = {name: int((y == index).sum()) for index, name in enumerate(description.classes)}
    if found != {name: description.counts.get(name, 0) for name in description.classes}:
        raise ValueError(f"the description promises {dict(description.counts)}, but there are {found}")
    packing = Packing(description, sink)
    packing.add_whole(TABLE, data_csv(description, X, y))
    return packing.finish(())
