"""The viewer as a radiologist uses it: hanging, windows, measuring, comparing, loops, keys, and what goes wrong."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from accounts.demo import PASSWORD
from tests.dicom_files import SHARED, dicom_image, new_uid
from tests.e2e.people import CLINICIAN, SignedIn
from tests.e2e.test_accessibility import check

pytestmark = pytest.mark.browser

COLLEAGUE = "colleague@northgate.example"
MAMMOGRAM = SHARED / "dicom-mg-wg04" / "MG1_J2KI.dcm"
FIRST_PIXELS_MS = 6000
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}

Upload = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def upload(site: str) -> Upload:
    """Sends files by the API as the clinician; gives what became of the last one."""
    session = requests.Session()
    token = session.post(f"{site}/api/v1/auth/token/", json={"email": CLINICIAN, "password": PASSWORD}, timeout=60)
    session.headers["Authorization"] = f"Bearer {token.json()['token']}"

    def send(*files: bytes, name: str = "image.dcm", **fields: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for data in files:
            response = session.post(f"{site}/api/v1/studies/", files={"file": (name, data)}, data=fields, timeout=120)
            assert response.status_code == 201, response.text
            (result,) = response.json()["files"]
        return result

    return send


def view(study: Mapping[str, Any] | str, **query: str) -> str:
    """The viewer's address for a study, or for what an upload said of a file."""
    public_id = study if isinstance(study, str) else study["study"]
    return f"/studies/{public_id}/view/?" + "&".join(f"{name}={value}" for name, value in query.items())


def shown(page: Page, count: int = 1) -> Locator:
    """The panes, once so many of them show pixels."""
    panes = page.locator(".pane[data-shown]")
    expect(panes).to_have_count(count, timeout=90_000)
    expect(page.locator(".preview")).to_have_count(0)
    return panes


