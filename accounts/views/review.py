"""The daily review: which days wait, what was found on each, and the auditor's signature."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.models import Action, DailyReview, Role, UnusualAccess, Verdict
from accounts.permissions import person, require_role
from accounts.review import queue
from accounts.review.findings import rules_of
from accounts.review.forms import SignForm, VerdictForm
from accounts.sign_in.step_up import recent_sign_in_required
from accounts.views.trail import may_read

DAYS_PER_PAGE = 31


@require_GET
@may_read
def review_list(request: HttpRequest) -> HttpResponse:
    """The days, newest first; those that wait too long and what is being followed up stand above."""
    reviews = DailyReview.objects.visible_to(request.user)
    page = Paginator(reviews, DAYS_PER_PAGE).get_page(request.GET.get("page"))
    states = queue.waiting(list(page.object_list))
    unsigned = queue.waiting(list(reviews.filter(signed_at__isnull=True)))
    context = {
        "page": page,
        "states": states,
        "overdue": [state for state in unsigned if state.is_overdue],
        "followed_up": UnusualAccess.objects.visible_to(request.user).filter(verdict=Verdict.FOLLOW_UP),
        "rules": rules_of(person(request).institution),
    }
    audit.record(Action.SEARCH, object_type="daily-review", purpose="audit", detail={"shown": len(states)})
    return render(request, "accounts/review/list.html", context)


@require_GET
@may_read
def day(request: HttpRequest, day: str) -> HttpResponse:
    """One day's findings, each with its events and its verdict, and the signature."""
    review = _review(request, day)
    audit.record(Action.VIEW, object_type="daily-review", object_id=review.public_id, purpose="audit")
    return _show(request, review)


@require_POST
@may_read
def judge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a person makes of one finding."""
    finding = get_object_or_404(UnusualAccess.objects.visible_to(request.user), public_id=public_id)
    form = VerdictForm(request.POST, auto_id=f"{public_id}-%s")
    if not form.is_valid():
        return _show(request, _review(request, finding.day.isoformat()), refused=(finding.pk, form), status=422)
    judged = queue.judge(user=person(request), finding=finding, **form.cleaned_data)
    messages.success(request, f"Judged: {judged.get_verdict_display().lower()}.")
    return redirect(f"{reverse('review-day', args=[finding.day.isoformat()])}#finding-{finding.public_id}")


@require_POST
@require_role(Role.AUDITOR)
@recent_sign_in_required
def sign(request: HttpRequest, day: str) -> HttpResponse:
    """Signs the day."""
    review = _review(request, day)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _show(request, review, status=422)
    queue.sign(user=person(request), review=review, note=form.cleaned_data["note"])
    messages.success(request, "The day is signed.")
    return redirect("review-list")


def _review(request: HttpRequest, day: str) -> DailyReview:
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(DailyReview.objects.visible_to(request.user), day=wanted)


def _show(
    request: HttpRequest,
    review: DailyReview,
    *,
    refused: tuple[int, VerdictForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    items = []
    for finding in queue.findings_of(review).all():
        initial = {"verdict": finding.verdict, "note": finding.note}
        form = VerdictForm(initial=initial, auto_id=f"{finding.public_id}-%s")
        if refused and refused[0] == finding.pk:
            form = refused[1]
        open_to_judge = review.signed_at is None or finding.verdict == Verdict.FOLLOW_UP
        items.append(
            {
                "finding": finding,
                "form": form,
                "may_judge": open_to_judge and queue.may_judge(user, finding),
                "is_own": finding.actor_id_text == str(user.public_id),
            }
        )
    context = {
        "review": review,
        "state": queue.waiting([review])[0],
        "items": items,
        "sign_form": SignForm(),
        "may_sign": user.role == Role.AUDITOR,
        "zone": rules_of(user.institution).time_zone,
        "refused_form": refused[1] if refused else None,
    }
    return render(request, "accounts/review/day.html", context, status=status)
