"""The bench page as one uses it: the mouse on the mirrored screen, the buttons, the slip, with scripts and without."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from drivers.receipt_printer.simulated_paper import Receipt
from kiosk.bench.fault_proxy import Mode
from kiosk.bench.page_server import PageServer
from kiosk.bench.people import PEOPLE
from kiosk.bench.village import Village
from kiosk.bench.web import Mirror, ScreenUnseenError, create_page
from tests.browser import browser, complaints, faint_texts, go, resize
from tests.kiosk.bench.patience import until

PROJECT = Path(__file__).resolve().parents[3]
STANDING, LYING = (1080, 1920), (1920, 1080)


def picture(size: tuple[int, int], form: str, colour: str = "white") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


@dataclass
class Screen:
    """A terminal's screen that remembers where it was touched."""

    size: tuple[int, int] = STANDING
    seen: bool = True
    touches: list[tuple[int, int]] = field(default_factory=list)

    def shot(self) -> bytes:
        if not self.seen:
            message = "no such display"
            raise ScreenUnseenError(message)
        return picture(self.size, "JPEG")

    def touch(self, x: int, y: int) -> None:
        self.touches.append((x, y))


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def village() -> Iterator[Village]:
    made = Village(PROJECT / ".setup" / "faces", 1, use_helper_slot=False)
    yield made
    made.close()


@pytest.fixture
def bench(village: Village, screen: Screen) -> Iterator[PageServer]:
    server = PageServer(create_page(village, Mirror(screen.shot, screen.touch), "https://127.0.0.1:1/ops"), 0)
    yield server
    server.close()


@pytest.fixture(scope="module")
def started() -> Iterator[Chrome]:
    with browser(1280, 800) as made:
        yield made


@pytest.fixture
def driver(started: Chrome, bench: PageServer) -> Iterator[Chrome]:
    """The page is open, the screen shown, and nothing is loaded any more afterwards."""
    started.get(bench.url)
    assert until(lambda: natural(started.find_element(By.ID, "screen")) != (0, 0))
    complaints(started)
    yield started
    started.get("about:blank")


def button(driver: Chrome, what: str, value: str) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, f'form[action="/move/{what}"] button[value="{value}"]')


def is_pressed(driver: Chrome, what: str, value: str) -> bool:
    form = driver.find_element(By.CSS_SELECTOR, f'form[action="/move/{what}"]')
    held = [one.get_attribute("value") for one in form.find_elements(By.CSS_SELECTOR, "[aria-pressed=true]")]
    return held == [value]


def becomes_pressed(driver: Chrome, what: str, value: str) -> bool:
    return until(lambda: is_pressed(driver, what, value))


def natural(image: WebElement) -> tuple[object, object]:
    """The picture's own size in pixels, (0, 0) before it is there."""
    return image.get_property("naturalWidth"), image.get_property("naturalHeight")


def shows(driver: Chrome, words: str) -> bool:
    return until(lambda: words in driver.find_element(By.TAG_NAME, "body").text)


@pytest.mark.parametrize("size", [STANDING, LYING])
@pytest.mark.parametrize(("across", "down"), [(0.5, 0.5), (0.25, 0.8), (0.998, 0.998), (0.003, 0.003)])
def test_a_click_arrives_in_the_terminals_own_pixels(
    started: Chrome, bench: PageServer, screen: Screen, size: tuple[int, int], across: float, down: float
) -> None:
    screen.size = size
    started.get(bench.url)
    shown = started.find_element(By.ID, "screen")
    assert until(lambda: natural(shown) == size)
    width, height = shown.rect["width"], shown.rect["height"]
    assert width < size[0]  # it is shown smaller, so something has to be counted
    move = ActionChains(started).move_to_element_with_offset(
        shown, round((across - 0.5) * width), round((down - 0.5) * height)
    )
    move.click().perform()
    assert until(lambda: len(screen.touches) == 1)
    ((x, y),) = screen.touches
    step = size[0] / width  # the mouse moves in pixels of the browser
    assert abs(x - across * size[0]) <= 1.5 * step
    assert abs(y - down * size[1]) <= 1.5 * step
    assert (x < size[0], y < size[1]) == (True, True)
    started.get("about:blank")


def test_each_kind_of_move_really_moves_the_village_and_loads_no_page(
    driver: Chrome, village: Village
) -> None:
    driver.execute_script("window.sameness = 'kept'")
    street = village.camera._pixels
    for what, value in (("card", "zhou"), ("face", "zhou_today"), ("network", "down"), ("paper", "out")):
        button(driver, what, value).click()
        assert becomes_pressed(driver, what, value)
    card = village.reader._card
    assert card is not None
    assert card.document == PEOPLE["zhou"].document
    assert (village.camera._pixels != street).any()
    assert village.proxy.mode is Mode.DOWN
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", village.proxy.port))
    assert village.printer.state.paper_out
    button(driver, "card", "").click()
    assert becomes_pressed(driver, "card", "")
    assert village.reader._card is None
    assert driver.execute_script("return window.sameness") == "kept"