def greys(element: Locator) -> NDArray[Any]:
    """The element as it looks, as grey values (height, width)."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("L")).astype(float)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
    """Drags over the active pane, from and to shares of its width and height."""
    box = page.locator(".pane--active .pane__viewport").bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down(button=button)
    page.mouse.move((places[0][0] + places[1][0]) / 2, (places[0][1] + places[1][1]) / 2)
    page.mouse.move(*places[1])
    page.mouse.up(button=button)


def halves(left: int, right: int, rows: int = 64, columns: int = 64) -> bytes:
    """Pixel data with one value in the left half and another in the right."""
    pixels = np.full((rows, columns), left, np.uint8)
    pixels[:, columns // 2 :] = right
    return pixels.tobytes()


def breast(laterality: str, position: str, study: str, *, wall: str, **attributes: Any) -> bytes:
    """A bright half disc on the side where the chest wall is."""
    rows, columns = np.mgrid[:96, :64]
    pixels = np.where((rows - 48) ** 2 + columns**2 < 44**2, 200, 12).astype(np.uint8)
    data = (pixels if wall == "left" else pixels[:, ::-1]).tobytes()
    series = {"PatientName": "Hung^Hanna", "ImageLaterality": laterality, "ViewPosition": position}
    fields = {"WindowCenter": 128, "WindowWidth": 256, "ImagerPixelSpacing": [1, 1]}
    return dicom_image(
        modality="MG", rows=96, columns=64, study=study, PixelData=data, **series, **fields, **attributes
    )


def test_four_views_hang_with_their_chest_walls_facing(upload: Upload, signed_in: SignedIn) -> None:
    study = new_uid()
    views = (("L", "MLO", "right"), ("R", "CC", "left"), ("L", "CC", "left"), ("R", "MLO", "right"))
    result = upload(*(breast(side, position, study, wall=wall) for side, position, wall in views))
    page = signed_in(CLINICIAN, view(result), width=1440)
    panes = shown(page, 4)
    assert [pane.locator(".pane__view").inner_text() for pane in panes.all()] == ["R CC", "L CC", "R MLO", "L MLO"]
    mirrored = [pane.locator(".pane__turned").all_inner_texts() for pane in panes.all()]
    assert mirrored == [["Mirrored"], [], [], ["Mirrored"]]
    for pane, wall in zip(panes.all(), ("right", "left", "right", "left"), strict=True):
        picture = greys(pane.locator("canvas"))
        edge = picture[:, -8:] if wall == "right" else picture[:, :8]
        assert np.median(edge[picture.shape[0] // 2]) > 150, f"{wall} edge"
    expect(page.get_by_role("button", name="Link")).to_have_attribute("aria-pressed", "true")
    before = [pane.locator(".pane__corner--bl").inner_text() for pane in panes.all()]
    page.keyboard.press("+")
    for pane, text in zip(panes.all(), before, strict=True):
        expect(pane.locator(".pane__corner--bl")).not_to_have_text(text)
    page.keyboard.press("0")
    result_of_axe = Axe().run(page, options=AXE_OPTIONS)
    assert result_of_axe.violations_count == 0, result_of_axe.generate_report()


@pytest.fixture(scope="module")
def two_tone(upload: Upload) -> dict[str, Any]:
    """An ultrasound image, dark at the left and bright at the right, calibrated at 0.5 mm a pixel."""
    return upload(
        dicom_image(
            rows=64,
            columns=64,
            PixelData=halves(60, 180),
            PatientName="Tone^Tess",
            PatientID="E2E-TONE",
            WindowCenter=128,
            WindowWidth=256,
            PixelSpacing=[0.5, 0.5],
        )
    )


@pytest.mark.parametrize("renderer", ["canvas", "webgl"])
def test_windows_and_turning_show_the_right_greys(two_tone: dict[str, Any], signed_in: SignedIn, renderer: str) -> None:
    page = signed_in(CLINICIAN, view(two_tone, renderer=renderer))
    canvas = shown(page).locator("canvas")
    corner = page.locator(".pane__corner--bl")
    page.locator(".pane").focus()
    page.keyboard.press("t")  # the texts leave the picture

    def sides() -> list[float]:
        page.wait_for_timeout(400)
        picture = greys(canvas)
        rows, columns = picture.shape
        across = picture[rows // 2 - 4 : rows // 2 + 4]
        down = picture[:, columns // 2 - 4 : columns // 2 + 4]
        fit = min(rows, columns)
        places = [columns // 2 - fit // 4, columns // 2 + fit // 4]
        tops = [rows // 2 - fit // 4, rows // 2 + fit // 4]
        return [float(np.median(across[:, place - 3 : place + 3])) for place in places] + [
            float(np.median(down[top - 3 : top + 3])) for top in tops
        ]

    assert sides()[:2] == pytest.approx([60, 180], abs=2)
    page.keyboard.press("i")
    assert sides()[:2] == pytest.approx([195, 75], abs=2)
    page.keyboard.press("i")
    page.keyboard.press("h")
    assert sides()[:2] == pytest.approx([180, 60], abs=2)
    expect(page.locator(".pane__turned")).to_have_text("Mirrored")
    page.keyboard.press("h")
    page.keyboard.press("]")
    assert sides()[2:] == pytest.approx([60, 180], abs=2), "a turn to the right brings the left side to the top"
    page.keyboard.press("0")
    page.get_by_label("Centre").fill("180")
    page.get_by_label("Width").fill("121")
    page.get_by_role("button", name="Set", exact=True).click()
    assert sides()[:2] == pytest.approx([0, 128.6], abs=2)
    page.locator(".pane").focus()
    page.keyboard.press("t")
    expect(corner).to_contain_text("C 180 W 121")
    drag(page, (0.4, 0.4), (0.6, 0.5))
    expect(corner).not_to_contain_text("C 180 W 121")
    page.keyboard.press("0")
    expect(corner).to_contain_text("C 128 W 256")
    fitting = corner.inner_text()
    drag(page, (0.5, 0.4), (0.5, 0.6), button="right")
    expect(corner).not_to_have_text(fitting)
    page.keyboard.press("0")
    expect(corner).to_have_text(fitting.replace("\n", ""))


def test_measurements_are_saved_survive_and_are_shared(
    site: str, two_tone: dict[str, Any], signed_in: SignedIn
) -> None:
    page = signed_in(CLINICIAN, view(two_tone))
    shown(page)
    saved = page.locator("[data-saved]")
    page.get_by_role("button", name="Length", exact=True).click()
    drag(page, (0.4, 0.5), (0.6, 0.5))
    expect(saved).to_have_text("Saved")
    mark = page.locator(".mark")
    expect(mark).to_contain_text("mm")
    expect(mark).to_contain_text("pixel spacing")
    box = page.locator(".pane--active .pane__viewport").bounding_box()
    assert box is not None
    expected = 0.2 * box["width"] * 64 * 0.5 / min(box["width"], box["height"])
    assert float(mark.locator(".mark__figures").inner_text().removesuffix(" mm")) == pytest.approx(expected, rel=0.03)

    page.get_by_role("button", name="Rename Length").click()
    page.get_by_label("Text").fill("Cyst")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(mark).to_contain_text("Cyst")
    expect(saved).to_have_text("Saved")
    page.reload()
    shown(page)
    expect(mark).to_contain_text("Cyst")

    colleague = signed_in(COLLEAGUE, view(two_tone))
    shown(colleague)
    expect(colleague.locator(".mark")).to_contain_text("Dr Amara Okafor")
    expect(colleague.get_by_role("button", name="Delete Cyst")).to_have_count(0)

    page.get_by_role("button", name="Delete Cyst").click()
    expect(mark).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(mark).to_have_count(1)
    page.keyboard.press("Control+Shift+Z")
    expect(mark).to_have_count(0)
    expect(saved).to_have_text("Saved")
    page.reload()
    shown(page)
    expect(mark).to_have_count(0)


def test_what_could_not_be_saved_is_said_and_tried_again(two_tone: dict[str, Any], signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, view(two_tone))
    shown(page)

    def out_of_order(route: Route) -> None:
        body = '{"detail": "The audit trail cannot be written at the moment.", "status": 422}'
        route.fulfill(status=422, content_type="application/problem+json", body=body)

    page.route("**/annotations/", out_of_order)
    page.keyboard.press("l")
    drag(page, (0.4, 0.3), (0.6, 0.3))
    expect(page.locator("[data-saved]")).to_have_text("Not saved")
    expect(page.locator(".mark")).to_contain_text("The audit trail cannot be written")
    page.unroute("**/annotations/")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.get_by_role("button", name="Delete Length").click()
    expect(page.locator(".mark")).to_have_count(0)
    expect(page.locator("[data-saved]")).to_have_text("Saved")


def test_a_frame_that_does_not_come_can_be_asked_for_again(two_tone: dict[str, Any], signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN)
    body = '{"detail": "The site has lost this part of the image.", "status": 422}'

    def lost(route: Route) -> None:
        route.fulfill(status=400, content_type="application/problem+json", body=body)

    page.route("**/frames/1", lost)
    page.goto(page.url.split("/cases")[0].rstrip("/") + view(two_tone))
    failure = page.get_by_role("alert").filter(has_text="This image cannot be shown")
    expect(failure).to_contain_text("The site has lost this part of the image.")
    page.unroute("**/frames/1")
    failure.get_by_role("button", name="Try again").click()
    shown(page)
    expect(failure).to_be_hidden()


def test_a_loop_plays_and_scrolls(upload: Upload, signed_in: SignedIn) -> None:
    frames = np.stack([np.full((32, 32), 20 + 20 * number, np.uint8) for number in range(10)])
    loop = dicom_image(
        rows=32,
        columns=32,
        NumberOfFrames=10,
        PixelData=frames.tobytes(),
        FrameTime="50",
        PatientName="Loop^Lou",
        WindowCenter=128,
        WindowWidth=256,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1",
    )
    page = signed_in(CLINICIAN, view(upload(loop)))
    pane = shown(page)
    count = page.locator(".cine__count")
    expect(count).to_have_text("1 / 10")
    expect(page.get_by_label("Frames a second")).to_have_value("20")
    expect(pane.locator(".pane__corner--bl")).to_contain_text("Zoom")
    page.locator(".pane").focus()
    page.keyboard.press("ArrowDown")
    expect(count).to_have_text("2 / 10")
    assert np.median(greys(pane.locator("canvas"))) == pytest.approx(40, abs=2)
    page.keyboard.press("End")
    expect(count).to_have_text("10 / 10")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(count).not_to_have_text("10 / 10")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_label("Frame", exact=True).fill("5")
    expect(count).to_have_text("5 / 10")
    expect(pane.locator(".pane__corner--tr")).to_have_text("Frame 5 of 10")
    box = pane.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, 100)
    expect(count).to_have_text("6 / 10")


def test_a_prior_stands_beside_with_its_date(site: str, upload: Upload, signed_in: SignedIn) -> None:
    person = {"patient_id": "E2E-PRIOR", "patient_name": "Prior^Pia", "rows": 48, "columns": 64}
    earlier = upload(dicom_image(**person, seed=5, StudyDate="20240110"))
    current = upload(dicom_image(**person, seed=6))
    page = signed_in(CLINICIAN, view(current), width=1440)
    shown(page)
    page.get_by_role("button", name="Compare side by side").click()
    panes = shown(page, 2)
    expect(panes.nth(1).locator(".pane__prior")).to_have_text("Prior · 10 Jan 2024 · 1 year 11 months earlier")
    expect(panes.nth(0).locator(".pane__when")).to_have_text("2 Jan 2026")
    page.locator(".pane").first.focus()
    page.keyboard.press("+")
    zooms = [pane.locator(".pane__corner--bl").inner_text().split("Zoom ")[1] for pane in panes.all()]
    assert zooms[0] == zooms[1]
    page.goto(site + view(current, prior=earlier["study"]))
    panes = shown(page, 2)
    expect(panes.nth(1).locator(".pane__prior")).to_contain_text("10 Jan 2024")
    page.goto(site + view(earlier))
    shown(page)
    expect(page.get_by_role("region", name="Later study of 2 Jan 2026")).to_be_visible()


def test_the_keyboard_does_it_all(two_tone: dict[str, Any], signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, view(two_tone))
    shown(page)
    page.get_by_role("button", name="Window", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Pan", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pan", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Help")).to_be_focused()
    stops = page.locator("[data-toolbar] button[tabindex='0']")
    expect(stops).to_have_count(1)
    page.get_by_role("button", name="Presets").press("Enter")
    expect(page.get_by_role("menuitemradio").first).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.get_by_role("button", name="Presets")).to_be_focused()
    corner = page.locator(".pane__corner--bl")
    page.locator(".pane").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(corner).not_to_contain_text("W 256")
    page.keyboard.press("0")
    expect(corner).to_contain_text("W 256")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Shortcuts and help")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Single keys work as shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
    page.reload()
    shown(page)
    page.locator(".pane").focus()
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Help").click()
    sheet.get_by_label("Single keys work as shortcuts").check()
    check(page)


def test_a_telephone_shows_one_pane(two_tone: dict[str, Any], signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, view(two_tone), width=390)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    pane = page.locator(".pane").bounding_box()
    assert pane is not None
    assert pane["width"] >= 380
    check(page)


def test_the_answer_and_its_evidence_stand_beside_the_picture(site: str, upload: Upload, signed_in: SignedIn) -> None:
    folder = SHARED / "busi-native-dev" / "malignant"
    if not folder.exists():
        pytest.skip("the shared ultrasound pictures are not there")
    picture, *others = sorted(path for path in folder.glob("*.png") if "mask" not in path.name)[:12]
    study, page = signed_in(CLINICIAN, "/studies/"), signed_in(CLINICIAN, "/studies/")
    # Others are read first, so that the page opens before its own image has an answer.
    for other in others:
        upload(other.read_bytes(), name="scan.png", modality="US", reference="E2E-BEFORE")
    result = upload(picture.read_bytes(), name="scan.png", modality="US", reference="E2E-EVIDENCE")
    page.goto(site + view(result), wait_until="commit")
    study.goto(f"{site}/studies/{result['study']}/")
    page.wait_for_load_state()
    assert page.evaluate("JSON.parse(document.getElementById('manifest').textContent).reading.isOn")
    expect(study.get_by_text("The study is being read: 0 of 1 image done.")).to_be_visible()
    polls: list[dict[str, str]] = []
    for each in (study, page):
        each.on(
            "request",
            lambda request: (
                polls.append(request.headers)
                if request.is_navigation_request() or any(part in request.url for part in ("/reading/", "known="))
                else None
            ),
        )
    reading = page.locator("[data-reading]")
    expect(reading).to_contain_text("The answer appears here by itself.")
    shown(page)
    expect(reading).to_contain_text("probability of malignancy", timeout=120_000)
    expect(study.locator("#findings")).to_contain_text("Answered by")
    assert polls
    assert all(headers.get("x-lobule-poll") == "1" for headers in polls), "no page was loaded again, no person asked"
    check(study)
    expect(page.locator(".thumb__state")).not_to_contain_text("Being read")
    expect(reading).to_contain_text("Not a certified medical device")
    expect(reading).to_contain_text("Trained on")
    expect(reading).to_contain_text("probability of malignancy")
    page.keyboard.press("m")
    layer = page.locator(".pane__layer")
    expect(layer).to_have_count(1)
    expect(page.get_by_text("This is not a segmentation")).to_be_visible()
    page.get_by_label("Strength").fill("20")
    visible = "(image) => image.decode().then(() => image.naturalWidth > 0 && image.style.opacity === '0.2')"
    assert layer.evaluate(visible)
    page.keyboard.press("m")
    expect(layer).to_have_count(0)
    check(page)


def test_first_pixels_of_a_large_mammogram(site: str, upload: Upload, signed_in: SignedIn) -> None:
    if not MAMMOGRAM.exists():
        pytest.skip("the shared mammogram is not there")
    result = upload(MAMMOGRAM.read_bytes())
    page = signed_in(CLINICIAN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/frames/" in request.url else None)
    page.goto(site + view(result))
    shown(page)
    marks = page.evaluate("performance.getEntriesByType('mark').map(({ name, startTime }) => [name, startTime])")
    first = dict(reversed(marks))["first-pixels"]
    print(f"first pixels of 27 MB after {first:.0f} ms")  # noqa: T201 the figure is what the run is for
    assert first < FIRST_PIXELS_MS
    assert len(asked) == 1, "the frame that the page asks for early is used, not asked for again"
