from __future__ import annotations

from pathlib import Path

from kiosk.locale import Texts, missing, read_catalogue, texts_for

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "返回"
msgstr "Back"

msgid "第 {step} 步，共 {count} 步"
msgstr "Step {step} of {count}"

msgid "还有 {count} 次"
msgstr "{number} left"

#, fuzzy
msgid "求助"
msgstr "Held"

msgid "结束"
msgstr ""
"""


def english(tmp_path: Path) -> Texts:
    file = tmp_path / "en.po"
    file.write_text(PO, encoding="utf-8")
    return Texts("en", read_catalogue(file, "en"))


def test_translated_with_values(tmp_path: Path) -> None:
    t = english(tmp_path)
    assert t("返回") == "Back"
    assert t("第 {step} 步，共 {count} 步", step=2, count=9) == "Step 2 of 9"


def test_missing_fuzzy_empty_and_broken_translations_speak_chinese(tmp_path: Path) -> None:
    t = english(tmp_path)
    assert t("没有译文") == "没有译文"
    assert t("求助") == "求助"
    assert t("结束") == "结束"
    assert t("还有 {count} 次", count=2) == "还有 2 次"
    assert not t.has("求助")
    assert t.has("返回")


def test_chinese_is_the_source_and_an_unknown_language_speaks_it() -> None:
    assert Texts.for_language("zh")("第 {step} 步，共 {count} 步", step=1, count=3) == "第 1 步，共 3 步"
    assert texts_for("xx")("返回") == "返回"
    assert missing("zh", ["任何一句"]) == []
    assert missing("xx", ["返回"]) == ["返回"]
