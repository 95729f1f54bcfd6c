from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import settings as settings_package
from kiosk.settings import NotConfiguredError, check, load, load_text
from kiosk.settings.ini import parse
from kiosk.settings.model import Section, Settings

SHIPPED = Path(settings_package.__file__).parents[2] / "kiosk.ini"
NUMBER = "[terminal]\nnumber = 0142\n"


def sections() -> dict[str, type[Section]]:
    found: dict[str, type[Section]] = {}
    for name, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        found[name] = field.annotation
    return found


def test_the_shipped_file_is_right_and_leaves_no_key_out() -> None:
    assert check(SHIPPED) == ()
    entries, _ = parse(SHIPPED.read_text("utf-8"), "kiosk.ini")
    written = {(entry.section, entry.key) for entry in entries}
    assert written == {(name, key) for name, kind in sections().items() for key in kind.model_fields}


def test_the_shipped_file_says_the_defaults() -> None:
    settings, _ = load_text(SHIPPED.read_text("utf-8"), "kiosk.ini", SHIPPED.parent)
    bare, _ = load_text(NUMBER, "kiosk.ini", SHIPPED.parent)
    assert settings == bare


def test_every_key_is_explained_in_both_languages() -> None:
    lines = SHIPPED.read_text("utf-8").splitlines()
    explained = ""
    for line in lines:
        if line.startswith("#"):
            explained = line
        elif not line or line.startswith("["):
            explained = ""
        else:
            assert any("\u4e00" <= c <= "\u9fff" for c in explained), line
            assert any(c.isascii() and c.isalpha() for c in explained), line


def test_relative_paths_are_relative_to_the_files_folder(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "kiosk.ini"
    file.parent.mkdir()
    file.write_text(NUMBER + "[face]\nmodels = m\ncalibration = /opt/c.json\n", "utf-8")
    face = load(file, tmp_path / "kept.ini").settings.face
    assert face.models == tmp_path / "etc" / "m"
    assert face.calibration == Path("/opt/c.json")
    file.write_text("broken", "utf-8")
    again = load(file, tmp_path / "kept.ini")
    assert again.used_last_good
    assert again.settings.face.models == tmp_path / "etc" / "m"


WRONG = [
    ("[screen]\nidle_warn_s = 0", "screen.idle_warn_s"),
    ("[screen]\nidle_countdown_s = 5", "screen.idle_countdown_s"),
    ("[screen]\nidle_warn_s =", "screen.idle_warn_s"),
    ("[screen]\nwidth_px = １０８０.5", "screen.width_px"),
    ("[card_reader]\nkind = usb", "card_reader.kind"),
    ("[card_reader]\nbaud_rate = 1200", "card_reader.baud_rate"),
    ("[card_reader]\nport = usb:400:C35A", "card_reader.port"),
    ("[card_reader]\nport = ttyUSB0", "card_reader.port"),
    ("[card_reader]\nphoto_decoder = decode 'left open", "card_reader.photo_decoder"),
    ("[speech]\ncommand = espeak-ng \\", "speech.command"),
    ("[token]\nmodule = vendor.so", "token.module"),
    ("[code_reader]\ncamera = /dev/video0", "code_reader.camera"),
    ("[camera]\nrotation_degrees = 45", "camera.rotation_degrees"),
    ("[camera]\nsize = 640", "camera.size"),
    ("[receipt_printer]\naddress = 10.0.0.5", "receipt_printer.address"),
    ("[receipt_printer]\nwidth_dots = 0", "receipt_printer.width_dots"),
    ("[document_printer]\nqueue = two words", "document_printer.queue"),
    ("[document_printer]\nserver = cups", "document_printer.server"),
    ("[centre]\nurl = http://centre.example.invalid", "centre.url"),
    ("[trust]\nterminal_key =", "trust.terminal_key"),
    ("[queue]\nquota_mb = -1", "queue.quota_mb"),
]


@pytest.mark.parametrize(("text", "key"), WRONG)
def test_a_wrong_value_names_line_and_key_and_no_limit_can_be_removed(text: str, key: str) -> None:
    settings, problems = load_text(f"{NUMBER}{text}\n", "kiosk.ini", Path("/etc"))
    assert settings is None
    assert [(p.line, p.key, p.fatal) for p in problems] == [(4, key, True)]
    assert problems[0].message_zh
    assert problems[0].message_en
    assert str(problems[0]).startswith("kiosk.ini:4: ")


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "usb:", "usb:0400:c35a", "usb:0483:5652:AB-12"])
def test_a_reader_on_a_serial_port_or_on_usb(port: str) -> None:
    settings, problems = load_text(f"{NUMBER}[card_reader]\nport = {port}\n", "kiosk.ini", Path("/etc"))
    assert problems == ()
    assert settings is not None
    assert settings.card_reader.port == port


