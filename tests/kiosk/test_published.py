"""What the centre published: judged before it counts, the former kept, and a cut anywhere leaves the former."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.catalogue.bundle import Bundle, SignedFile
from kiosk.clock import Clock
from kiosk.durable import write_durably
from kiosk.published import Published, Subject
from kiosk.settings import Settings
from kiosk.settings.from_afar import FROM_AFAR, over, problems_of
from offline_queue.inbox_wire import Reference
from offline_queue.publication_wire import digest_of
from tests.kiosk.catalogue.made import KEY, NOW, PENSION, REPORT, put, raw

CODE = raw(PENSION)["code"]
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "installed"
    folder.mkdir()
    put(folder, raw(PENSION), PENSION)
    return folder


@pytest.fixture
def open_it(tmp_path: Path) -> Callable[[], Published]:
    """Again is a restart."""
    clock = Clock(tmp_path / "clock.json", wall=lambda: NOW)
    return lambda: Published(tmp_path / "state", KEY.public_key(), clock, "")


@pytest.fixture
def published(open_it: Callable[[], Published]) -> Published:
    return open_it()


def signed(tmp_path: Path, document: dict[str, Any], key: Ed25519PrivateKey = KEY) -> SignedFile:
    folder = tmp_path / "publisher"
    folder.mkdir(exist_ok=True)
    return SignedFile.read(put(folder, document, "pension.json", key))


def bundle(tmp_path: Path, version: str = "1.1.0", key: Ed25519PrivateKey = KEY, **changes: Any) -> str:
    document = {**raw(PENSION), "definition_version": version, **changes}
    return Bundle(files=(signed(tmp_path, document, key),)).to_text()


def reference(content: str, number: object, subject: Subject = "definitions") -> Reference:
    sha256 = digest_of(content)
    return Reference(subject=subject, version=str(number), sha256=sha256, path=f"/v1/publications/{sha256}")


def give(published: Published, content: str, number: object, subject: Subject = "definitions") -> None:
    told = reference(content, number, subject)
    assert published.lacks(told)
    published.put(told, content)
    assert not published.lacks(told), "judged once"


def version(published: Published, installed: Path) -> str:
    (found,) = [one for one in published.load(installed).definitions if one.code == CODE]
    return found.definition_version


def test_a_good_one_counts_and_survives_a_restart(
    published: Published, open_it: Callable[[], Published], installed: Path, tmp_path: Path
) -> None:
    assert version(published, installed) == raw(PENSION)["definition_version"]
    assert not published.changed()
    give(published, bundle(tmp_path), 1)
    assert (published.changed(), published.changed()) == (True, False)
    assert version(published, installed) == "1.1.0"
    assert version(open_it(), installed) == "1.1.0"
    assert published.told() == ({"definitions": "1"}, {})


BAD: dict[str, tuple[Callable[[Path], str], str]] = {
    "by a stranger": (lambda path: bundle(path, key=STRANGER), "signature.other_publisher"),
    "a step is missing": (lambda path: bundle(path, flow=["notice", "submit", "result"]), "flow.missing"),
    "a fixture comes out otherwise": (
        lambda path: bundle(path, fixtures=[{"name": "x", "answers": {}, "expect": {"visible": ["no"]}}]),
        "fixture",
    ),
    "changed after signing": (lambda path: bundle(path).replace("1.1.0", "1.1.9"), "signature."),
    "no bundle": (lambda _: '{"files": 7}', "form"),
    "no JSON": (lambda _: "[" * 50_000, "form"),
    "a way out of the folder": (
        lambda path: bundle(path).replace("pension.json", "../../pension.json"),
        "form",
    ),
}


@pytest.mark.parametrize(("make", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_one_is_refused_the_former_stays_and_the_next_good_one_mends_it(
    make: Callable[[Path], str], reason: str, published: Published, installed: Path, tmp_path: Path
) -> None:
    give(published, bundle(tmp_path), 1)
    give(published, make(tmp_path), 2)
    assert version(published, installed) == "1.1.0"
    active, refused = published.told()
    assert active == {"definitions": "1"}
    assert refused["definitions"].startswith("2 ")
    assert reason in refused["definitions"]
    assert not (tmp_path / "state" / "published" / "definitions-2").exists()
    assert not (tmp_path / "state" / "pension.json").exists()
    # Going back: the former text under the next number.
    give(published, bundle(tmp_path), 3)
    assert published.told() == ({"definitions": "3"}, {})


@pytest.mark.parametrize("number", [1, 0, "zwei", "-1", "9" * 30])
def test_an_older_number_or_none_is_refused(
    number: object, published: Published, installed: Path, tmp_path: Path
) -> None:
    give(published, bundle(tmp_path, "1.2.0"), 2)
    give(published, bundle(tmp_path, "1.1.0"), number)
    assert version(published, installed) == "1.2.0"
    assert published.told()[0] == {"definitions": "2"}


class CutError(BaseException):
    """The program ends here."""


@pytest.mark.parametrize("cut_at", range(1, 6))
def test_a_cut_at_any_write_leaves_the_former_and_the_same_is_taken_later(
    cut_at: int,
    open_it: Callable[[], Published],
    installed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(open_it(), bundle(tmp_path, "1.1.0"), 1)
    content, writes = bundle(tmp_path, "1.2.0"), 0
    genuine = write_durably

    def cut(path: Path, content: bytes, mode: int = 0o644) -> None:
        nonlocal writes
        writes += 1
        if writes == cut_at:
            raise CutError
        genuine(path, content, mode)

    monkeypatch.setattr("kiosk.published.write_durably", cut)
    monkeypatch.setattr("kiosk.catalogue.bundle.write_durably", cut)
    try:
        open_it().put(reference(content, 2), content)
        was_cut = False
    except CutError:
        was_cut = True
    assert was_cut is (cut_at <= 3), "definition, signature, active.json"
    monkeypatch.undo()
    again = open_it()
    if was_cut:
        assert version(again, installed) == "1.1.0"
        give(again, content, 2)
    assert version(again, installed) == "1.2.0"


@pytest.mark.parametrize("damage", ["emptied", "changed", "gone", "folder gone"])
def test_what_is_damaged_on_the_disk_falls_back_to_the_former(
    damage: str, published: Published, installed: Path, tmp_path: Path
) -> None:
    give(published, bundle(tmp_path, "1.1.0"), 1)
    give(published, bundle(tmp_path, "1.2.0"), 2)
    file = tmp_path / "state" / "published" / "definitions-2" / "pension.json"
    match damage:
        case "emptied":
            file.write_bytes(b"")
        case "changed":
            file.write_text(file.read_text("utf-8").replace("1.2.0", "1.3.0"), "utf-8")
        case "gone":
            file.unlink()
        case _:
            file.parent.rename(file.parent.with_name("elsewhere"))
    assert version(published, installed) == "1.1.0"


def test_only_the_last_two_stay_on_the_disk(published: Published, tmp_path: Path) -> None:
    for number in (1, 2, 3, 4):
        give(published, bundle(tmp_path, f"1.{number}.0"), number)
    kept = {path.name for path in (tmp_path / "state" / "published").iterdir()}
    assert kept == {"active.json", "definitions-3", "definitions-4"}


def test_a_list_that_cannot_be_read_is_as_if_nothing_was_published(
    published: Published, open_it: Callable[[], Published], installed: Path, tmp_path: Path
) -> None:
    content = bundle(tmp_path)
    give(published, content, 1)
    (tmp_path / "state" / "published" / "active.json").write_bytes(b'{"active": 7')
    again = open_it()
    assert version(again, installed) == raw(PENSION)["definition_version"]
    give(again, content, 1)
    assert version(again, installed) == "1.1.0"


def test_a_new_service_is_offered_beside_the_installed_ones(
    published: Published, installed: Path, tmp_path: Path
) -> None:
    give(published, Bundle(files=(signed(tmp_path, raw(REPORT)),)).to_text(), 1)
    assert {one.code for one in published.load(installed).definitions} == {CODE, raw(REPORT)["code"]}


# Configuration


def configuration(**values: str) -> str:
    settings = {name.replace("__", "."): value for name, value in values.items()}
    return json.dumps({"schema": "jiujin.configuration/1", "settings": settings})


def test_a_configuration_counts_over_the_files_and_is_kept(
    published: Published, open_it: Callable[[], Published]
) -> None:
    give(
        published, configuration(screen__idle_warn_s="90", terminal__hotline="010-12345"), 1, "configuration"
    )
    now = over(Settings(), open_it().settings())
    assert (now.screen.idle_warn_s, now.terminal.hotline) == (90, "010-12345")
    assert now.screen.idle_countdown_s == Settings().screen.idle_countdown_s
    assert published.told()[0] == {"configuration": "1"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (configuration(terminal__number="0777"), "terminal.number"),
        (configuration(trust__publisher_key="x.pub"), "trust.publisher_key"),
        (configuration(screen__idle_warn_s="0"), "screen.idle_warn_s"),
        (configuration(screen__idle_warn_s="ninety"), "screen.idle_warn_s"),
        (configuration(terminal__hotline=""), "terminal.hotline"),
        ('{"schema": "jiujin.configuration/2", "settings": {}}', "form"),
        ('{"schema": "jiujin.configuration/1", "settings": {"screen.idle_warn_s": 90}}', "form"),
        ("[" * 50_000, "form"),
    ],
)
def test_a_bad_configuration_is_refused_and_the_former_stays(
    content: str, reason: str, published: Published
) -> None:
    good = configuration(screen__idle_warn_s="90")
    give(published, good, 1, "configuration")
    give(published, content, 2, "configuration")
    assert published.settings() == {"screen.idle_warn_s": "90"}
    assert reason in published.told()[1]["configuration"]


def test_a_configuration_that_is_damaged_on_the_disk_falls_back_to_the_former(
    published: Published, tmp_path: Path
) -> None:
    for number, seconds in ((1, "90"), (2, "80")):
        give(published, configuration(screen__idle_warn_s=seconds), number, "configuration")
    file = tmp_path / "state" / "published" / "configuration-2.json"
    file.write_bytes(b"")
    assert published.settings() == {"screen.idle_warn_s": "90"}


def test_each_key_of_the_short_list_is_a_key_of_kiosk_ini() -> None:
    for name in FROM_AFAR:
        section, key = name.split(".")
        value = str(getattr(getattr(Settings(), section), key))
        assert problems_of({name: value}) == ()
        assert getattr(getattr(over(Settings(), {name: value}), section), key) == getattr(
            getattr(Settings(), section), key
        )
