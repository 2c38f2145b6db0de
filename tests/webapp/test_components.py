"""Form fields, status tags and paging as the pages draw them."""

import re

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory


class SampleForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the label")
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "Alpha"), ("b", "Beta")], widget=forms.RadioSelect)
    side = forms.ChoiceField(label="Side", choices=[("l", "Left")])
    accept = forms.BooleanField(label="I accept")
    table = forms.FileField(label="Table")
    token = forms.CharField(widget=forms.HiddenInput)


def render(source: str, **context: object) -> str:
    return Template("{% load components %}" + source).render(Context(context))


def field(name: str, arguments: str = "", data: dict[str, str] | None = None) -> str:
    return render("{% field bound " + arguments + " %}", bound=SampleForm(data)[name])


def described_by(html: str) -> list[str]:
    found = re.search(r'<(?:input|select|fieldset)[^>]*aria-describedby="([^"]+)"', html)
    return found[1].split() if found else []


def test_a_field_has_its_label_and_is_described_by_its_hint() -> None:
    html = field("name", 'width="10" suffix="mm"')
    assert '<label class="nhsuk-label" for="id_name">Name</label>' in html
    assert '<div class="nhsuk-hint" id="id_name_helptext">As on the label</div>' in html
    assert described_by(html) == ["id_name_helptext"]
    assert "nhsuk-input--width-10" in html
    assert "mm</div>" in html
    assert "error" not in html


def test_an_error_stands_at_its_field_and_describes_it() -> None:
    html = field("name", data={"name": ""})
    assert "nhsuk-form-group--error" in html
    assert "nhsuk-input--error" in html
    assert 'id="id_name_error"' in html
    assert "This field is required." in html
    assert set(described_by(html)) == {"id_name_helptext", "id_name_error"}


def test_a_hint_that_only_the_page_gives_describes_the_field_too() -> None:
    assert described_by(field("password", 'hint="12 characters or more"')) == ["id_password_helptext"]


def test_the_page_may_give_another_label() -> None:
    assert ">Your name</label>" in field("name", 'label="Your name"')


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("password", 'data-module="nhsuk-password-input"'),
        ("kind", '<legend class="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">Kind</legend>'),
        ("side", 'class="nhsuk-select"'),
        ("accept", '<label class="nhsuk-label nhsuk-checkboxes__label" for="id_accept">I accept</label>'),
        ("table", 'data-module="nhsuk-file-upload"'),
    ],
)
def test_each_widget_has_its_own_markup(name: str, markup: str) -> None:
    assert markup in field(name)


def test_radios_keep_what_was_chosen() -> None:
    html = field("kind", data={"kind": "b"})
    assert re.findall(r'value="(\w)"( checked)?>', html) == [("a", ""), ("b", " checked")]


def test_a_hidden_field_is_nothing_but_its_input() -> None:
    html = field("token").strip()
    assert html.startswith('<input type="hidden"')
    assert html.count("<") == 1


def test_labels_and_statuses_are_escaped() -> None:
    hostile = "<script>"
    assert "<script>" not in render("{% field bound label=hostile %}", bound=SampleForm()["name"], hostile=hostile)
    assert "<script>" not in render("{% status_tag hostile %}{% status_tag 'scored' hostile %}", hostile=hostile)


def paging(number: int, count: int = 60, query: str = "") -> str:
    page = Paginator(range(count), 5).get_page(number)
    request = RequestFactory().get(f"/cases/?{query}")
    return Template("{% load components %}{% pagination page noun='cases' %}").render(
        RequestContext(request, {"page": page})
    )


def test_paging_names_the_page_and_what_it_shows() -> None:
    html = paging(6)
    assert "Showing 26 to 30 of 60 cases" in html
    assert re.findall(r'aria-label="Page (\d+)" aria-current="page"', html) == ["6"]
    assert re.findall(r'aria-label="Page (\d+)"', html) == ["1", "5", "6", "7", "12"]
    assert html.count("⋯") == 2
    assert re.findall(r'rel="(\w+)"', html) == ["prev", "next"]


def test_paging_keeps_the_query() -> None:
    assert "?status=refused&amp;page=2" in paging(1, query="status=refused&page=1")


def test_the_ends_lead_no_further() -> None:
    assert 'rel="prev"' not in paging(1)
    assert 'rel="next"' not in paging(12)


@pytest.mark.parametrize(("count", "shows"), [(4, "Showing 1 to 4 of 4 cases"), (0, "")])
def test_one_page_needs_no_links(count: int, shows: str) -> None:
    html = paging(1, count=count)
    assert "<nav" not in html
    assert html.strip() == (f'<p class="lobule-count">{shows}</p>' if shows else "")
