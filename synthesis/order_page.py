"""What the part of an order's page shows that renews itself while the set is being made."""

from typing import Any

from django.urls import reverse

from accounts.models import User
from jobs.models import Job
from synthesis import curves
from synthesis.digits import significant
from synthesis.models import SampleGrid, Stage, SyntheticSet, TrainingRecord


def making_of(order: SyntheticSet, user: User) -> dict[str, Any]:
    """Job, figures and grids of an order."""
    records = list(TrainingRecord.objects.visible_to(user).filter(set=order).order_by("step"))
    columns, rows = curves.table(records)
    job = current_job(order)
    latest = curves.newest(records)
    return {
        "order": order,
        "job": job,
        "may_steer": order.stage in {Stage.MAKING, Stage.PUBLISHING}
        and Job.objects.visible_to(user).filter(pk=job.pk).exists(),
        "curves": curves.charts(records),
        "columns": columns,
        "rows": rows,
        "newest": latest
        and {
            "step": latest.step,
            "seconds": latest.seconds,
            "figures": [(name, significant(value, 3)) for name, value in latest.figures],
        },
        "grids": grids_of(order, user),
    }


def current_job(order: SyntheticSet) -> Job:
    """The job that works on the order now, or did so last."""
    return order.publishing_job or order.job


def grids_of(order: SyntheticSet, user: User) -> list[dict[str, Any]]:
    """The grids of samples in the order they were drawn: step, address, and words for it."""
    steps = SampleGrid.objects.visible_to(user).filter(set=order).order_by("step").values_list("step", flat=True)
    return [
        {"step": step, "url": reverse("order-grid", args=[order.public_id, step]), "words": f"after step {step:,}"}
        for step in steps
    ]
