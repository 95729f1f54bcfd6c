"""kiosk.ini -> typed `Settings`. A wrong value falls back to the last good copy as a whole.

An unknown key warns with its line and its nearest name at start, and is refused by `check` and by
pushes from the centre.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from kiosk.durable import write_durably
from kiosk.settings import own_words
from kiosk.settings.ini import Entry, parse
from kiosk.settings.model import Problem, Section, Settings

__all__ = ["Loaded", "NotConfiguredError", "Problem", "Settings", "check", "load", "load_text", "typed"]


REQUIRED = (("terminal", "number"),)
"""A terminal that took another's number by default would break that terminal's chain."""


class NotConfiguredError(Exception):
    """Neither the file nor a last good copy can be used; `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings to serve with, and what was wrong with the file."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    used_last_good: bool = False


def load(path: Path, last_good: Path) -> Loaded:
    """Read `path`; on success keep a copy in `last_good`, on failure serve that copy.

    The broken file is never overwritten. Raises NotConfiguredError when there is no good copy, and when
    the copy is a demonstration's and the file does not ask for one: a terminal in service never falls
    back to demo keys.
    """
    settings, problems = _read(path)
    if settings is not None:
        return Loaded(settings, (*problems, *_keep(path, last_good)))
    kept, worse = _read(last_good, path.parent) if last_good.is_file() else (None, ())
    if kept is None or (kept.terminal.demo and not _asks_for_a_demonstration(path)):
        raise NotConfiguredError((*problems, *worse))
    return Loaded(kept, problems, used_last_good=True)


def _asks_for_a_demonstration(path: Path) -> bool:
    """Whether the file, broken as it is, says so; one that cannot be read is a demonstration's word for nothing."""
    try:
        entries, _ = parse(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError):
        return False
    said = [entry.value for entry in entries if (entry.section, entry.key) == ("terminal", "demo")]
    return [value.lower() for value in said] == ["true"]


def check(path: Path) -> tuple[Problem, ...]:
    """Everything wrong with the file, unknown keys as well; empty when it may be used."""
    return _read(path)[1]


def _read(path: Path, folder: Path | None = None) -> tuple[Settings | None, tuple[Problem, ...]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError:
        return None, (
            Problem(path.name, 0, "", "文件打不开，请确认路径", "the file cannot be opened, check its path"),
        )
    except UnicodeDecodeError:
        return None, (
            Problem(path.name, 0, "", "不是 UTF-8 文字，请另存为 UTF-8", "not UTF-8, save it as UTF-8"),
        )
    return load_text(text, path.name, folder or path.parent)


def load_text(text: str, file: str, folder: Path) -> tuple[Settings | None, tuple[Problem, ...]]:
    """Settings from the file's text, relative paths from `folder`; None when anything is fatal."""
    entries, problems = parse(text, file)
    if not entries and not problems:
        problems.append(Problem(file, 0, "", "文件是空的", "the file is empty"))
    values: dict[str, dict[str, Any]] = {}
    for entry in entries:
        section = Settings.model_fields.get(entry.section)
        if section is None:
            problems.append(_unknown(entry, entry.section, tuple(Settings.model_fields), file))
            continue
        kind = section.annotation
        if not (isinstance(kind, type) and issubclass(kind, Section)):
            continue
        if entry.key not in kind.model_fields:
            problems.append(_unknown(entry, f"{entry.section}.{entry.key}", tuple(kind.model_fields), file))
            continue
        value, problem = typed(kind, entry, folder, file)
        if problem is not None:
            problems.append(problem)
        else:
            values.setdefault(entry.section, {})[entry.key] = value
    problems += [
        Problem(file, 0, f"{section}.{key}", "一定要写，没有默认值", "must be given, there is no default")
        for section, key in REQUIRED
        if not any((entry.section, entry.key) == (section, key) for entry in entries)
    ]
    if not values.get("terminal", {}).get("demo"):
        problems += _of_a_demonstration(values, entries, file)
    problems += _ignored_size(values, entries, file)
    problems += _blind(values, entries, file)
    problems += _dead_ends(values, entries, file)
    problems.sort(key=lambda problem: problem.line)
    if any(problem.fatal for problem in problems):
        return None, tuple(problems)
    return _build(values, folder), tuple(problems)


SIMULATED_DECODER = "drivers.card_reader.simulated_photo_decoder"
SIMULATED_DECODER_FILE = ("drivers", "card_reader", "simulated_photo_decoder.py")


def _is_simulator(command: str) -> bool:
    """Whether a command line starts the simulator's decoder: by its module, or by its file."""
    return any(
        word == SIMULATED_DECODER or Path(word).parts[-3:] == SIMULATED_DECODER_FILE
        for word in shlex.split(command)
    )


_DEMO_ONLY: dict[tuple[str, str], tuple[Callable[[str], bool], str, str]] = {
    ("card_reader", "helper_kind"): (
        lambda kind: kind == "pcsc",
        "协理员工作卡没有签名，谁都能写一张：正式使用请写 none",
        "a helper's card carries no signature, anybody can write one: write none in service",
    ),
    ("card_reader", "photo_decoder"): (
        _is_simulator,
        "这是演示用的照片解码程序，请写厂商提供的",
        "this is the simulator's photo decoder, name the vendor's",
    ),
    ("recognition", "clerk_address"): (
        lambda address: address.startswith("http://"),
        "人的照片要传过去，正式使用只能用 https",
        "pictures of people go there: https only in service",
    ),
}
"""What is refused unless `[terminal] demo` is true: which values of a key, and why."""


def _ignored_size(values: dict[str, dict[str, Any]], entries: list[Entry], file: str) -> list[Problem]:
    """One camera has one size of picture: where it serves both, that of `[camera]` holds."""
    lens, desk = values.get("camera", {}), values.get("document_camera", {})
    if not desk.get("source") or desk.get("source") != lens.get("source") or lens.get("size"):
        return []
    line = next(e.line for e in entries if (e.section, e.key) == ("document_camera", "source"))
    zh = "和 camera 是同一台：请在 camera 里写 size，否则纸上的字看不清"
    en = "the same camera as in [camera]: give its size there, or sheets are too coarse to read"
    return [Problem(file, line, "document_camera.source", zh, en, fatal=False)]


def _blind(values: dict[str, dict[str, Any]], entries: list[Entry], file: str) -> list[Problem]:
    """A code reader sees nothing when the camera that it is to look through has no source."""
    camera = values.get("code_reader", {}).get("camera", "none")
    if camera == "none" or values.get(camera, {}).get("source"):
        return []
    line = next(e.line for e in entries if (e.section, e.key) == ("code_reader", "camera"))
    zh = f"[{camera}] 没有写 source：没有摄像头就扫不了码"
    en = f"[{camera}] has no source: without a camera no code is seen"
    return [Problem(file, line, "code_reader.camera", zh, en, fatal=False)]


def _dead_ends(values: dict[str, dict[str, Any]], entries: list[Entry], file: str) -> list[Problem]:
    """A way to be recognised that is offered and can never work as the rest of the file stands."""
    given = values.get("recognition", {})
    offered = str(given.get("ways", "")).split(", ")
    found = []
    if "qr" in offered and values.get("code_reader", {}).get("camera") != "document_camera":
        zh = "写了 qr，还要写 [code_reader] camera = document_camera：看人的摄像头不扫码"
        en = "qr needs [code_reader] camera = document_camera: the camera that looks at people reads no codes"
        found.append((zh, en))
    if "clerk" in offered and not given.get("clerk_address"):
        found.append(("写了 clerk，还要写 clerk_address", "clerk needs clerk_address"))
    return [
        Problem(file, entry.line, "recognition.ways", zh, en, fatal=False)
        for entry in entries
        if (entry.section, entry.key) == ("recognition", "ways")
        for zh, en in found
    ]


def _of_a_demonstration(values: dict[str, dict[str, Any]], entries: list[Entry], file: str) -> list[Problem]:
    found = []
    for entry in entries:
        if entry.key not in values.get(entry.section, {}):
            continue  # has its complaint already
        is_of_a_demonstration, zh, en = _DEMO_ONLY.get(
            (entry.section, entry.key), (lambda _value: False, "", "")
        )
        if is_of_a_demonstration(entry.value):
            found.append(Problem(file, entry.line, f"{entry.section}.{entry.key}", zh, en))
    return found


def _build(values: dict[str, dict[str, Any]], folder: Path) -> Settings:
    sections: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            given = values.get(name, {})
            defaults = {
                key: folder / f.default
                for key, f in kind.model_fields.items()
                if f.annotation is Path and key not in given
            }
            sections[name] = kind.model_validate({**defaults, **given})
    return Settings.model_validate(sections)


def typed(kind: type[BaseModel], entry: Entry, folder: Path, file: str) -> tuple[Any, Problem | None]:
    """The entry's value by the type and the bounds of its key, or what is wrong with it."""
    field = kind.model_fields[entry.key]
    annotation: Any = field.annotation
    raw: Any = entry.value
    if annotation is Path:
        if not entry.value:
            name = f"{entry.section}.{entry.key}"
            return None, Problem(file, entry.line, name, "不能空着", "must not be empty")
        return folder / entry.value, None
    literals = [a for a in getattr(annotation, "__args__", ()) if isinstance(a, int)]
    if literals and entry.value.lstrip("-").isdecimal():
        raw = int(entry.value)
    try:
        # The field's own bounds and pattern, not only its type.
        adapter: TypeAdapter[Any] = TypeAdapter(_annotated(annotation, field.metadata))
        return adapter.validate_python(raw), None
    except ValidationError as error:
        zh, en = _words(error.errors()[0])
        return None, Problem(file, entry.line, f"{entry.section}.{entry.key}", zh, en)


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    from typing import Annotated

    for item in metadata:
        annotation = Annotated[annotation, item]
    return annotation


def _words(error: Any) -> tuple[str, str]:
    context = error.get("ctx", {})
    match error["type"]:
        case "int_parsing" | "int_from_float":
            return "要写整数", "should be a whole number"
        case "bool_parsing":
            return "要写 true 或 false", "should be true or false"
        case "greater_than_equal":
            return f"不能小于 {context['ge']}", f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"不能大于 {context['le']}", f"must be at most {context['le']}"
        case "literal_error":
            return f"只能是 {context['expected']}", f"must be {context['expected']}"
        case "string_pattern_mismatch":
            return f"写法不对，应符合 {context['pattern']}", f"should look like {context['pattern']}"
        case "string_too_short":
            return "不能空着", "must not be empty"
        case "string_too_long":
            return f"最多 {context['max_length']} 个字", f"at most {context['max_length']} characters"
        case own_words.OWN_WORDS:
            return context["zh"], context["en"]
        case _:
            return "这个值不能用", "this value cannot be used"


def _unknown(entry: Entry, name: str, known: tuple[str, ...], file: str) -> Problem:
    last = name.rsplit(".", 1)[-1]
    near = difflib.get_close_matches(last, known, n=1)
    hint_zh = f"是不是 {near[0]}？" if near else f"可用的有 {'、'.join(known)}"
    hint_en = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return Problem(
        file,
        entry.line,
        name,
        f"没有这个设置，{hint_zh}",
        f"there is no such setting, {hint_en}",
        fatal=False,
    )


def _keep(path: Path, last_good: Path) -> tuple[Problem, ...]:
    """A full disk must not stop a terminal whose settings are right: it is told as a warning."""
    try:
        content = path.read_bytes()
        if last_good.is_file() and last_good.read_bytes() == content:
            return ()
        write_durably(last_good, content)
    except OSError as error:
        zh = "最近一份好设置没有存下，请检查磁盘"
        en = f"the last good copy was not saved ({error.strerror}): check the disk"
        return (Problem(path.name, 0, "", zh, en, fatal=False),)
    return ()
