"""The far end of the wire: a travel document's chip that answers APDUs, with a fault script.

In memory through `MemoryTransport`; over a real card service as a `VirtualCard`'s program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.emrtd import curves, tlv
from drivers.card_reader.emrtd.apdu import END_OF_FILE, NOT_FOUND, SHORT_LE, SUCCESS, Command, Reply, decode
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.files import APPLICATION, File
from drivers.card_reader.emrtd.keys import Can, MrzKey, Password
from drivers.card_reader.emrtd.pace import PaceInfo
from drivers.card_reader.emrtd.secure_messaging import SM_BITS
from drivers.card_reader.emrtd.simulated_access import ChipBac, ChipPace, Refused, chip_authentication
from drivers.card_reader.emrtd.simulated_channel import ChipMessaging
from drivers.contract import Failed, Ok

ATR_INFO: Final = 0x2F01
_FREE: Final = (File.CARD_ACCESS.identifier, ATR_INFO)
"""They lie in the master file and are read by anybody."""
_MASTER: Final = 0x3F00


class ChipFault(StrEnum):
    """How the chip misbehaves once the file in question is being read."""

    WRONG_MAC = "wrong_mac"
    UNPROTECTED = "unprotected"
    """It answers as if there were no session."""
    EMPTY = "empty"
    """It reads nothing and says that all is well."""
    MORE_THAN_ASKED = "more_than_asked"


class Limit(StrEnum):
    """What a chip does when more is asked for than it sends at once."""

    FEWER = "fewer"
    SAYS_HOW_MANY = "says_how_many"
    WRONG_LENGTH = "wrong_length"


@dataclass(frozen=True, slots=True)
class StaticKey:
    """The key of chip authentication as the chip has it."""

    curve: curves.Curve
    secret: int
    suite: Suite


@dataclass(slots=True, repr=False)
class Profile:
    """What is on the chip. `sign` answers INTERNAL AUTHENTICATE, None for no active authentication.

    `extended` says whether it takes commands with three-byte lengths, `chunk` and `limit` how much it
    reads at once.
    """

    key: MrzKey
    files: dict[int, bytes]
    can: Can | None = None
    pace: PaceInfo | None = None
    bac: bool = True
    sign: Callable[[bytes], bytes] | None = None
    static_key: StaticKey | None = None
    extended: bool = False
    chunk: int | None = None
    limit: Limit = Limit.FEWER
    faults: dict[int, ChipFault] = field(default_factory=dict)


class SimulatedChip:
    """One chip: a `CardProgram`. `selected` is the file that would be read next."""

    atr = bytes.fromhex("3B85018073C021C056")
    """T=1; historical bytes in compact TLV: card capabilities with extended length."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.commands: list[Command] = []
        """As they came, for tests that look at the wire."""
        self.power_up()

    def power_up(self) -> None:
        self._session: ChipMessaging | None = None
        self._next_session: ChipMessaging | None = None
        self.selected = 0
        self._application = False
        self._bac: ChipBac | None = None
        self._pace: ChipPace | None = None
        self._authenticating = False

    def respond(self, apdu: bytes) -> bytes:
        try:
            command = decode(apdu)
        except ValueError:
            return bytes.fromhex("6700")
        self.commands.append(command)
        if command.extended and not self.profile.extended:
            return bytes.fromhex("6700")
        if self._session is None or command.cla & SM_BITS != SM_BITS:
            self._session = None
            return self._answer(self._execute(command))
        plain = self._session.open(command)
        if plain is None:
            self._session = None
            return bytes.fromhex("6988")
        fault = self.profile.faults.get(self.selected) if plain.ins in (0xB0, 0xB1) else None
        reply = self._execute(plain)
        if fault is ChipFault.UNPROTECTED:
            return self._answer(reply)
        protected = self._session.protect(reply, odd=bool(plain.ins & 1))
        if fault is ChipFault.WRONG_MAC:
            protected = Reply(protected.data[:-1] + bytes([protected.data[-1] ^ 1]), protected.status)
        if self._next_session is not None:
            self._session, self._next_session = self._next_session, None
        return self._answer(protected)

    def _answer(self, reply: Reply) -> bytes:
        return reply.data + reply.status.to_bytes(2, "big")

    def _execute(self, command: Command) -> Reply:
        handlers = {
            0xA4: self._select,
            0xB0: self._read,
            0xB1: self._read,
            0x84: self._challenge,
            0x82: self._external,
            0x22: self._manage,
            0x86: self._general,
            0x88: self._internal,
        }
        handler = handlers.get(command.ins)
        try:
            return Reply(b"", 0x6D00) if handler is None else handler(command)
        except Refused as refusal:
            return Reply(b"", refusal.status)
        except (tlv.Malformed, curves.BadPoint):
            return Reply(b"", 0x6A80)

    def _select(self, command: Command) -> Reply:
        if command.p1 == 0x04:
            if command.data != APPLICATION:
                raise Refused(NOT_FOUND)
            self._application = True
            return Reply(b"", SUCCESS)
        identifier = int.from_bytes(command.data, "big")
        if command.p1 == 0x00:
            self._application = False
            return Reply(b"", SUCCESS if identifier == _MASTER else NOT_FOUND)
        if identifier not in self.profile.files or (identifier in _FREE) is self._application:
            raise Refused(NOT_FOUND)
        if self._application and self._session is None:
            raise Refused(0x6982)
        self.selected = identifier
        return Reply(b"", SUCCESS)

    def _read(self, command: Command) -> Reply:
        if not self.selected:
            raise Refused(0x6986)
        data = self.profile.files[self.selected]
        odd = command.ins & 1
        if odd:
            offset = int.from_bytes(tlv.read_only(command.data, 0x54), "big")
        else:
            offset = command.p1 << 8 | command.p2
        size = command.le or SHORT_LE
        if odd:
            size -= 4
        most = self.profile.chunk
        if most is not None and size > most:
            if self.profile.limit is Limit.SAYS_HOW_MANY:
                raise Refused(0x6C00 | most)
            if self.profile.limit is Limit.WRONG_LENGTH:
                raise Refused(0x6700)
            size = most
        if offset > len(data):
            raise Refused(0x6B00)
        match self.profile.faults.get(self.selected):
            case ChipFault.EMPTY:
                return Reply(b"", SUCCESS)
            case ChipFault.MORE_THAN_ASKED:
                size += 8
            case _:
                pass
        part = data[offset : offset + size]
        status = SUCCESS if len(part) == size else END_OF_FILE
        return Reply(tlv.encode(0x53, part) if odd and part else part, status)

    def _challenge(self, _command: Command) -> Reply:
        if not (self.profile.bac and self._application):
            raise Refused(0x6985)
        self._bac = ChipBac(self.profile.key)
        return Reply(self._bac.challenge, SUCCESS)

    def _external(self, command: Command) -> Reply:
        run, self._bac = self._bac, None
        if run is None:
            raise Refused(0x6985)
        answer, self._session = run.authenticate(command.data)
        return Reply(answer, SUCCESS)

    def _manage(self, command: Command) -> Reply:
        if (command.p1, command.p2) == (0xC1, 0xA4):
            return self._begin_pace(tlv.read_all(command.data))
        static = self.profile.static_key
        if static is None or self._session is None or command.p1 != 0x41:
            raise Refused(0x6A80)
        if command.p2 == 0xA6:
            point = tlv.require(tlv.read_all(command.data), 0x91)
            self._next_session = chip_authentication(static.curve, static.secret, static.suite, point)
        else:
            self._authenticating = True
        return Reply(b"", SUCCESS)

    def _begin_pace(self, nodes: list[tlv.Node]) -> Reply:
        info = self.profile.pace
        if info is None or tlv.require(nodes, 0x80) != info.identifier:
            raise Refused(0x6A80)
        wanted: Password | None = self.profile.key
        if tlv.require(nodes, 0x83) == b"\x02":
            wanted = self.profile.can
        if wanted is None:
            raise Refused(0x6A88)
        self._pace = ChipPace(info, wanted)
        return Reply(b"", SUCCESS)

    def _general(self, command: Command) -> Reply:
        static = self.profile.static_key
        if self._authenticating and static is not None:
            self._authenticating = False
            point = tlv.require(tlv.read_all(tlv.read_only(command.data, 0x7C)), 0x80)
            self._next_session = chip_authentication(static.curve, static.secret, static.suite, point)
            return Reply(tlv.encode(0x7C, b""), SUCCESS)
        if self._pace is None:
            raise Refused(0x6985)
        answer = self._pace.step(command.data)
        if self._pace.session is not None:
            self._session, self._pace = self._pace.session, None
        return Reply(answer, SUCCESS)

    def _internal(self, command: Command) -> Reply:
        if self.profile.sign is None or self._session is None:
            raise Refused(0x6D00)
        return Reply(self.profile.sign(command.data), SUCCESS)


class MemoryTransport:
    """The chip without a wire. It is taken away when `leaves_in` is being read."""

    def __init__(self, chip: SimulatedChip, leaves_in: File | None = None) -> None:
        self._chip = chip
        self._leaves_in = leaves_in
        chip.power_up()

    def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
        """`CARD_MOVED` from the moment the chip is away."""
        there = self._leaves_in is None or self._chip.selected != self._leaves_in.identifier
        if there or apdu[1] == 0xA4:
            return Ok(self._chip.respond(apdu))
        return Failed(CardFailure.CARD_MOVED, "the simulated chip was taken away")
