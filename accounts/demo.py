"""The demo's institutions and people. Only the demo settings show or create them."""

from typing import TypedDict

from django.db import transaction

from accounts.models import Institution, Role, User


class SignIn(TypedDict):
    """One line of the demo's sign-in list."""

    email: str
    password: str
    role: str
    full_name: str
    institution: str
    description: str


NORTHGATE, ST_BRIGID = "Northgate Breast Clinic", "St Brigid's Hospital"
PASSWORD = "lobule-demo-2026"  # noqa: S105 printed on the sign-in page of a demo that holds public data


def _sign_in(email: str, full_name: str, role: Role, institution: str, description: str) -> SignIn:
    return SignIn(
        email=email,
        password=PASSWORD,
        role=role,
        full_name=full_name,
        institution=institution,
        description=description,
    )


def sign_ins() -> list[SignIn]:
    """Who can sign in to the demo."""
    return [
        _sign_in(
            "clinician@northgate.example",
            "Dr Amara Okafor",
            Role.CLINICIAN,
            NORTHGATE,
            "Uploads FNA measurements and reads the answers",
        ),
        _sign_in(
            "colleague@northgate.example",
            "Dr Jonas Lind",
            Role.CLINICIAN,
            NORTHGATE,
            "Same clinic: sees the same cases, but for two restricted ones",
        ),
        _sign_in(
            "researcher@northgate.example",
            "Mei Tanaka",
            Role.RESEARCHER,
            NORTHGATE,
            "Sees the installed models, no patient's case",
        ),
        _sign_in(
            "auditor@northgate.example",
            "Ruth Adeyemi",
            Role.AUDITOR,
            NORTHGATE,
            "Reads the audit trail and judges emergency accesses",
        ),
        _sign_in(
            "admin@northgate.example",
            "Sam Whitfield",
            Role.ADMIN,
            NORTHGATE,
            "Invites people, changes their roles; sees models, jobs and the audit trail",
        ),
        _sign_in(
            "second-admin@northgate.example",
            "Priya Raman",
            Role.ADMIN,
            NORTHGATE,
            "The second administrator: nobody changes their own role",
        ),
        _sign_in(
            "clinician@stbrigid.example",
            "Dr Niamh Byrne",
            Role.CLINICIAN,
            ST_BRIGID,
            "Another hospital: sees none of Northgate's cases",
        ),
    ]


@transaction.atomic
def create_people() -> None:
    """Creates the demo's institutions and users that are not there yet."""
    for person in sign_ins():
        institution, _ = Institution.objects.get_or_create(name=person["institution"])
        if not User.objects.filter(email=person["email"]).exists():
            User.objects.create_user(
                email=person["email"],
                password=person["password"],
                full_name=person["full_name"],
                institution=institution,
                role=person["role"],
            )
