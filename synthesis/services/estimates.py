"""How long an order will take and what that costs, told before it is placed."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from jobs.models import JobStatus
from synthesis.models import Effort, Kind, SyntheticSet

# Of training on one processor core with nothing else running: for pictures of 64 pixels what the plans of `ml.gan` are
# made for, for tables as measured with the public WDBC measurements.
PICTURES = {Effort.QUICK: 120.0, Effort.STANDARD: 600.0, Effort.THOROUGH: 1200.0}
TABLES = {Effort.QUICK: 3.0, Effort.STANDARD: 6.0, Effort.THOROUGH: 12.0}
SHADOWS = 4  # generators that the examination of a table trains anew
EXAMINATION = {Kind.FNA: 5.0, Kind.IMAGE: 45.0}
A_THOUSAND = {Kind.FNA: 2.5, Kind.IMAGE: 15.0}  # records drawn and examined, pictures of 64 pixels
LOOKED_BACK = 5
MACHINE = "cpu"


@dataclass(frozen=True)
class Estimate:
    """What an order will take.

    Attributes:
        seconds: from its start to the gate's verdict.
        words: what this rests on.
        cost_words: its price on a rented machine.
    """

    seconds: float
    words: str
    cost_words: str


def estimate(
    *,
    kind: str,
    architecture: str,
    size: int | None,
    counts: Mapping[str, int],
    effort: str,
    epsilon: float | None,
) -> Estimate:
    """An order's time and cost: as the last such orders took at this site, or as on one processor core."""
    records = sum(counts.values())
    before = _taken_before(kind, architecture, size, effort, epsilon)
    if before:
        seconds, many = median(before), len(before)
        words = f"As the last {f'{many} such orders' if many > 1 else 'such order'} took here."
    else:
        seconds = _on_one_core(kind, size, effort, records)
        words = "As on one processor core that does nothing else; once such orders were made here, as they took."
    return Estimate(seconds, words, _cost(seconds))


def _taken_before(kind: str, architecture: str, size: int | None, effort: str, epsilon: float | None) -> list[float]:
    alike = SyntheticSet.objects.filter(
        kind=kind,
        architecture=architecture,
        size=size,
        effort=effort,
        epsilon__isnull=epsilon is None,
        made_at__isnull=False,
        job__status=JobStatus.SUCCEEDED,
        job__started_at__isnull=False,
    ).order_by("-made_at")
    times = alike.values_list("job__started_at", "made_at")[:LOOKED_BACK]
    return [(made - started).total_seconds() for started, made in times if started and made]


def _on_one_core(kind: str, size: int | None, effort: str, records: int) -> float:
    if kind == Kind.FNA:
        return (1 + SHADOWS) * TABLES[Effort(effort)] + EXAMINATION[Kind.FNA] + records / 1000 * A_THOUSAND[Kind.FNA]
    larger = ((size or 64) / 64) ** 2
    return larger * (PICTURES[Effort(effort)] + records / 1000 * A_THOUSAND[Kind.IMAGE]) + EXAMINATION[Kind.IMAGE]


def _cost(seconds: float) -> str:
    from ml.training.accounting.prices import PriceSheet  # noqa: PLC0415 brings the meters of energy, slow to import

    sheet = PriceSheet.load()
    price = sheet.cost(MACHINE, seconds)["on demand"]
    least = 0.01
    amount = f"under {least:g}" if price < least else f"about {price:.2f}"
    return f"{amount} {sheet.currency} on a rented machine ({sheet.title}, {sheet.date})"