@pytest.mark.parametrize(
    "line",
    [
        "helper_kind = pcsc",
        "photo_decoder = python3 -m drivers.card_reader.simulated_photo_decoder",
        "photo_decoder = python3 '/opt/own things/drivers/card_reader/simulated_photo_decoder.py'",
    ],
)
def test_what_anybody_could_forge_is_for_a_demonstration_only(line: str) -> None:
    text = f"{NUMBER}demo = false\n[card_reader]\n{line}\n"
    settings, problems = load_text(text, "kiosk.ini", Path())
    assert settings is None
    assert [(problem.line, problem.key) for problem in problems] == [
        (5, f"card_reader.{line.split(maxsplit=1)[0]}")
    ]
    assert load_text(text.replace("false", "true"), "kiosk.ini", Path())[1] == ()


@pytest.mark.parametrize(
    "line",
    [
        "photo_decoder = /opt/vendor/simulated-annealing/wlt2bmp",
        "photo_decoder = /opt/vendor/wlt2bmp --no-simulated_photo_decoder",
        "reader_name = simulated pcsc",
        "helper_reader_name = pcsc",
    ],
)
def test_a_value_that_merely_looks_like_a_demonstrations_serves(line: str) -> None:
    settings, problems = load_text(f"{NUMBER}[card_reader]\n{line}\n", "kiosk.ini", Path())
    assert problems == ()
    assert settings is not None


def test_the_form_of_the_file_is_judged_line_by_line() -> None:
    text = f"number = 1\n[screen\n{NUMBER}number = 0143\nwords without a sign\n"
    settings, problems = load_text(text, "kiosk.ini", Path("/etc"))
    assert settings is None
    assert [p.line for p in problems] == [1, 2, 5, 6]


def test_without_a_number_no_terminal_takes_anothers() -> None:
    settings, problems = load_text("[screen]\nwidth_px = 1080\n", "kiosk.ini", Path("/etc"))
    assert settings is None
    assert [p.key for p in problems] == ["terminal.number"]


def test_a_disk_that_keeps_no_copy_stops_nobody(tmp_path: Path) -> None:
    file, blocked = tmp_path / "kiosk.ini", tmp_path / "blocked"
    file.write_text(NUMBER, "utf-8")
    blocked.write_text("a file where a folder is needed", "utf-8")
    loaded = load(file, blocked / "kept.ini")
    assert loaded.settings.terminal.number == "0142"
    assert [p.fatal for p in loaded.problems] == [False]


def test_a_last_good_copy_that_is_broken_too_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept.ini").write_bytes(b"\xff\xff")
    with pytest.raises(NotConfiguredError) as caught:
        load(tmp_path / "kiosk.ini", tmp_path / "kept.ini")
    assert len(caught.value.problems) == 2


@given(st.text(max_size=80))
def test_no_text_is_a_defect(text: str) -> None:
    settings, problems = load_text(NUMBER + text, "kiosk.ini", Path("/etc"))
    assert settings is not None or any(problem.fatal for problem in problems)


