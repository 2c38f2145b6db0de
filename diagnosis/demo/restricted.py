"""The demo's restricted records, and an emergency access that waits for the auditor."""

import io
from contextlib import redirect_stdout

from accounts import audit
from accounts.models import EmergencyAccess, User
from accounts.people.emergency import begin_access, end_access
from diagnosis.models import Case, Patient, Restriction
from diagnosis.selectors import read_case
from diagnosis.services.restriction import restrict

SAMPLE = "NG-0012"
WHY = "Called to theatre: the frozen section contradicts the cytology, and Dr Okafor is away today."


def restrict_demo_records(user: User, colleague: User) -> None:
    """Restricts one sample and one imaging patient of `user`; the colleague opens the sample once, in an emergency."""
    case = Case.objects.get(institution=user.institution, reference=SAMPLE)
    restrict(user=user, record=case, reason=Restriction.Reason.STAFF)
    newest = Patient.objects.filter(institution=user.institution).order_by("-pk")[0]
    restrict(user=user, record=newest, reason=Restriction.Reason.WISH)
    with audit.acting(audit.context_for(colleague, request_id="setup_demo")):
        # The auditor's letter would stand among the lines that tell how to sign in.
        with redirect_stdout(io.StringIO()):
            (access,) = begin_access(
                user=colleague,
                number=SAMPLE,
                reason=EmergencyAccess.Reason.COVER,
                explanation=WHY,
                minutes=15,
                link_to=lambda access: f"/audit/emergencies/{access.public_id}/",
            )
        read_case(user=colleague, public_id=case.public_id)
        end_access(access=access)
