"""What an institution holds to be unusual, with a look at what that would have found."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.models import Action, Role
from accounts.permissions import person
from accounts.review.access_rules import change_rules
from accounts.review.findings import preview, rules_of
from accounts.review.forms import AccessRulesForm
from accounts.views.trail import may_read

PREVIEW_DAYS = 30
MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@may_read
def rules(request: HttpRequest) -> HttpResponse:
    """Shows the rules; an auditor or administrator tries other numbers on the past days, then saves them."""
    user = person(request)
    current = rules_of(user.institution)
    form = AccessRulesForm(request.POST if request.method == "POST" else None, instance=current)
    found = None
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            change_rules(user=user, rules=form.instance)
            messages.success(request, "The rules are saved. They hold for today and the days to come.")
            return redirect("review-rules")
        found = preview(user.institution, form.instance, length=PREVIEW_DAYS)
        tried = {"days": PREVIEW_DAYS, "shown": len(found)}
        audit.record(Action.SEARCH, object_type="unusual-access", purpose="audit", detail=tried)
    context = {
        "form": form,
        "found": found[:MOST_SHOWN] if found is not None else None,
        "found_count": len(found) if found is not None else 0,
        "length": PREVIEW_DAYS,
        "rules": current,
        "may_change": user.role in {Role.AUDITOR, Role.ADMIN},
    }
    return render(request, "accounts/review/rules.html", context, status=422 if form.errors else 200)
