import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from drivers.card_reader import framing, simulated_photo
from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.photo import PhotoFailure, decode
from drivers.card_reader.picture_header import size_of
from drivers.contract import Failed, Ok

SIMULATED = (sys.executable, "-m", "drivers.card_reader.simulated_photo_decoder")
LONG_S = 30.0


def picture(size: tuple[int, int] = (300, 400)) -> bytes:
    """Something with the shapes of a face, drawn."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((100, 100, 200, 240), fill=(224, 190, 160))
    draw.ellipse((125, 150, 140, 160), fill="black")
    draw.ellipse((160, 150, 175, 160), fill="black")
    draw.rectangle((60, 250, 240, 400), fill=(40, 60, 120))
    packed = io.BytesIO()
    image.save(packed, "PNG")
    return packed.getvalue()


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def wlt(data: bytes = b"\0" * 1024) -> EncodedPhoto:
    return EncodedPhoto(PhotoFormat.WLT, data)


def test_the_simulated_photo_through_its_decoder() -> None:
    photo = simulated_photo.encode(picture())
    assert len(photo) == 1024
    outcome = decode(SIMULATED, wlt(photo), LONG_S)
    assert isinstance(outcome, Ok)
    with Image.open(io.BytesIO(outcome.value)) as image:
        assert (image.format, image.size, image.mode) == ("BMP", (102, 126), "RGB")
        cheek = image.getpixel((50, 62))
    assert isinstance(cheek, tuple)
    assert all(abs(seen - drawn) < 30 for seen, drawn in zip(cheek, (224, 190, 160), strict=True))


def test_noise_fits_too() -> None:
    noise = Image.effect_noise((102, 126), 90).convert("RGB")
    packed = io.BytesIO()
    noise.save(packed, "PNG")
    assert len(simulated_photo.encode(packed.getvalue())) == 1024


def test_a_portrait_is_framed_like_a_cards() -> None:
    framed = framing.frame_portrait(picture(), (100, 100, 100, 140))
    with Image.open(io.BytesIO(framed)) as image:
        assert image.width / image.height == pytest.approx(102 / 126, rel=0.01)
        assert 100 / image.width == pytest.approx(0.58, abs=0.01)
        assert image.getpixel((image.width // 2, image.height // 2)) == (224, 190, 160)


@given(st.binary(max_size=1100))
@settings(max_examples=30)
def test_what_is_not_a_simulated_photo_has_no_picture(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a simulated photo"):
        simulated_photo.decode(data)


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        ((), PhotoFailure.NO_DECODER),
        (("/no/such/decoder",), PhotoFailure.NO_DECODER),
        (SIMULATED, PhotoFailure.CRASHED),
        (program("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"), PhotoFailure.CRASHED),
        (program("print('nothing of a picture')"), PhotoFailure.GARBAGE),
        (program("print('BM' + 'x' * 100)"), PhotoFailure.GARBAGE),
        (
            program("import sys; sys.stdin.read(); sys.stdout.write('BM' + 'x' * 4_000_000)"),
            PhotoFailure.GARBAGE,
        ),
        (program("pass"), PhotoFailure.GARBAGE),
    ],
)
def test_whatever_the_decoder_does_is_a_failure(command: tuple[str, ...], failure: PhotoFailure) -> None:
    outcome = decode(command, wlt(), LONG_S)
    assert isinstance(outcome, Failed)
    assert outcome.reason is failure


@pytest.mark.parametrize(
    ("size", "fits"),
    [((102, 126), True), ((126, 102), False), ((102, 127), False), ((1, 1), False), ((1001, 1001), False)],
)
def test_a_picture_of_another_size_is_not_the_cards(size: tuple[int, int], fits: bool) -> None:
    code = f"import sys; from PIL import Image; Image.new('RGB', {size}).save(sys.stdout.buffer, 'PNG')"
    outcome = decode(program(code), wlt(), LONG_S)
    if fits:
        assert isinstance(outcome, Ok)
    else:
        assert isinstance(outcome, Failed)
        assert outcome.reason is PhotoFailure.GARBAGE
        assert f"{size[0]} x {size[1]}" in outcome.detail


def made(kind: str, mode: str = "RGB", size: tuple[int, int] = (102, 126)) -> bytes:
    packed = io.BytesIO()
    Image.new(mode, size).save(packed, kind)
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["BMP", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_whole_picture_tells_its_size_and_a_cut_one_does_not(kind: str, mode: str) -> None:
    whole = made(kind, mode)
    assert size_of(whole) == (102, 126)
    assert not any(size_of(whole[:length]) for length in range(len(whole)))


def with_bytes(at: int, new: bytes, of: bytes) -> bytes:
    return of[:at] + new + of[at + len(new) :]


@pytest.mark.parametrize(
    "rotten",
    [
        with_bytes(18, (1 << 30).to_bytes(4, "little"), made("BMP")),
        with_bytes(18, bytes(4), made("BMP")),
        with_bytes(10, bytes(4), made("BMP")),
        with_bytes(28, b"\x07", made("BMP")),
        with_bytes(30, b"\x01", made("BMP")),
        with_bytes(16, b"\x7f", made("PNG")),
        made("GIF"),
        made("JPEG"),
    ],
    ids=["wider than its bytes", "no width", "pixels in the header", "seven bits", "compressed", "wrong sum",
         "a GIF", "a JPEG"],
)  # fmt: skip
def test_a_header_that_lies_is_no_picture(rotten: bytes) -> None:
    assert size_of(rotten) is None


@given(st.sampled_from([b"", b"BM", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=200))
def test_no_bytes_are_a_defect(beginning: bytes, rest: bytes) -> None:
    size = size_of(beginning + rest)
    assert size is None or min(size) > 0


def test_the_terminals_own_process_loads_no_picture_library_for_it() -> None:
    code = (
        "import sys; from drivers.card_reader import photo; from drivers.card_reader.contract import *\n"
        f"out = photo.decode({SIMULATED!r}, EncodedPhoto(PhotoFormat.WLT, sys.stdin.buffer.read()), {LONG_S})\n"
        "print(type(out).__name__, sorted({'PIL', 'cv2', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        program(code), input=simulated_photo.encode(picture()), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "Ok []"


@pytest.mark.parametrize("ending", ["", "os.abort()", "time.sleep(600)"])
def test_a_decoder_that_writes_files_leaves_none(tmp_path: Path, ending: str) -> None:
    """As vendors' libraries do: beside themselves, at home, in the folder for temporary files."""
    told = tmp_path / "told"
    code = f"""
import os, pathlib, sys, tempfile, time
data = sys.stdin.buffer.read()
folders = [os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir()]
for folder in folders:
    pathlib.Path(folder, "zp.wlt").write_bytes(data)
pathlib.Path({str(told)!r}).write_text("\\n".join(folders))
{ending}
"""
    # The one that hangs is ended at its time, which is enough for a start on a busy machine.
    assert isinstance(decode(program(code), wlt(), 10.0 if "sleep" in ending else LONG_S), Failed)
    folders = {Path(line) for line in told.read_text().splitlines()}
    assert len(folders) == 1
    assert not folders.pop().exists()
    assert not Path("zp.wlt").exists()


