"""Near duplicates: pictures of one lesion in one sweep must never lie on both sides of a division.

Two tools. `near_duplicate_groups` compares all pictures of a set by the normalised correlation of their thumbnails,
also mirrored, and joins what is alike (union-find). `fingerprints` are perceptual hashes of 256 bits that a model file
keeps of its training pictures, from which no picture can be rebuilt; `distance_to_nearest` tells whether a picture is
one of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch.nn import functional

THUMBNAIL = 48
ALIKE = 0.9  # normalised correlation of thumbnails from which pictures count as near duplicates
IDENTICAL = 0.999
HASH_SIDE = 16  # low frequencies kept, so 256 bits
SAME_PICTURE_BITS = 36  # differing bits up to which two hashes mean the same picture
_BLOCK = 512


def thumbnails(canvases: Tensor) -> NDArray[np.float32]:
    """Standardised thumbnails `(n, THUMBNAIL, THUMBNAIL)` of canvases `(n, 1, h, w)` uint8."""
    small = functional.interpolate(canvases.float(), size=(THUMBNAIL, THUMBNAIL), mode="bilinear", antialias=True)
    pictures: NDArray[np.float32] = small[:, 0].numpy()
    mean = pictures.mean(axis=(1, 2), keepdims=True)
    deviation = pictures.std(axis=(1, 2), keepdims=True)
    return np.asarray((pictures - mean) / np.maximum(deviation, 1e-6), dtype=np.float32)


def alike_pairs(canvases: Tensor, limit: float = ALIKE) -> NDArray[np.int64]:
    """Pairs `(m, 2)` of rows, the first the smaller, whose thumbnails correlate by `limit` or more, mirrored or not."""
    small = thumbnails(canvases)
    plain = small.reshape(len(small), -1)
    mirrored = small[:, :, ::-1].reshape(len(small), -1)
    found = []
    for start in range(0, len(plain), _BLOCK):
        block = plain[start : start + _BLOCK]
        likeness = np.maximum(block @ plain.T, block @ mirrored.T) / plain.shape[1]
        rows, columns = np.nonzero(likeness >= limit)
        pairs = np.stack([rows + start, columns], axis=1)
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def near_duplicate_groups(canvases: Tensor, given: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """A group number per picture `(n,)`; alike pictures, and those that `given` groups join, share one.

    Args:
        canvases: `(n, 1, h, w)` uint8.
        given: groups known beforehand (the patient, say), `(n,)`.
    """
    count = len(canvases)
    pairs = alike_pairs(canvases)
    if given is not None:
        _, first = np.unique(given, return_index=True)
        leaders = first[np.searchsorted(given[first][np.argsort(given[first])], given)] if len(first) else first
        pairs = np.concatenate([pairs, np.stack([np.arange(count), leaders], axis=1)])
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups, dtype=np.int64)


def contradictory(canvases: Tensor, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pictures `(n,)` that are also there, identical, under another label: nobody can learn from them."""
    pairs = alike_pairs(canvases, IDENTICAL)
    clashing = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
    found = np.zeros(len(labels), dtype=np.bool_)
    found[clashing.ravel()] = True
    return found


def fingerprints(canvases: Tensor) -> NDArray[np.uint8]:
    """Perceptual hashes `(n, 32)`: which low frequencies of the picture lie above their median (pHash)."""
    small = functional.interpolate(canvases.float(), size=(THUMBNAIL, THUMBNAIL), mode="bilinear", antialias=True)
    spectrum = dctn(small[:, 0].double().numpy(), axes=(1, 2))[:, :HASH_SIDE, :HASH_SIDE].reshape(len(canvases), -1)
    spectrum[:, 0] = 0.0  # the mean says nothing of what the picture shows
    return np.packbits(spectrum > np.median(spectrum, axis=1, keepdims=True), axis=1)


def distance_to_nearest(queries: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Differing bits between each query's hash `(n, 32)` and the nearest of `known` `(m, 32)`: `(n,)`."""
    if not len(known):
        return np.full(len(queries), 8 * queries.shape[1], dtype=np.int64)
    differing = np.bitwise_count(queries[:, None, :] ^ known[None, :, :]).sum(axis=2, dtype=np.int64)
    return np.asarray(differing.min(axis=1))
