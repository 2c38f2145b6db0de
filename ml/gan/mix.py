"""How many pictures of each class a set shall hold."""

from __future__ import annotations

from collections.abc import Mapping


def mixed_counts(total: int, like: Mapping[str, int], shares: Mapping[str, float] | None = None) -> dict[str, int]:
    """Divide `total` among classes.

    Args:
        total: pictures in all.
        like: counts of the training pictures by class, in whose proportion classes without a share divide the rest.
        shares: between 0 and 1, of some or all classes.

    Raises:
        ValueError: for an unknown class, a share out of range, or shares that can't add up to 1.
    """
    shares = shares or {}
    for name, share in shares.items():
        if name not in like:
            raise ValueError(f"no class is named {name!r}; there are {', '.join(like)}")
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a class's share lies between 0 and 1; {name} has {share:g}")
    told = sum(shares.values())
    others = {name: count for name, count in like.items() if name not in shares}
    if told > 1.0 + 1e-9 or (told < 1.0 - 1e-9 and not sum(others.values())):
        raise ValueError(f"the classes' shares must add up to 1; they make {told:g}")
    rest = max(1.0 - told, 0.0)
    divisor = max(sum(others.values()), 1)
    exact = {name: total * shares.get(name, rest * like[name] / divisor) for name in like}
    return _rounded(exact, total)


def _rounded(exact: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers that add up to `total`: the largest remainders are rounded up."""
    counts = {name: int(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: exact[name] - counts[name], reverse=True)
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
