"""X03: markup in a terminal's name, its heartbeat or a resident's text is shown literally and runs nowhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.conftest import add_terminal, make_trust
from tests.central.station import Station, case_payload, centre

NAME = "<img src=y onerror=alert(2)>"
HEARTBEAT = {
    "schema": "jiujin.health/1",
    "state": "degraded",
    "causes": ["<svg/onload=alert(3)>"],
    "services": {"<b>x</b>": {"ready": False, "causes": ["javascript:alert(4)"]}},
    "queue": {"pending": 1, "quarantined": 0, "oldest_at": None},
    "device_name": NAME,
    "site": '"><script>alert(6)</script>',
    "version": "1.0'--",
    "last_error": "测试</td><svg/onload=alert(7)>",
    "ip": "javascript:alert(8)",
    "note": "{{6*7}} ${6*7} <%= 6*7 %>",
}
PATHS = (
    "/ops", "/ops?state=%3Cscript%3Ealert(9)%3C/script%3E", "/ops/terminals/0666", "/ops/cases", "/ops/refused",
    "/ops/cases?state=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&service=%3Csvg/onload=alert(1)%3E",
    "/ops/cases?terminal=%22onload=alert(1)&code=%3Cscript%3Ealert(1)%3C/script%3E",
    "/ops/export/terminals.csv", "/ops/export/cases.csv", "/ops/export/refused.csv", "/metrics",
)  # fmt: skip


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    trust: Path = make_trust(tmp_path_factory.mktemp("trust"))
    add_terminal(trust, "0666", NAME)
    with centre(tmp_path_factory.mktemp("centre"), trust) as running:
        made = Station(running.url, trust, "0666")
        assert made.beat(HEARTBEAT).status_code == 200
        code = made.item().lane
        made.sequence, made.head_hash = 0, "0" * 64
        made.send(
            made.item(code=code, payload=case_payload(code, "<b>甲</b>", '<a href="javascript:1">x</a>'))
        )
        made.send(made.item(service="<script>alert(10)</script>"))  # refused, and listed as such
        yield made
        made.close()


def tags(page: str) -> list[str]:
    return re.findall(r"<[^>]*>", page)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_runs(station: Station, path: str) -> None:
    response = station.client.get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    if response.headers["content-type"].startswith("text/html"):
        assert tags(response.text)
        for tag in tags(response.text):
            assert not tag.startswith(("<script", "<svg", "<b>x", "<img src=y"))
            assert not re.search(r"\son\w+\s*=", tag.split('"')[0])
            assert 'href="javascript' not in tag
        assert "style=" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_the_text_is_shown_literally(station: Station) -> None:
    page = station.page("/ops/terminals/0666")
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert html.escape(NAME) in title
    shown = html.unescape(re.sub(r"<[^>]*>", "", page))
    for text in (NAME, HEARTBEAT["site"], HEARTBEAT["last_error"], HEARTBEAT["note"]):
        assert str(text) in shown
    assert "42" not in shown.replace("0142", "").partition("note")[2][:40]


def test_a_residents_text_is_on_no_page_at_all(station: Station) -> None:
    code = re.findall(r"/ops/cases/(\w{16})", station.page("/ops/cases"))[0]
    for path in (*PATHS, f"/ops/cases/{code}", f"/v1/cases/{code}"):
        text = station.client.get(path).text
        assert "甲" not in text
        assert "javascript:1" not in text


def test_the_interfaces_answer_json_that_no_browser_sniffs(station: Station) -> None:
    response = station.client.get("/v1/cases/<script>")
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.text)["code"] == "case.unknown"
