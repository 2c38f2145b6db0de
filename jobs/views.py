"""The piece of a page that shows how far a job is and renews itself until the job has ended.

The browser asks for it every second with the header `X-Lobule-Poll`. Such a request is not a person's doing:
it writes no audit event (a job names no patient) and must not extend a session.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HTMX_STOP_POLLING

from accounts.models import Role, User
from accounts.permissions import require_role
from jobs import services
from jobs.models import Job

TEMPLATE = "jobs/status.html"
may_see_jobs = require_role(Role.CLINICIAN, Role.ADMIN, Role.RESEARCHER)


@require_GET
@may_see_jobs
def job_status(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The fragment. Once the job has ended it stops the polling and has the whole page loaded again."""
    return _fragment(request, _job(request, public_id))


@require_POST
@may_see_jobs
def job_cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Cancels; answers with the fragment, or goes back to the page in `next` when sent by a plain form."""
    return _changed(request, services.cancel(job=_job(request, public_id), user=_user(request)))


@require_POST
@may_see_jobs
def job_retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Starts a failed or cancelled job again; answers as `job_cancel` does."""
    return _changed(request, services.retry(job=_job(request, public_id), user=_user(request)))


def _job(request: HttpRequest, public_id: UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.user), public_id=public_id)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `require_role` let nobody else through
    return request.user


def _fragment(request: HttpRequest, job: Job) -> HttpResponse:
    if not job.is_final:
        return render(request, TEMPLATE, {"job": job})
    response = render(request, TEMPLATE, {"job": job}, status=HTMX_STOP_POLLING)
    response["HX-Refresh"] = "true"
    return response


def _changed(request: HttpRequest, job: Job) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return _fragment(request, job)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        return redirect(back)
    return redirect("home")
