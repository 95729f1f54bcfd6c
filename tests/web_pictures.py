"""Pictures of the web pages, out of a real browser: `python -m tests.web_pictures FOLDER SCREEN`.

SCREEN is a picture of the terminal that the bench mirrors; `make pictures` paints one before. The people,
their faces and their cases are invented.
"""

from __future__ import annotations

import io
import sys
import tempfile
from functools import partial
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from drivers.receipt_printer.contract import Slip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from kiosk.assembly.devices import fonts_of
from kiosk.bench.page_server import PageServer
from kiosk.bench.village import Village
from kiosk.bench.web import Mirror, create_page
from kiosk.journey.states import State
from kiosk.paper.receipt import receipt
from tests.browser import browser, picture
from tests.central.conftest import make_trust
from tests.central.county import county
from tests.kiosk.bench.drawn_faces import draw_faces
from tests.kiosk.bench.patience import until
from tests.kiosk.journey.visits import visit, world
from tests.kiosk.paper.test_receipt import KEY, NOW

PROJECT = Path(__file__).resolve().parents[1]
LARGEST_BYTES = 400_000


class PictureTooLargeError(Exception):
    """A picture is larger than what the repository should hold."""


def keep(driver: Chrome, file: Path, *, whole_page: bool = False) -> None:
    """The page as a PNG. Raises PictureTooLargeError."""
    shot = Image.open(io.BytesIO(picture(driver, whole_page=whole_page)))
    shot.convert("RGB").save(file, optimize=True)
    if file.stat().st_size > LARGEST_BYTES:
        raise PictureTooLargeError(str(file))


def ops_pictures(folder: Path, scratch: Path) -> None:
    with county(scratch, make_trust(scratch / "trust")) as centre, browser(1440, 900) as driver:
        for name, path in (("ops_terminals", "/ops"), ("ops_cases", "/ops/cases")):
            driver.get(centre.url + path)
            keep(driver, folder / f"{name}.png", whole_page=True)


def slip() -> Slip:
    return receipt(
        visit(State.RESULT), world().place, sign=KEY.sign, local_time=NOW, clock_quality="synced", copy=False
    )


def bench_picture(folder: Path, scratch: Path, screen: Path) -> None:
    jpeg = io.BytesIO()
    Image.open(screen).convert("RGB").save(jpeg, "JPEG", quality=90)
    mirror = Mirror(jpeg.getvalue, lambda _x, _y: None)
    village = Village(draw_faces(scratch / "faces"), 1, use_helper_slot=False)
    # Shown as on a machine with a card service; no card is put there.
    village.helper_slot, village.now["service"] = True, "up"
    page = PageServer(create_page(village, mirror, "https://127.0.0.1:1/ops"), 0)
    fonts = fonts_of(PROJECT / ".setup" / "fonts")
    printer = EscposPrinter(village.printer.address, fonts, scratch / "jobs.jsonl")
    try:
        village.put_card("zhou")
        village.show_face("zhou_today")
        village.set("network", "down")
        printer.print_slip(slip())
        assert until(lambda: len(village.printer.receipts) == 1)
        with browser(1280, 800) as driver:
            driver.get(page.url)
            for wanted in ("#screen", "#slip img"):
                assert until(partial(_loaded, driver.find_element(By.CSS_SELECTOR, wanted)))
            keep(driver, folder / "bench.png")
    finally:
        printer.close()
        page.close()
        village.close()


def _loaded(image: WebElement) -> bool:
    return image.get_property("naturalWidth") != 0


def main(folder: Path, screen: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        ops_pictures(folder, Path(scratch))
        bench_picture(folder, Path(scratch), screen)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
