"""One sample typed or pasted in, with hints while it is typed."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import CLINICIAN, SignedIn
from tests.e2e.samples import COLUMNS, rows

pytestmark = pytest.mark.browser


def paste(page: Page, text: str) -> None:
    """Pastes text into the first measurement."""
    page.get_by_label("Radius, mean").focus()
    page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text);
            const init = { clipboardData, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", init));
        }""",
        text,
    )


def test_a_pasted_row_is_read_and_its_case_answered(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/new/")
    values = rows(20)[19]
    paste(page, "\t".join(str(value).replace(".", ",") for value in values))
    expect(page.get_by_label("Fractal dimension, worst")).to_have_value(str(values[-1]))
    expect(page.locator("#announcer")).to_contain_text("30 values filled in")
    # A decimal comma is as good as a point.
    page.get_by_label("Radius, mean").fill(str(values[0]).replace(".", ","))
    page.get_by_label("Sample number").fill("TYPED-1")
    page.get_by_role("button", name="Read this sample").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("TYPED-1")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Reads benign")
    expect(page.get_by_text("What moved the answer")).to_be_visible()


def test_hints_come_while_typing_and_the_server_says_the_same(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/new/")
    paste(page, "\t".join(map(str, rows(1)[0].tolist())))
    area = page.get_by_label("Area, mean")
    area.fill("9999999")
    hint = page.locator("#id_area_mean_live")
    expect(hint).to_contain_text("Must lie between 3 and 30000 px²")
    area.fill("many")
    expect(hint).to_contain_text("Enter a number")
    area.fill("9999999")
    page.get_by_role("button", name="Read this sample").click()

    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("which lies between 3 and 30000 px²")
    problem.get_by_role("link").first.click()
    expect(area).to_be_focused()


def test_an_unusual_sample_is_accepted_knowingly_and_refused_with_the_reasons(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/new/")
    values = rows(20)[19]
    values[[COLUMNS["texture_mean"], COLUMNS["texture_worst"]]] *= 3
    paste(page, "\t".join(map(str, values.tolist())))
    page.get_by_label("Sample number").fill("ODD-1")
    page.get_by_role("button", name="Read this sample").click()
    expect(page.get_by_text("These values are unusual:")).to_be_visible()
    page.get_by_label("I have checked these values").check()
    page.get_by_role("button", name="Read this sample").click()

    expect(page.get_by_role("heading", level=2).first).to_have_text("Not scored")
    expect(page.get_by_role("heading", name="Why it was refused")).to_be_visible()
    expect(page.get_by_text("Texture, mean: the value is beyond every training case")).to_be_visible()
    expect(page.get_by_role("img", name="Estimated probability")).to_have_count(0)
    expect(page.get_by_role("row", name="Texture, mean")).to_contain_text("remarked on above")
