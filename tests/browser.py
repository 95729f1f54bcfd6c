"""A real browser for the web pages: Debian's chromium, without a window, on a profile of its own.

It ends with its `with` block, whatever happened inside, and with every process that it started.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

BROWSER, DRIVER = "chromium", "chromedriver"
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-breakpad", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
"""Nothing leaves the machine by itself, and a small /dev/shm (containers) does not kill a page."""
END_S, PATIENCE_S = 10.0, 30.0
BLOCKED = 2
"""Chromium's content setting: 1 allows, 2 blocks."""


class BrowserMissingError(Exception):
    """There is no browser on this machine."""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        message = (
            f"{name} is not on the PATH: run deploy/setup.sh (on Ubuntu: install a chromium with its driver)"
        )
        raise BrowserMissingError(message)
    return found


@contextmanager
def browser(width: int = 1280, height: int = 800, *, scripts: bool = True) -> Iterator[Chrome]:
    """A browser whose page is `width` x `height` CSS pixels; `scripts` off is a browser without JavaScript.

    The demo centre's certificate is signed by an authority that no browser knows, so it is let pass.
    Raises BrowserMissingError.
    """
    options = ChromeOptions()
    options.binary_location = _program(BROWSER)
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": BLOCKED}
        )
    with tempfile.TemporaryDirectory(prefix="browser") as profile:
        for switch in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        # The path is given, so that selenium never looks for a driver elsewhere.
        service = Service(_program(DRIVER))
        driver = Chrome(options, service)
        started = _tree(service.process.pid)
        try:
            resize(driver, width, height)
            yield driver
        finally:
            # A browser whose driver died is nobody's child, and has more of its own than at the start.
            started += [
                one for parent in (service.process.pid, *(p.pid for p in started)) for one in _tree(parent)
            ]
            could_ask = service.process.poll() is None  # a dead driver asks no browser to end
            with suppress(WebDriverException):  # a browser that died is ended all the same, below
                driver.quit()
            _end(started, END_S if could_ask else 0.0)


def resize(driver: Chrome, width: int, height: int) -> None:
    """The page's own size, without window borders; below 500 pixels a window could not be made so narrow."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def picture(driver: Chrome, *, whole_page: bool = False) -> bytes:
    """What the page looks like, as PNG; `whole_page` goes beyond the lower edge."""
    shot = driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole_page}
    )
    return base64.b64decode(shot["data"])


def go(driver: Chrome, element: WebElement) -> None:
    """Click on what leads to a page, and wait until the old page is gone and the new one there."""
    element.click()
    WebDriverWait(driver, PATIENCE_S).until(lambda _driver: _is_gone(element))
    WebDriverWait(driver, PATIENCE_S).until(
        lambda shown: shown.execute_script("return document.readyState") == "complete"
    )


def _is_gone(element: WebElement) -> bool:
    """Whether its page has been left."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        # Asked while one page gives way to the next, the driver has no better name for it.
        if "does not belong to the document" in (error.msg or ""):
            return True
        raise
    return False


def complaints(driver: Chrome) -> list[str]:
    """What the browser found wrong since the last call: scripts refused, things not found, errors."""
    lines: list[dict[str, str]] = driver.get_log("browser")  # type: ignore[no-untyped-call] # selenium has no type here
    # Its own first page complains of a slow machine.
    ours = [line for line in lines if not line["message"].startswith("chrome://")]
    return [f"{line['level']}: {line['message']}" for line in ours]


def _tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return []


def _end(processes: list[psutil.Process], patience_s: float) -> None:
    """Wait for those that were asked to end, kill the others; only what was started here."""
    _, alive = psutil.wait_procs(set(processes), timeout=patience_s)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=END_S)


def write_picture(driver: Chrome, file: Path, *, whole_page: bool = False) -> None:
    """`picture`, into a file whose folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture(driver, whole_page=whole_page))


_FAINT_TEXTS = """
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => {
    const share = one / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const clear = (colour) => colour === "transparent" || /, 0\\)$/.test(colour);
const ground = (element) => {
  while (element && clear(getComputedStyle(element).backgroundColor)) element = element.parentElement;
  return element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
};
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), holder = walker.currentNode.parentElement;
  if (!text || !holder.getClientRects().length) continue;
  const style = getComputedStyle(holder);
  const [dark, light] = [luminance(style.color), luminance(ground(holder))].sort((a, b) => a - b);
  const ratio = (light + 0.05) / (dark + 0.05);
  if (ratio < arguments[0]) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
}
return faint;
"""
CONTRAST_AA = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of any size."""


def faint_texts(driver: Chrome) -> list[str]:
    """The visible texts of the page whose contrast with their ground is below `CONTRAST_AA`."""
    found: list[str] = driver.execute_script(_FAINT_TEXTS, CONTRAST_AA)
    return found
