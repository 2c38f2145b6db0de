"""The thirty measurements of a fine-needle aspirate (FNA) that the classifier reads.

Ten measures are taken of the outline and texture of every cell nucleus in a digitised image of the smear,
then summarised over the image three times: their mean, the standard error of that mean, and "worst", the mean
of the three largest nuclei. Source: the Wisconsin Diagnostic Breast Cancer table (WDBC; Wolberg, Street and
Mangasarian, UCI Machine Learning Repository, 1995, `wdbc.names`) and Street, Wolberg and Mangasarian,
"Nuclear feature extraction for breast tumor diagnosis", SPIE 1905, 1993. The order is scikit-learn's
`load_breast_cancer`.

WDBC states no physical unit. Lengths and areas are counted on the digitised image, so they are given here in
pixels; a table in micrometres, or from another magnification, is another scale and is not comparable.
"""

from dataclasses import dataclass
from typing import Final, Literal

Statistic = Literal["mean", "se", "worst"]

STATISTICS: Final[tuple[Statistic, ...]] = ("mean", "se", "worst")
STATISTIC_LABELS: Final[dict[Statistic, str]] = {"mean": "mean", "se": "standard error", "worst": "worst"}
STATISTIC_DESCRIPTIONS: Final[dict[Statistic, str]] = {
    "mean": "Average over all nuclei measured in the image.",
    "se": "Standard error of the average over all nuclei measured in the image.",
    "worst": "Average of the three nuclei with the largest values in the image.",
}
LABELS: Final = ("benign", "malignant")
"""Names of the outcomes 0 and 1."""


@dataclass(frozen=True)
class Measure:
    """One property of a nucleus: its name, label, unit (empty when dimensionless) and what it means."""

    name: str
    label: str
    unit: str
    description: str


@dataclass(frozen=True)
class Feature:
    """One of the thirty columns.

    `minimum` and `maximum` are the hard limits: a value outside them can't be this measurement at all.
    `typical_low` and `typical_high` hold 95 % of the 569 WDBC cases (2.5th and 97.5th percentile),
    `observed_low` and `observed_high` all of them. All limits are inclusive and in `unit`.
    """

    name: str
    measure: str
    statistic: Statistic
    label: str
    unit: str
    minimum: float
    maximum: float
    typical_low: float
    typical_high: float
    observed_low: float
    observed_high: float
    description: str


MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        "radius",
        "Radius",
        "px",
        "Distance from the centre of the nucleus to its outline, averaged around it.",
    ),
    Measure("texture", "Texture", "grey levels", "Standard deviation of the grey values inside the nucleus."),
    Measure("perimeter", "Perimeter", "px", "Length of the outline of the nucleus."),
    Measure("area", "Area", "px²", "Area inside the outline of the nucleus."),
    Measure("smoothness", "Smoothness", "", "Local variation of the radius along the outline: larger is rougher."),
    Measure(
        "compactness",
        "Compactness",
        "",
        "How far the outline is from a circle: perimeter² ÷ (4π × area) − 1, which is 0 for a circle.",
    ),
    Measure("concavity", "Concavity", "", "How deep the indentations of the outline are: 0 means none."),
    Measure(
        "concave_points",
        "Concave points",
        "",
        "Number of indentations of the outline, whatever their depth, as scaled by the measuring program.",
    ),
    Measure(
        "symmetry",
        "Symmetry",
        "",
        "Difference between the two halves across the longest axis: 0 is symmetric.",
    ),
    Measure(
        "fractal_dimension",
        "Fractal dimension",
        "",
        "“Coastline” dimension of the outline less 1: larger is more irregular.",
    ),
)

# Hard minimum, hard maximum; 2.5th and 97.5th percentile, smallest and largest of the 569 WDBC cases.
# The hard limits leave a factor of three or more around WDBC, and stop where the definition does: the
# standard deviation of 8-bit grey values can't pass 127.5, nor the symmetry difference, the fractal dimension
# less 1 or the share of concave points 1; a standard error can't pass its mean. Indentations alone may truly
# be absent (0).
_RANGES: Final[dict[Statistic, tuple[tuple[float, float, float, float, float, float], ...]]] = {
    "mean": (
        (1.0, 100.0, 8.9, 21.74, 6.981, 28.11),
        (1.0, 127.5, 12.36, 28.67, 9.71, 39.28),
        (6.0, 700.0, 57.14, 146.6, 43.79, 188.5),
        (3.0, 30000.0, 244.1, 1489.0, 143.5, 2501.0),
        (0.005, 1.0, 0.07227, 0.1247, 0.05263, 0.1634),
        (0.001, 5.0, 0.0372, 0.2349, 0.01938, 0.3454),
        (0.0, 5.0, 0.001018, 0.3003, 0.0, 0.4268),
        (0.0, 1.0, 0.002508, 0.1473, 0.0, 0.2012),
        (0.01, 1.0, 0.1359, 0.2451, 0.106, 0.304),
        (0.005, 1.0, 0.0527, 0.07934, 0.04996, 0.09744),
    ),
    "se": (
        (0.005, 100.0, 0.1424, 1.094, 0.1115, 2.873),
        (0.01, 127.5, 0.4807, 2.598, 0.3602, 4.885),
        (0.03, 700.0, 1.046, 8.022, 0.757, 21.98),
        (0.1, 30000.0, 9.618, 139.6, 6.802, 542.2),
        (0.00005, 1.0, 0.00334, 0.01455, 0.001713, 0.03113),
        (0.0001, 5.0, 0.005794, 0.07456, 0.002252, 0.1354),
        (0.0, 5.0, 0.0008291, 0.09682, 0.0, 0.396),
        (0.0, 1.0, 0.00239, 0.02635, 0.0, 0.05279),
        (0.0005, 1.0, 0.01093, 0.04196, 0.007882, 0.07895),
        (0.00005, 1.0, 0.001347, 0.01033, 0.0008948, 0.02984),
    ),
    "worst": (
        (1.0, 100.0, 9.755, 27.99, 7.93, 36.04),
        (1.0, 127.5, 15.77, 38.49, 12.02, 49.54),
        (6.0, 700.0, 63.31, 187.8, 50.41, 251.2),
        (3.0, 30000.0, 287.6, 2395.0, 185.2, 4254.0),
        (0.005, 1.0, 0.09297, 0.1803, 0.07117, 0.2226),
        (0.001, 5.0, 0.05916, 0.6587, 0.02729, 1.058),
        (0.0, 5.0, 0.003856, 0.742, 0.0, 1.252),
        (0.0, 1.0, 0.009491, 0.2543, 0.0, 0.291),
        (0.01, 1.0, 0.192, 0.4567, 0.1565, 0.6638),
        (0.005, 1.0, 0.06034, 0.1282, 0.05504, 0.2075),
    ),
}

FEATURES: Final[tuple[Feature, ...]] = tuple(
    Feature(
        f"{measure.name}_{statistic}",
        measure.name,
        statistic,
        f"{measure.label}, {STATISTIC_LABELS[statistic]}",
        measure.unit,
        *limits,
        description=f"{measure.description} {STATISTIC_DESCRIPTIONS[statistic]}",
    )
    for statistic in STATISTICS
    for measure, limits in zip(MEASURES, _RANGES[statistic], strict=True)
)
FEATURE_NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
FEATURES_BY_NAME: Final[dict[str, Feature]] = {feature.name: feature for feature in FEATURES}
