"""What the centre publishes, at a whole terminal: it counts from the next visit on and never in the middle of one."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.bench.centre import Centre
from kiosk.catalogue.bundle import Bundle, SignedFile
from kiosk.journey import events as ev
from kiosk.journey.view import Tone
from kiosk.journey.world import World
from kiosk.published import Published
from offline_queue.inbox_wire import Reference
from offline_queue.publication_wire import digest_of
from tests.drivers.waiting import wait_until
from tests.kiosk.catalogue.made import SHIPPED, put
from tests.kiosk.terminal.hall import NO_CAMERA, PROJECT, TRUST, Hall, hall
from tests.kiosk.terminal.test_third_definition import THIRD, third


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    shutil.copytree(SHIPPED, tmp_path / "definitions")
    settings = {**NO_CAMERA, ("catalogue", "directory"): str(tmp_path / "definitions")}
    with hall(tmp_path, settings=settings) as made:
        yield made


def publish(running: Hall, subject: str, content: str, version: str = "1") -> None:
    """As the sender does with what it fetched."""
    shelf = running.terminal.sender._collector.shelf
    assert isinstance(shelf, Published)
    told = {
        "subject": subject,
        "version": version,
        "sha256": digest_of(content),
        "path": "/v1/publications/x",
    }
    shelf.put(Reference.model_validate(told), content)


def an_event_passes(running: Hall) -> None:
    """The journey has dealt with one more event than were waiting when this was called."""
    journey, made = running.terminal.journey, 0
    world = journey._world

    def counted() -> World:
        nonlocal made
        made += 1  # when the second one is begun the first is done
        return world()

    journey._world = counted
    for _ in range(2):
        journey.send(ev.Refresh())
    assert wait_until(lambda: made >= 2)


def offered(running: Hall) -> list[str]:
    return [one.code for one in running.terminal.surroundings.world().services]


def test_a_published_definition_waits_for_the_end_of_the_visit(running: Hall, tmp_path: Path) -> None:
    file = put(tmp_path, third(), "third.json", keys.private_key(TRUST / "publisher.key"))
    running.press("begin")
    publish(running, "definitions", Bundle(files=(SignedFile.read(file),)).to_text())
    an_event_passes(running)
    assert running.terminal.surroundings.heartbeat()["published"] == {"definitions": "1"}
    assert THIRD not in offered(running), "not amid a visit"
    running.press("cancel")
    running.play(wait_state="attract")
    assert wait_until(lambda: THIRD in offered(running))


def test_on_the_first_screen_it_counts_at_once_and_a_bad_one_is_told(running: Hall, tmp_path: Path) -> None:
    file = put(tmp_path, third(), "third.json", keys.private_key(TRUST / "publisher.key"))
    good = Bundle(files=(SignedFile.read(file),)).to_text()
    publish(running, "definitions", good)
    assert wait_until(lambda: THIRD in offered(running))
    publish(running, "definitions", good.replace("umbrella", "umbrellas"), "2")
    body = running.terminal.surroundings.heartbeat()
    assert body["published"] == {"definitions": "1"}
    assert body["not_taken"]["definitions"].startswith("2 third.json: signature")
    assert "def.invalid" in body["causes"]
    assert THIRD in offered(running)


def test_a_published_configuration_changes_the_words_and_the_patience_between_visits(running: Hall) -> None:
    world = running.terminal.surroundings.world
    before = world().place.hotline
    values = {"terminal.hotline": "010-55512345", "screen.idle_warn_s": "123"}
    content = json.dumps({"schema": "jiujin.configuration/1", "settings": values})
    running.press("begin")
    publish(running, "configuration", content)
    an_event_passes(running)
    assert world().place.hotline == before, "not amid a visit"
    running.press("cancel")
    running.play(wait_state="attract")
    assert wait_until(lambda: world().place.hotline == "010-55512345")
    assert running.terminal.journey._idle.warn_s == 123


def test_from_the_centres_command_to_the_residents_screen_and_back(tmp_path: Path) -> None:
    """A real centre in its own process, its staff's commands, the terminal's own sender."""
    shutil.copytree(SHIPPED, tmp_path / "definitions")
    database = f"sqlite:///{tmp_path / 'centre.sqlite'}"
    file = put(tmp_path, third(), "third.json", keys.private_key(TRUST / "publisher.key"))

    def desk(*words: str) -> dict[str, Any]:
        command = [sys.executable, str(PROJECT / "main.py"), "central", "--database", database, *words]
        done = subprocess.run([*command, "--json"], cwd=PROJECT, capture_output=True, check=False)
        said: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode == 0) is said["ok"], done.stderr
        return said

    def taken() -> bool:
        (newest,) = desk("publications")["publications"]
        return bool(newest["taken"] == 1)

    with contextlib.closing(
        Centre(PROJECT, tmp_path / "centre.sqlite", TRUST, tmp_path / "centre.log")
    ) as centre:
        settings = {**NO_CAMERA, ("catalogue", "directory"): str(tmp_path / "definitions")}
        with hall(tmp_path, centre_port=centre.port, settings=settings) as running:
            running.wait(lambda view: view.top.link_tone is Tone.FINE, "the centre")
            assert THIRD not in offered(running)
            assert desk("publish-definition", str(file), "--by", "ops-1")["told"] == ["0142"]
            assert wait_until(lambda: THIRD in offered(running), 60)
            assert wait_until(taken, 60)
            assert desk("spread", "definitions", "--by", "ops-1")["version"] == 1
            assert desk("roll-back", "definitions", "--by", "ops-1")["version"] == 2
            assert wait_until(lambda: THIRD not in offered(running), 60)
