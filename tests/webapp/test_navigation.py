"""Each role's navigation."""

from types import SimpleNamespace

import pytest

from webapp.templatetags.navigation import navigation_links


def links(role: str | None, path: str = "/") -> dict[str, str]:
    user = SimpleNamespace(role=role) if role else SimpleNamespace()
    context = {"request": SimpleNamespace(user=user, path=path)}
    return {link.label: link.current for link in navigation_links(context)}


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (
            "clinician",
            [
                "Worklist",
                "Studies",
                "Upload images",
                "Upload measurements",
                "Batches",
                "Review",
                "Emergency access",
                "Synthetic data",
                "Models",
                "API",
            ],
        ),
        ("researcher", ["Synthetic data", "Orders", "Sources", "Models", "API"]),
        ("auditor", ["Synthetic data", "Audit trail", "Emergency accesses", "API"]),
        (
            "admin",
            [
                "Synthetic data",
                "Orders",
                "Sources",
                "Models",
                "Audit trail",
                "People",
                "Intake",
                "Single sign-on",
                "Tables",
                "API",
            ],
        ),
        (None, []),
    ],
)
def test_roles_see_their_own_work(role: str | None, labels: list[str]) -> None:
    assert list(links(role)) == labels


def test_pages_without_a_request_have_no_navigation() -> None:
    assert navigation_links({}) == []


def test_the_page_and_its_section_are_marked() -> None:
    assert links("clinician", "/cases/")["Worklist"] == "page"
    marked = links("clinician", "/cases/0b5c/")
    assert (marked["Worklist"], marked["Models"]) == ("true", "")