def test_what_others_move_is_shown_by_itself(driver: Chrome, village: Village) -> None:
    village.set("network", "slow")
    village.put_card("wu")
    assert becomes_pressed(driver, "network", "slow")
    assert becomes_pressed(driver, "card", "wu")


def test_a_new_slip_comes_by_itself_and_opens_larger(driver: Chrome, village: Village) -> None:
    assert "还没有" in driver.find_element(By.ID, "count").text
    village.printer.paper.receipts.append(Receipt(picture((576, 900), "PNG", "red"), 900))
    assert shows(driver, "第 1 张")
    village.printer.paper.receipts.append(Receipt(picture((576, 1200), "PNG"), 1200))
    assert shows(driver, "第 2 张")
    small = driver.find_element(By.CSS_SELECTOR, "#slip img")
    assert until(lambda: natural(small) == (576, 1200))
    driver.find_element(By.ID, "slip").click()
    large = driver.find_element(By.CSS_SELECTOR, "dialog img")
    assert until(lambda: large.rect["width"] == 576)
    assert large.rect["width"] > small.rect["width"]
    driver.find_element(By.CSS_SELECTOR, "dialog button").click()
    assert not driver.find_element(By.TAG_NAME, "dialog").is_displayed()


def test_a_refused_move_says_why_and_the_next_one_clears_it(
    driver: Chrome, village: Village, tmp_path: Path
) -> None:
    faces, village._faces = village._faces, tmp_path
    button(driver, "card", "qian").click()
    assert shows(driver, "缺少演示用的文件 biden.jpg")
    assert shows(driver, "The demo's file biden.jpg is missing")
    assert is_pressed(driver, "card", "")
    village._faces = faces
    button(driver, "card", "qian").click()
    assert becomes_pressed(driver, "card", "qian")
    assert until(lambda: not driver.find_element(By.ID, "message").is_displayed())


def test_a_lost_screen_is_said_and_comes_back(driver: Chrome, screen: Screen) -> None:
    blind = driver.find_element(By.ID, "blind")
    screen.seen = False
    assert until(blind.is_displayed)
    assert "看不到终端屏幕" in blind.text
    screen.seen = True
    assert until(lambda: not blind.is_displayed())


def test_a_bench_that_is_gone_is_said(driver: Chrome, bench: PageServer) -> None:
    bench.close()
    assert shows(driver, "试验台没有应答")


@pytest.mark.parametrize("size", [(1280, 800), (1600, 1000), (1024, 768)])
@pytest.mark.parametrize("panel", [STANDING, LYING])
def test_the_whole_screen_is_seen_without_scrolling_and_every_word_can_be_read(
    driver: Chrome, screen: Screen, size: tuple[int, int], panel: tuple[int, int]
) -> None:
    screen.size = panel
    resize(driver, *size)
    shown = driver.find_element(By.ID, "screen")
    assert until(lambda: natural(shown) == panel)
    box = shown.rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert box["y"] + box["height"] <= size[1]
    assert box["width"] / box["height"] == pytest.approx(panel[0] / panel[1], rel=0.01)
    page = driver.execute_script(
        "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]"
    )
    assert tuple(page) == size
    assert faint_texts(driver) == []
    assert complaints(driver) == []
    resize(driver, 1280, 800)


def test_without_scripts_everything_moves_too(
    bench: PageServer, village: Village, screen: Screen, tmp_path: Path
) -> None:
    with browser(1280, 2400, scripts=False) as plain:
        plain.get(bench.url)
        for what, value in (("card", "wu"), ("face", "stranger"), ("network", "down"), ("paper", "low")):
            go(plain, button(plain, what, value))
            assert is_pressed(plain, what, value)
        assert (village.card, village.sight, village.now["network"], village.now["paper"]) == (
            "wu", "stranger", "down", "low",
        )  # fmt: skip
        village._faces = tmp_path
        go(plain, button(plain, "card", "qian"))
        assert "缺少演示用的文件 biden.jpg" in plain.find_element(By.ID, "message").text
        assert is_pressed(plain, "card", "wu")
        go(plain, plain.find_element(By.PARTIAL_LINK_TEXT, "没有脚本时从这里触摸"))
        shown = plain.find_element(By.CSS_SELECTOR, "input[type=image]")
        ActionChains(plain).move_to_element_with_offset(shown, 100, -200).click().perform()
        assert until(lambda: len(screen.touches) == 1)
    ((x, y),) = screen.touches
    assert abs(x - (STANDING[0] // 2 + 100)) <= 1
    assert abs(y - (STANDING[1] // 2 - 200)) <= 1
