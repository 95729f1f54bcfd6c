"""What a thief has who took a terminal's disk and every key on it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from offline_queue.database import PAGE_BYTES

# Layouts: zetetic.net/sqlcipher/design (salt, then pages that end in IV and HMAC) and sqlite.org/fileformat2.html#walformat.
_SALT, _IV, _MAC = 16, 16, 64
_LOG_HEADER, _FRAME_HEADER = 32, 24
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gbk")


def every_byte(directory: Path, database_key: bytes) -> dict[str, bytes]:
    """Each file below `directory` as it lies there, and the outbox's files again, decrypted page by page.

    Pages that the database no longer uses, and the log, are read as well.
    """
    found = {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    for name, content in list(found.items()):
        if name.endswith(".db"):
            found[f"{name} decrypted"] = _pages(content, database_key)
        if name.endswith(".db-wal"):
            frame = _FRAME_HEADER + PAGE_BYTES
            starts = range(_LOG_HEADER, len(content) - frame + 1, frame)
            frames = (content[start + _FRAME_HEADER : start + frame] for start in starts)
            found[f"{name} decrypted"] = b"".join(_page(page, database_key) for page in frames)
    return found


def places_of(text: str, found: dict[str, bytes]) -> list[str]:
    """Where the words stand, in any encoding that a program here might have used."""
    needles = [text.encode(encoding) for encoding in ENCODINGS]
    return [name for name, content in found.items() if any(needle in content for needle in needles)]


def _pages(content: bytes, key: bytes) -> bytes:
    pages = [content[start : start + PAGE_BYTES] for start in range(0, len(content), PAGE_BYTES)]
    return b"".join(_page(page, key) for page in pages)


def _page(page: bytes, key: bytes) -> bytes:
    """Both readings, since the first page alone begins with the salt, and a log may hold it anywhere."""
    end = PAGE_BYTES - _MAC - _IV
    iv = page[end : end + _IV]
    if len(iv) < _IV:
        return b""
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    return decryptor.update(page[:end]) + page[:_SALT] + _from_salt(page, key, iv, end)


def _from_salt(page: bytes, key: bytes, iv: bytes, end: int) -> bytes:
    return Cipher(AES(key), CBC(iv)).decryptor().update(page[_SALT:end])
