"""What runs on a simulated social-security card: T=0, EF05 and EF06, in one of the three addressings."""

from __future__ import annotations

from datetime import date

from drivers.card_reader import social_security as ssc
from drivers.card_reader.contract import Document
from drivers.card_reader.social_security import Addressing

_OK = bytes.fromhex("9000")
_NAME_SIZE = 30
_FILES = {0xEF05: ssc.ISSUER_FILE, 0xEF06: ssc.HOLDER_FILE}


class VirtualSocialSecurityCard:
    """A card with this person's records. `locked` asks for a PIN before EF06."""

    atr = bytes.fromhex("3B6500005349434132")
    """Direct convention, T=0 alone, five historical bytes."""

    def __init__(
        self,
        document: Document,
        addressing: Addressing = Addressing.NUMBER,
        *,
        version: str = "3.00",
        locked: bool = False,
    ) -> None:
        self._addressing = addressing
        self._locked = locked
        name = document.name.encode("gb18030")
        number = document.number.encode("ascii")
        self._files = {
            ssc.ISSUER_FILE: [
                (0x01, bytes.fromhex("110199D15600000500000000FFFFFFFF")),
                (0x02, b"2"),
                (ssc.VERSION, version.encode("ascii")),
                (0x04, bytes(12)),
                (ssc.VALID_FROM, _packed(document.valid_from)),
                (ssc.VALID_TO, _packed(document.valid_to)),
                (0x07, b"X00000001"),
            ],
            ssc.HOLDER_FILE: [
                (ssc.NUMBER, number),
                (ssc.NAME, name[:_NAME_SIZE].ljust(_NAME_SIZE, b"\0")),
                *([(ssc.NAME_REST, name[_NAME_SIZE:])] if len(name) > _NAME_SIZE else []),
                (ssc.SEX, document.sex_code.encode("ascii")),
                (ssc.NATION, bytes.fromhex(document.nation_code or "FF")),
                (0x0C, bytes.fromhex("110199")),
                (ssc.BIRTH, _packed(document.birth_date)),
            ],
        }
        self.power_up()

    def power_up(self) -> None:
        self._selected = False
        self._file: int | None = None
        self._waiting = b""

    def respond(self, apdu: bytes) -> bytes:
        instruction = apdu[1]
        waiting, self._waiting = self._waiting, b""
        if instruction == 0xA4:
            return self._select(apdu)
        if instruction == 0xC0:
            return waiting + _OK if waiting and apdu[4] == len(waiting) else bytes.fromhex("6F00")
        if instruction == 0xB2:
            return self._read_record(apdu)
        return bytes.fromhex("6D00")

    def _select(self, apdu: bytes) -> bytes:
        if len(apdu) != 5 + apdu[4]:  # T=0 has one length byte, and it counts what is sent
            return bytes.fromhex("6700")
        if apdu[2] == 0x04:
            self._selected, self._file = apdu[5:] == ssc.AID, None
            if not self._selected:
                return bytes.fromhex("6A82")
            self._waiting = bytes([0x6F, len(ssc.AID) + 2, 0x84, len(ssc.AID)]) + ssc.AID
            return bytes([0x61, len(self._waiting)])
        self._file = _FILES.get(int.from_bytes(apdu[5:], "big"))
        return _OK if self._selected and self._file is not None else bytes.fromhex("6A82")

    def _read_record(self, apdu: bytes) -> bytes:
        record, p2, wanted_size = apdu[2], apdu[3], apdu[4] or 256
        short = p2 >> 3
        match self._addressing:
            case Addressing.NUMBER:
                fits, file = p2 == 0x04, self._file
            case Addressing.SHORT_FILE:
                fits, file = bool(short) and p2 & 0x07 == 0x04, short
            case Addressing.IDENTIFIER:
                fits, file = p2 == 0x00, self._file
        if not self._selected or not fits or file not in self._files:
            return bytes.fromhex("6A86")
        if self._locked and file == ssc.HOLDER_FILE:
            return bytes.fromhex("6982")
        records = self._files[file]
        if self._addressing is Addressing.IDENTIFIER:
            found = [item for item in records if item[0] == record]
        else:
            found = records[record - 1 : record] if record else []
        if not found:
            return bytes.fromhex("6A83")
        tag, value = found[0]
        data = bytes([tag, len(value)]) + value
        return data + _OK if wanted_size == len(data) else bytes([0x6C, len(data)])


def _packed(day: date | None) -> bytes:
    return b"\xff" * 4 if day is None else bytes.fromhex(day.strftime("%Y%m%d"))
