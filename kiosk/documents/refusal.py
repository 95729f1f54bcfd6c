"""Why a document is not printed, with words for whoever has to settle it."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """The closed list of reasons. With each of them nothing was printed."""

    AUTHORISATION_UNREADABLE = "authorisation_unreadable"
    AUTHORISATION_FORGED = "authorisation_forged"
    AUTHORISATION_ELSEWHERE = "authorisation_elsewhere"
    AUTHORISATION_EXPIRED = "authorisation_expired"
    AUTHORISATION_USED = "authorisation_used"
    OTHER_DOCUMENT = "other_document"
    TOO_LARGE = "too_large"
    NOT_A_PDF = "not_a_pdf"
    ENCRYPTED = "encrypted"
    ACTIVE_CONTENT = "active_content"
    EMBEDDED_FILE = "embedded_file"
    UNSIGNED = "unsigned"
    SEVERAL_SIGNATURES = "several_signatures"
    CHANGED = "changed"
    EXTENDED = "extended"
    UNTRUSTED = "untrusted"
    NO_ROOT = "no_root"
    NOT_CHECKED = "not_checked"
    NOT_RECORDED = "not_recorded"


WORDS: dict[Refusal, tuple[str, str]] = {
    Refusal.AUTHORISATION_UNREADABLE: ("打印授权读不懂", "the authorisation cannot be read"),
    Refusal.AUTHORISATION_FORGED: ("打印授权不是中心签的", "the authorisation is not signed by the centre"),
    Refusal.AUTHORISATION_ELSEWHERE: ("打印授权是给别的终端的", "the authorisation is for another terminal"),
    Refusal.AUTHORISATION_EXPIRED: ("打印授权已过期", "the authorisation has expired"),
    Refusal.AUTHORISATION_USED: (
        "打印授权已经用过，要再打印请中心重新授权",
        "the authorisation was used; ask the centre for a new one",
    ),
    Refusal.OTHER_DOCUMENT: ("打印授权是给另一份文件的", "the authorisation is for another document"),
    Refusal.TOO_LARGE: ("文件太大或页数太多", "the document is too large or has too many pages"),
    Refusal.NOT_A_PDF: ("不是完好的 PDF 文件", "not a sound PDF"),
    Refusal.ENCRYPTED: ("文件加了密", "the document is encrypted"),
    Refusal.ACTIVE_CONTENT: ("文件里有脚本或动作", "the document holds a script or an action"),
    Refusal.EMBEDDED_FILE: ("文件里夹带了别的文件", "the document carries another file"),
    Refusal.UNSIGNED: ("文件没有签名", "the document is not signed"),
    Refusal.SEVERAL_SIGNATURES: ("文件有不止一个签名", "the document has more than one signature"),
    Refusal.CHANGED: ("文件签名后改过", "the document was changed after it was signed"),
    Refusal.EXTENDED: ("文件签名后又加了内容", "something was added after the document was signed"),
    Refusal.UNTRUSTED: ("签名人不可信或证书过期", "the signer is not trusted, or a certificate has expired"),
    Refusal.NO_ROOT: ("没有可用的文件根证书", "there is no usable root certificate for documents"),
    Refusal.NOT_CHECKED: ("文件没能检查完", "the document could not be checked to the end"),
    Refusal.NOT_RECORDED: ("打印授权记不下来，请检查磁盘", "the use cannot be recorded: check the disk"),
}
"""Chinese, English."""
