"""An institution has identities removed; a clinician masks what a picture shows of its patient."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect

from tests.dicom_files import SHARED, dicom_image
from tests.e2e.people import ADMIN, CLINICIAN, SignedIn
from tests.e2e.test_accessibility import check

pytestmark = pytest.mark.browser

SETTINGS = "/settings/intake/"
NAME = "DOE^JANE 29.08.1951"


def ultrasound() -> bytes:
    """A picture with its patient's name in the banner; a real one where the collection is at hand."""
    real = SHARED / "dicom-phi-deid" / "ultrasounds" / "GREYSCALE_IMAGE.dcm"
    if real.exists():
        return real.read_bytes()
    shown = Image.fromarray(np.full((400, 640), 60, np.uint8))
    ImageDraw.Draw(shown).rectangle((0, 0, 639, 39), fill=0)
    ImageDraw.Draw(shown).text((8, 6), NAME, fill=255, font=ImageFont.load_default(24))
    return dicom_image(rows=400, columns=640, PixelData=np.asarray(shown).tobytes())


def switch(page: Page, *, remove: bool) -> None:
    """Answers the question that the button asks."""
    page.get_by_role(
        "button", name="Remove identities from now on" if remove else "Keep identities from now on"
    ).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove identities" if remove else "Keep identities").click()
    state = "Identities are removed" if remove else "keep the identities"
    expect(page.get_by_text(state).first).to_be_visible()


@pytest.fixture
def removing(signed_in: SignedIn) -> Iterator[Page]:
    """The administrator's page, while identities are removed."""
    page = signed_in(ADMIN, SETTINGS)
    switch(page, remove=True)
    yield page
    page.goto(page.url)
    switch(page, remove=False)


def send(page: Page, data: bytes) -> None:
    page.locator("[data-input=files]").set_input_files(
        {"name": "Jane Doe.dcm", "mimeType": "application/octet-stream", "buffer": data}
    )
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=90_000)


def brightness(page: Page, left: int, top: int, right: int, bottom: int) -> float:
    """How bright a part of the review's picture is, as it comes from the server."""
    address = page.locator("[data-review] img").get_attribute("src")
    answer = page.request.get(page.url.split("/quarantine/")[0] + str(address))
    shown = np.asarray(Image.open(BytesIO(answer.body())).convert("L"))
    return float(shown[top:bottom, left:right].mean())


def test_the_name_in_the_banner_is_masked_and_the_picture_released(
    site: str, signed_in: SignedIn, removing: Page
) -> None:
    check(removing)
    page = signed_in(CLINICIAN, "/images/upload/")
    send(page, ultrasound())
    page.goto(f"{site}/quarantine/")
    expect(page.get_by_text("Pseudonym").first).to_be_visible()
    check(page)
    page.get_by_role("region", name="Pictures to review").get_by_role("link").first.click()
    rectangles = page.get_by_label("Rectangles to mask")
    page.get_by_role("button", name="Mark what looks like writing").click()
    expect(rectangles).not_to_have_value("")
    marked = len(rectangles.input_value().splitlines())
    page.get_by_role("button", name="Remove the last rectangle").click()
    assert len(rectangles.input_value().splitlines()) == marked - 1
    rectangles.fill("")
    canvas = page.locator("[data-review] canvas")
    page.evaluate("scrollTo(0, 0)")
    box = canvas.bounding_box()
    assert box is not None
    assert brightness(page, 0, 0, 300, 24) > 20
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] * 0.06, steps=4)
    page.mouse.up()
    left, top, right, bottom = (int(number) for number in rectangles.input_value().split(","))
    assert left <= 3
    assert top <= 3
    assert right >= int(canvas.get_attribute("width") or 0) - 6
    assert bottom >= 22
    expect(page.get_by_label("Mask the rectangles, then release it")).to_be_checked()
    check(page)
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The rectangles are blank now and the picture is released.")).to_be_visible()


def test_the_administrator_sees_what_would_be_removed(signed_in: SignedIn) -> None:
    page = signed_in(ADMIN, SETTINGS)
    page.locator("input[type=file]").set_input_files(
        {"name": "x.dcm", "mimeType": "application/octet-stream", "buffer": dicom_image(patient_name="Doe^Jane")}
    )
    page.get_by_role("button", name="Show what would be removed").click()
    expect(page.get_by_role("row").filter(has_text="Patient's Name")).to_contain_text("Doe^Jane")
    check(page)


def test_a_decision_without_rectangles_says_what_is_missing(site: str, signed_in: SignedIn, removing: Page) -> None:
    page = signed_in(CLINICIAN, "/images/upload/")
    send(page, dicom_image(patient_id="E2E-REVIEW"))
    page.goto(f"{site}/quarantine/")
    page.get_by_role("region", name="Pictures to review").get_by_role("link").first.click()
    page.get_by_label("Mask the rectangles, then release it").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("Mark at least one rectangle")
    check(page)
    page.get_by_label("Reject it").check()
    page.get_by_label("Why it is rejected").fill("A test")
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The picture is rejected.")).to_be_visible()
