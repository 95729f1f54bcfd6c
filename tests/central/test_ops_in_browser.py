"""The operations pages as a browser shows them: what stands there, what runs (nothing), what can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from kiosk.case import format_case_code
from kiosk.health import CAUSES
from tests.browser import browser, complaints, faint_texts, go, resize
from tests.central.conftest import make_trust
from tests.central.county import DEGRADED, FINE, HOSTILE, NEW, REPORT, SILENT, STOPPED, County, county
from tests.central.station import NUMBER, Station, case_payload

NAME = "<img src=y onerror=alert(2)><script>document.title=2</script>"
SERVICE = "<script>alert(10)</script>"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    trust: Path = make_trust(tmp_path_factory.mktemp("trust"))
    with county(tmp_path_factory.mktemp("centre"), trust, {HOSTILE: NAME}) as made:
        station = Station(made.url, trust, HOSTILE)
        body = {"state": "degraded", "causes": ["<svg/onload=alert(3)>"], "site": "<script>alert(4)</script>"}
        assert station.beat(body).status_code == 200
        item = station.item(service=SERVICE)
        payload = case_payload(item.lane, service=SERVICE)
        station.sequence, station.head_hash = 0, "0" * 64
        station.send(station.item(code=item.lane, service=SERVICE, payload=payload))
        station.close()
        yield made


@pytest.fixture(scope="module")
def driver(centre: County) -> Iterator[Chrome]:  # noqa: ARG001 # the browser ends before the centre
    with browser(1440, 900) as started:
        yield started


@pytest.fixture(scope="module")
def plain_driver(centre: County) -> Iterator[Chrome]:  # noqa: ARG001 # as above
    with browser(1440, 900, scripts=False) as started:
        yield started


def paths(centre: County) -> list[str]:
    return [
        "/ops", "/ops?state=unknown", f"/ops/terminals/{DEGRADED}", f"/ops/terminals/{SILENT}",
        f"/ops/terminals/{HOSTILE}", "/ops/cases", "/ops/cases?code=%3Cscript%3Ealert(9)%3C/script%3E",
        f"/ops/cases/{centre.codes[0]}", "/ops/refused", "/ops/untold", "/ops/person",
    ]  # fmt: skip


def row(driver: Chrome, beginning: str) -> WebElement:
    """The only row of the page that begins so."""
    rows = driver.find_elements(By.CSS_SELECTOR, "tbody tr")
    (found,) = [one for one in rows if one.text.startswith(beginning)]
    return found


def text_of(driver: Chrome, selector: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, selector).text


def test_each_terminal_shows_its_state_its_causes_and_how_long_its_cases_wait(
    driver: Chrome, centre: County
) -> None:
    driver.get(f"{centre.url}/ops")
    degraded = row(driver, DEGRADED).text
    for code in ("printer.paper_out", "camera.dark"):
        assert CAUSES[code].technician["zh"] in degraded
        assert CAUSES[code].technician["en"] in degraded
    assert "部分可用" in degraded
    assert "1 天" in degraded  # the oldest case has been waiting for 26 hours
    assert "记录链有缺号" in degraded
    assert "停用" in row(driver, STOPPED).text
    assert "正常" in row(driver, FINE).text
    order = [one.text[:4] for one in driver.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert order.index(STOPPED) < order.index(SILENT) < order.index(DEGRADED) < order.index(FINE)


def test_a_silent_terminal_and_an_untold_number_look_unknown(driver: Chrome, centre: County) -> None:
    driver.get(f"{centre.url}/ops")
    silent, new = row(driver, SILENT), row(driver, NEW)
    assert "情况不明" in silent.text
    assert "5 小时" in silent.text
    assert "正常" not in silent.text
    assert "最早的一次在 5 小时前" in text_of(driver, ".asof")
    assert [one.text for one in new.find_elements(By.CSS_SELECTOR, "td.figure")] == ["?", "?"]
    go(driver, driver.find_element(By.CSS_SELECTOR, "a.tile.unknown"))
    assert [one.text[:4] for one in driver.find_elements(By.CSS_SELECTOR, "tbody tr")] == [SILENT]
    go(driver, driver.find_element(By.CSS_SELECTOR, "tbody a"))
    assert "5 小时前" in text_of(driver, ".asof")
    assert "5 h ago" in text_of(driver, ".asof")
    services = driver.find_element(By.CSS_SELECTOR, "table[aria-labelledby=services]").text
    assert services.count("不明") == 2
    assert "可以" not in services


@pytest.mark.parametrize("scripts", [True, False])
def test_cases_are_counted_filtered_and_followed(
    request: pytest.FixtureRequest, centre: County, *, scripts: bool
) -> None:
    driver: Chrome = request.getfixturevalue("driver" if scripts else "plain_driver")
    driver.get(f"{centre.url}/ops/cases")
    tiles = [one.text.split() for one in driver.find_elements(By.CSS_SELECTOR, ".tile")]
    assert [one[:2] for one in tiles] == [["10", "中心收到的办件"], ["9", "中心已登记"], ["1", "已撤回"]]
    strip = text_of(driver, ".strip").split("\n")
    assert strip[strip.index("中心退回") - 1] == "2"
    assert strip[strip.index("缺号") - 1] == "1"
    assert strip[strip.index("已收件，在路上") - 1] == "8"
    codes = [one.text for one in driver.find_elements(By.CSS_SELECTOR, "tbody th")]
    assert {format_case_code(code) for code in centre.codes} < set(codes)
    Select(driver.find_element(By.NAME, "service")).select_by_value(REPORT)
    go(driver, driver.find_element(By.CSS_SELECTOR, "form button"))
    assert len(driver.find_elements(By.CSS_SELECTOR, "tbody tr")) == 4
    driver.find_element(By.NAME, "code").send_keys(format_case_code(centre.codes[0]).lower())
    go(driver, driver.find_element(By.CSS_SELECTOR, "form button"))
    assert text_of(driver, "h1") == format_case_code(centre.codes[0])
    trail = text_of(driver, "table[aria-labelledby=trail]")
    assert trail.index("中心已登记") < trail.index("已按申请撤回")


def test_without_javascript_every_page_is_there(plain_driver: Chrome, centre: County) -> None:
    plain_driver.get("data:text/html,<title>no</title><script>document.title='ran'</script>")
    assert plain_driver.title == "no"  # else this browser would prove nothing
    plain_driver.get(f"{centre.url}/ops")
    for words, heading in (("办件", "办件"), ("退回", "中心没有收下的"), ("终端", "终端")):
        go(plain_driver, plain_driver.find_element(By.PARTIAL_LINK_TEXT, words))
        assert text_of(plain_driver, "h1").startswith(heading)
    go(plain_driver, plain_driver.find_element(By.PARTIAL_LINK_TEXT, DEGRADED))
    assert CAUSES["printer.paper_out"].action["zh"] in text_of(plain_driver, "main")


def test_markup_from_outside_is_read_and_never_run(driver: Chrome, centre: County) -> None:
    driver.get(f"{centre.url}/ops/terminals/{HOSTILE}")
    for text in (NAME, "<svg/onload=alert(3)>", "<script>alert(4)</script>"):
        assert text in text_of(driver, "main")
    assert driver.title.startswith(f"终端 {HOSTILE} {NAME}")
    driver.get(f"{centre.url}/ops/cases")
    assert SERVICE in text_of(driver, "tbody")
    for path in paths(centre):
        driver.get(centre.url + path)  # an alert would end the test with an error of its own
        assert not driver.find_elements(By.CSS_SELECTOR, "script, svg, img, [onerror], [onload], [style]"), (
            path
        )


def test_the_browser_has_nothing_to_complain_of(driver: Chrome, centre: County) -> None:
    driver.get(f"{centre.url}/ops")
    complaints(driver)
    driver.execute_script(
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    assert "Content Security Policy" in complaints(driver)[0]  # what is looked for can be seen
    for path in paths(centre):
        driver.get(centre.url + path)
        assert complaints(driver) == [], path


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_everything_can_be_read_without_scrolling_sideways(
    driver: Chrome, centre: County, width: int
) -> None:
    resize(driver, width, 844)
    try:
        for path in paths(centre):
            driver.get(centre.url + path)
            assert faint_texts(driver) == [], path
            assert driver.execute_script("return document.documentElement.scrollWidth") == width, path
        driver.execute_script("document.querySelector('h1').className = 'faint'; "
                              "document.styleSheets[0].insertRule('.faint { color: #999 }')")  # fmt: skip
        assert len(faint_texts(driver)) == 1
    finally:
        resize(driver, 1440, 900)


def test_tables_have_headers_and_a_keyboard_sees_where_it_is(driver: Chrome, centre: County) -> None:
    for path in paths(centre):
        driver.get(centre.url + path)
        assert len(driver.find_elements(By.TAG_NAME, "h1")) == 1, path
        assert not driver.find_elements(By.CSS_SELECTOR, "th:not([scope])"), path
        assert not driver.find_elements(By.CSS_SELECTOR, "tbody tr:not(:has(> th[scope=row]))"), path
        assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "zh-CN"
    driver.get(f"{centre.url}/ops")
    body = driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    first = driver.switch_to.active_element
    assert first.text.startswith("跳到内容")
    assert first.rect["x"] >= 0
    first.send_keys(Keys.TAB)
    assert driver.switch_to.active_element.value_of_css_property("outline-style") == "solid"


def test_a_clerk_finds_a_person_and_the_number_stands_nowhere_afterwards(
    driver: Chrome, centre: County
) -> None:
    driver.get(f"{centre.url}/ops/cases")
    go(driver, driver.find_element(By.PARTIAL_LINK_TEXT, "按人查找"))
    for name, typed in (("number", NUMBER), ("by", "clerk 12"), ("why", "来窗口问，看过身份证")):
        assert driver.find_element(By.NAME, name).get_attribute("autocomplete") == "off"
        driver.find_element(By.NAME, name).send_keys(typed)
    go(driver, driver.find_element(By.CSS_SELECTOR, "form button"))
    assert driver.current_url == f"{centre.url}/ops/person"
    found = [
        one.text for one in driver.find_elements(By.CSS_SELECTOR, "table[aria-labelledby=found] th.code")
    ]
    assert format_case_code(centre.codes[0]) in found
    assert NUMBER not in driver.page_source
    assert faint_texts(driver) == []
    go(driver, driver.find_element(By.CSS_SELECTOR, "table[aria-labelledby=found] a"))
    assert "工作人员在窗口按人查找办件" in text_of(driver, "table[aria-labelledby=trail]")