def test_a_terminal_in_service_never_falls_back_to_a_demonstration(tmp_path: Path) -> None:
    file, kept = tmp_path / "kiosk.ini", tmp_path / "kept.ini"
    file.write_text(f"{NUMBER}demo = true\n", "utf-8")
    load(file, kept)
    for broken in ("demo = false\n[screen]\nwidth_px = x\n", "[screen]\nwidth_px = x\n"):
        file.write_text(NUMBER + broken, "utf-8")
        with pytest.raises(NotConfiguredError):
            load(file, kept)
    file.write_text(f"{NUMBER}demo = true\n[screen]\nwidth_px = x\n", "utf-8")
    assert load(file, kept).used_last_good


@pytest.mark.parametrize("camera", ["camera", "document_camera"])
def test_a_code_reader_is_told_when_the_camera_that_it_looks_through_is_not_there(camera: str) -> None:
    text = f"{NUMBER}[code_reader]\ncamera = {camera}\n[{camera}]\nsource ="
    settings, problems = load_text(text, "kiosk.ini", Path())
    assert settings is not None, "the terminal serves without it"
    assert [(problem.line, problem.key, problem.fatal) for problem in problems] == [
        (4, "code_reader.camera", False)
    ]
    assert load_text(f"{text} /dev/v4l/by-id/a", "kiosk.ini", Path())[1] == ()
    assert load_text(f"{NUMBER}[code_reader]\ncamera = none\n", "kiosk.ini", Path())[1] == ()


def test_one_camera_for_both_needs_its_size_where_it_counts() -> None:
    both = (
        f"{NUMBER}[camera]\nsource = /dev/v4l/by-id/a\n{{size}}[document_camera]\nsource = /dev/v4l/by-id/a\n"
    )
    settings, problems = load_text(both.format(size=""), "kiosk.ini", Path())
    assert settings is not None
    assert [(problem.key, problem.fatal) for problem in problems] == [("document_camera.source", False)]
    assert load_text(both.format(size="size = 2592x1944\n"), "kiosk.ini", Path())[1] == ()


def test_the_ways_to_be_recognised_are_named_and_an_unknown_one_is_told_with_those_there_are() -> None:
    settings, problems = load_text(
        f"{NUMBER}[recognition]\nways = helper,sms , helper\n", "kiosk.ini", Path()
    )
    assert settings is not None
    assert problems == ()
    assert settings.recognition.offered == ("helper", "sms")
    nothing, _ = load_text(f"{NUMBER}[recognition]\nways =\n", "kiosk.ini", Path())
    assert nothing is not None
    assert nothing.recognition.offered == (), "then the window alone"
    wrong, problems = load_text(f"{NUMBER}[recognition]\nways = face, sns\n", "kiosk.ini", Path())
    assert wrong is None
    assert [(problem.line, problem.key) for problem in problems] == [(4, "recognition.ways")]
    assert "sns" in problems[0].message_zh
    assert "sms" in problems[0].message_en


def test_a_way_that_leads_nowhere_is_told_and_the_others_serve() -> None:
    text = f"{NUMBER}[recognition]\nways = face, qr, clerk\n"
    settings, problems = load_text(text, "kiosk.ini", Path())
    assert settings is not None
    assert [(one.line, one.key, one.fatal) for one in problems] == [(4, "recognition.ways", False)] * 2
    ways = "demo = true\n[recognition]\nways = face, qr, clerk\nclerk_address = http://127.0.0.1:9\n"
    seen = "[code_reader]\ncamera = document_camera\n[document_camera]\nsource = /dev/v4l/by-id/a\n"
    assert load_text(NUMBER + ways + seen, "kiosk.ini", Path())[1] == ()


def test_pictures_of_people_go_over_tls_in_service() -> None:
    def problems(address: str, demo: str) -> list[str]:
        text = f"{NUMBER}demo = {demo}\n[recognition]\nclerk_address = {address}\n"
        return [one.key for one in load_text(text, "kiosk.ini", Path())[1] if one.fatal]

    loopback = "http://127.0.0.1:9"
    assert problems(loopback, "false") == ["recognition.clerk_address"]
    assert problems(loopback, "true") == problems("https://desk.example.invalid", "false") == []
    assert problems("http://desk.example.invalid", "true") == ["recognition.clerk_address"]
