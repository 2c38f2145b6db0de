"""Images go from the browser to their study: dropped, chosen, explained, interrupted and taken up again."""

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.dicom_files import dicom_image, new_uid, picture, zip_of
from tests.e2e.people import CLINICIAN, OUTSIDER, SignedIn
from tests.e2e.test_accessibility import check

pytestmark = pytest.mark.browser

PATH = "/images/upload/"


def files_input(page: Page, kind: str = "files") -> str:
    """The hidden input behind the page's buttons."""
    return f"[data-input={kind}]"


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator(files_input(page)).set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    )


def finished(page: Page) -> None:
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=90_000)


def row(page: Page, name: str) -> str:
    return page.locator("[data-rows] li", has_text=name).inner_text()


def test_a_folder_arrives_and_its_study_is_a_click_away(site: str, signed_in: SignedIn, tmp_path: Path) -> None:
    study, patient = new_uid(), "E2E-FOLDER"
    disc = tmp_path / "disc" / "DICOM"
    disc.mkdir(parents=True)
    for number in range(3):
        data = dicom_image(study=study, patient_id=patient, patient_name="Folder^Fay", seed=number)
        (disc / f"IM{number}").write_bytes(data)
    (disc / "broken.dcm").write_bytes(dicom_image()[:-900])
    (disc.parent / "VIEWER.EXE").write_bytes(b"MZ")
    page = signed_in(CLINICIAN, PATH)
    page.locator(files_input(page, "folder")).set_input_files(tmp_path / "disc")
    finished(page)
    expect(page.locator("[data-counts]")).to_have_text("3 stored, 1 refused")
    expect(page.get_by_text("1 file of the folder left out")).to_be_visible()
    attention = page.locator("[data-attention]")
    expect(attention).to_contain_text("The file ends")
    attention.get_by_text("Which file").click()
    expect(attention).to_contain_text("disc/DICOM/broken.dcm")
    expect(page.locator("#announcer")).to_contain_text("The upload has finished: 3 stored, 1 refused.")
    check(page)

    page.get_by_role("link", name="Folder, Fay", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Folder, Fay")
    expect(page.locator(".lobule-image")).to_have_count(3)
    expect(page.get_by_role("link", name="Open viewer")).to_be_visible()
    check(page)
    url = page.url
    stranger = signed_in(OUTSIDER)
    response = stranger.goto(url)
    assert response is not None
    assert response.status == 404
    page.goto(f"{site}/uploads/")
    check(page)
    page.get_by_role("region", name="Uploads").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Files")).to_contain_text("broken.dcm")
    check(page)


def test_files_and_folders_are_dropped(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    data = base64.b64encode(dicom_image(patient_name="Drop^Dee", patient_id="E2E-DROP")).decode()
    page.evaluate(
        """(data) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.dcm"));
            for (const type of ["dragenter", "dragover", "drop"]) {
              const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
              document.querySelector("[data-drop]").dispatchEvent(event);
            }
        }""",
        data,
    )
    finished(page)
    assert "Stored" in row(page, "dropped.dcm")


def test_pictures_wait_until_it_is_said_what_they_show(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    choose(page, ("scan.png", picture(seed=11)), ("image.dcm", dicom_image(patient_id="E2E-ASK")))
    expect(page.get_by_role("heading", name="What do the pictures show?")).to_be_focused()
    expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible(timeout=90_000)
    assert "Stored" in row(page, "image.dcm")
    page.get_by_role("button", name="Send the pictures").click()
    expect(page.get_by_text("Choose how the pictures were made.")).to_be_visible()
    check(page)
    page.get_by_label("Modality").select_option("Ultrasound")
    page.get_by_label("Patient’s number").fill("E2E-PICTURE")
    page.get_by_role("button", name="Send the pictures").click()
    finished(page)
    assert "Stored" in row(page, "scan.png")
    expect(page.get_by_role("link", name="E2E-PICTURE", exact=True)).to_be_visible()


def test_an_archive_is_unpacked_while_one_watches(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    choose(page, ("disc.zip", zip_of({f"{seed}.dcm": dicom_image(seed=seed, patient_id="E2E-ZIP") for seed in (1, 2)})))
    finished(page)
    assert "2 files in it: 2 stored." in row(page, "disc.zip")


def test_pictures_in_an_archive_are_asked_about_too(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    pictures = {f"scans/{seed}.png": picture(seed=seed) for seed in (21, 22)}
    mixed = zip_of(pictures | {"image.dcm": dicom_image(patient_id="E2E-ZIP-DICOM", seed=23)})
    choose(page, ("scans.zip", mixed), ("scan.png", picture(seed=24)))
    expect(page.get_by_role("heading", name="What do the pictures show?")).to_be_focused()
    expect(page.locator("[data-ask-count]")).to_have_text("1 picture and 1 archive with pictures wait for this.")
    check(page)
    page.get_by_label("Modality").select_option("Ultrasound")
    page.get_by_label("Patient’s number").fill("E2E-ZIP-PICTURES")
    page.get_by_role("button", name="Send the pictures").click()
    finished(page)
    assert "3 files in it: 3 stored." in row(page, "scans.zip")
    page.get_by_role("link", name="E2E-ZIP-PICTURES", exact=True).first.click()
    expect(page.get_by_role("heading", level=3).first).to_contain_text("US")


def test_pictures_in_an_archive_can_be_left_out(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    mixed = zip_of({"scan.png": picture(seed=31), "image.dcm": dicom_image(patient_id="E2E-ZIP-HALF", seed=32)})
    choose(page, ("mixed.zip", mixed), ("pictures.zip", zip_of({"a.png": picture(seed=33)})))
    expect(page.locator("[data-ask-count]")).to_have_text("2 archives with pictures wait for this.")
    page.get_by_role("button", name="Leave the pictures out").click()
    finished(page)
    expect(page.locator("[data-counts]")).to_have_text("1 unpacked, 1 cancelled")
    assert "2 files in it: 1 stored, 1 refused." in row(page, "mixed.zip")
    assert "Cancelled" in row(page, "pictures.zip")


def test_a_reload_takes_the_upload_up_again_and_keeps_no_names(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    arrived = dicom_image(patient_id="E2E-AGAIN", patient_name="Again^Ada", seed=1)
    late = dicom_image(patient_id="E2E-AGAIN", patient_name="Again^Ada", seed=2)
    files = (("AGAIN-ADA-1.dcm", arrived), ("AGAIN-ADA-2.dcm", late))
    broken = re.compile(r"/api/v1/uploads/[^/]+/files/$")

    def hold_the_second(route: Route) -> None:
        if base64.b64encode(b"AGAIN-ADA-2.dcm").decode() not in route.request.headers.get("upload-metadata", ""):
            route.continue_()

    page.route(broken, hold_the_second)
    paths = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    page.locator(files_input(page)).set_input_files(paths)
    expect(page.locator("[data-counts]")).to_have_text("1 stored", timeout=90_000)
    stored = page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert "AGAIN" not in stored.upper()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute(broken)
    expect(page.get_by_role("heading", name="An upload was interrupted")).to_be_visible()
    expect(page.locator("[data-interrupted-text]")).to_contain_text("1 file had arrived whole.")
    check(page)
    choose(page, *files)
    finished(page)
    expect(page.get_by_role("link", name="Again, Ada", exact=True).first).to_be_visible()


def test_sending_is_paused_gone_on_with_and_cancelled(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    held: list[Route] = []
    page.route(re.compile(r"/files/$"), lambda route: held.append(route))  # noqa: PLW0108 playwright marks its handlers
    choose(page, *((f"{seed}.dcm", dicom_image(seed=seed, patient_id="E2E-PAUSE")) for seed in range(5)))
    expect(page.get_by_role("heading", name="Sending: 5 files to go")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="Paused: 5 files to go")).to_be_visible()
    page.unroute(re.compile(r"/files/$"))
    page.get_by_role("button", name="Cancel: 4.dcm").click()
    page.get_by_role("button", name="Go on").click()
    finished(page)
    expect(page.locator("[data-counts]")).to_have_text("4 stored, 1 cancelled")
    page.get_by_role("button", name="Choose files").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose a folder")).to_be_focused()


def test_thousands_of_files_are_listed_fifty_at_a_time(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, PATH)
    page.route(re.compile(r"/api/v1/uploads/"), lambda route: None)
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            for (let i = 0; i < 5000; i += 1) transfer.items.add(new File(["x"], `IM${i}.dcm`));
            const input = document.querySelector("[data-input=files]");
            input.files = transfer.files;
            input.dispatchEvent(new Event("change"));
        }"""
    )
    expect(page.get_by_role("heading", name="Sending: 5,000 files to go")).to_be_visible()
    expect(page.locator("[data-rows] li")).to_have_count(50)
    page.get_by_role("button", name="More files").click()
    expect(page.locator("[data-page-text]")).to_have_text("51 to 100 of 5,000")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible()
