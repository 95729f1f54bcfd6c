"""The public page: a code in, where the case stands out; nothing personal, nothing kept, nothing in an address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from central.progress.words import MEANINGS
from kiosk.case import TERMINAL_MAY_REACH, CaseState, format_case_code, new_case_code
from offline_queue.wire import Kind
from tests.browser import browser, complaints, faint_texts, go
from tests.central.conftest import make_trust
from tests.central.county import County, county
from tests.central.station import NAME, NUMBER, Station


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    trust: Path = make_trust(tmp_path_factory.mktemp("trust"))
    with county(tmp_path_factory.mktemp("centre"), trust) as made:
        yield made


@pytest.fixture(scope="module")
def driver(centre: County) -> Iterator[Chrome]:  # noqa: ARG001 # the browser ends before the centre
    with browser(412, 900, scripts=False) as started:
        yield started


def ask(driver: Chrome, centre: County, typed: str) -> str:
    driver.get(f"{centre.url}/case")
    driver.find_element(By.NAME, "code").send_keys(typed)
    go(driver, driver.find_element(By.TAG_NAME, "button"))
    return driver.find_element(By.CSS_SELECTOR, ".answer").text


def test_a_case_is_found_by_its_code_as_people_type_it(driver: Chrome, centre: County) -> None:
    withdrawn, registered = centre.codes[0], centre.codes[1]
    for typed in (registered, format_case_code(registered).lower(), registered[:4] + "-" + registered[4:]):
        told = ask(driver, centre, typed)
        assert told.startswith("中心已登记")
        assert format_case_code(registered) in told
        assert registered not in driver.current_url
    assert ask(driver, centre, withdrawn).startswith("已撤回")


def test_the_page_shows_the_words_for_the_resident(station: Station) -> None:
    item = station.item()
    station.send(item, station.item(Kind.WITHDRAWAL, item.lane))
    page = station.client.post("/case", data={"code": item.lane}).text
    assert page.index("已按您的申请撤回") < page.index("Withdrawn as you asked")


def test_a_code_that_is_not_here_and_one_that_is_none_are_told_apart(driver: Chrome, centre: County) -> None:
    assert "回执有效" in ask(driver, centre, new_case_code("0142"))
    wrong = centre.codes[1][:-1] + ("A" if centre.codes[1][-1] != "A" else "B")
    assert "编号有16位" in ask(driver, centre, wrong)


def test_nothing_typed_is_run_and_nothing_personal_is_shown(driver: Chrome, centre: County) -> None:
    ask(driver, centre, '<script>x</script>"><b>')
    assert driver.find_element(By.NAME, "code").get_attribute("value") == '<script>x</script>"><b>'
    ask(driver, centre, centre.codes[1])
    assert NAME not in driver.page_source
    assert NUMBER not in driver.page_source
    assert faint_texts(driver) == []
    assert complaints(driver) == []
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 412


def test_every_state_that_a_case_has_at_the_centre_has_words() -> None:
    at_the_centre = set(CaseState) - (TERMINAL_MAY_REACH - {CaseState.SYNCED, CaseState.WITHDRAWN})
    assert set(MEANINGS) == at_the_centre
    assert all(all(meaning.title) and all(meaning.now) for meaning in MEANINGS.values())


def test_a_body_without_end_is_refused_in_words(station: Station) -> None:
    answer = station.client.post("/case", content=b"code=" + b"A" * 5000)
    assert answer.status_code == 413
    assert "编号有16位" in answer.text
    assert answer.headers["cache-control"] == "no-store"