def test_a_relative_decoder_is_found_from_where_the_terminal_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = tmp_path / "decoder"
    decoder.write_text("#!/bin/sh\ncat > /dev/null\nexit 7\n")
    decoder.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    outcome = decode(("./decoder",), wlt(), LONG_S)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.detail) == (PhotoFailure.CRASHED, "exit code 7")


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        "import os, time; os.close(1); time.sleep(600)",
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
    ],
)
def test_a_decoder_that_hangs_is_ended(code: str) -> None:
    outcome = decode(program(code), wlt(), 1.0)
    assert isinstance(outcome, Failed)
    assert outcome.reason is PhotoFailure.TIMED_OUT


def _encoded(kind: PhotoFormat, size: tuple[int, int] = (413, 531), noise: int = 0) -> EncodedPhoto:
    with Image.open(io.BytesIO(picture())) as opened:
        image = opened.resize(size)
    if noise:
        image = Image.effect_noise(size, noise).convert("RGB")
    packed = io.BytesIO()
    image.save(packed, kind.value)
    return EncodedPhoto(kind, packed.getvalue())


@pytest.mark.parametrize("kind", [PhotoFormat.JPEG, PhotoFormat.JPEG2000])
def test_an_open_format_needs_no_vendor(kind: PhotoFormat) -> None:
    outcome = decode((), _encoded(kind), LONG_S)
    assert isinstance(outcome, Ok)
    with Image.open(io.BytesIO(outcome.value)) as image:
        assert (image.format, image.size, image.mode) == ("BMP", (413, 531), "RGB")
        cheek = image.getpixel((206, 212))
    assert isinstance(cheek, tuple)
    assert all(abs(seen - drawn) < 30 for seen, drawn in zip(cheek, (224, 190, 160), strict=True))


def test_a_photo_longer_than_a_pipe_and_larger_than_needed() -> None:
    photo = _encoded(PhotoFormat.JPEG, (1200, 900), noise=90)
    assert len(photo.data) > 200_000
    outcome = decode((), photo, LONG_S)
    assert isinstance(outcome, Ok)
    with Image.open(io.BytesIO(outcome.value)) as image:
        assert image.size == (560, 420)


def _claims(size: int) -> EncodedPhoto:
    """A small JPEG 2000 that says it is `size` pixels wide and high, everywhere where it says so."""
    data = _encoded(PhotoFormat.JPEG2000, (64, 64)).data
    return EncodedPhoto(PhotoFormat.JPEG2000, data.replace(bytes([0, 0, 0, 64]), size.to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("photo", "failure"),
    [
        (EncodedPhoto(PhotoFormat.JPEG, b"\xff\xd8\xff" + bytes(100)), PhotoFailure.CRASHED),
        (EncodedPhoto(PhotoFormat.JPEG, b""), PhotoFailure.CRASHED),
        (_claims(30_000), PhotoFailure.CRASHED),
        (EncodedPhoto(PhotoFormat.JPEG, bytes((1 << 20) + 1)), PhotoFailure.TOO_LARGE),
        (EncodedPhoto(PhotoFormat.JPEG, picture()), PhotoFailure.CRASHED),
    ],
    ids=["rubbish", "nothing", "a bomb", "too long", "another format"],
)
def test_an_open_format_that_holds_no_photo(photo: EncodedPhoto, failure: PhotoFailure) -> None:
    outcome = decode((), photo, LONG_S)
    assert isinstance(outcome, Failed)
    assert outcome.reason is failure


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(600)", "print('BM', flush=True); import time; time.sleep(600)"]
)
def test_a_decoder_that_does_not_read_cannot_hold_anybody_up(code: str) -> None:
    outcome = decode(program(code), wlt(bytes(1 << 20)), 1.0)
    assert isinstance(outcome, Failed)
    assert outcome.reason is PhotoFailure.TIMED_OUT
