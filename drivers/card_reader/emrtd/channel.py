"""One conversation with a chip: plain at first, protected once access is gained."""

from __future__ import annotations

from drivers.card_reader.emrtd.apdu import NOT_FOUND, SHORT_LE, SUCCESS, Command, Reply, with_header
from drivers.card_reader.emrtd.outcome import ApduTransport, EmrtdFailure, Reason, Refusal
from drivers.card_reader.emrtd.secure_messaging import SecureMessaging
from drivers.contract import Failed, Ok

_GET_RESPONSE = 0xC0
_MORE_DATA = 0x61
_WRONG_LE = 0x6C
_LARGEST_REPLY = 0x10000 + 64


class Channel:
    """Sends commands; keeps the first failure of the wire or of secure messaging for ever after.

    `largest_reply` is how many bytes a reply may hold, as the chip announced it (EF.ATR/INFO);
    256 without such an announcement.
    """

    def __init__(self, transport: ApduTransport) -> None:
        self._transport = transport
        self._messaging: SecureMessaging | None = None
        self._ended: Refusal | None = None
        self.largest_reply = SHORT_LE

    @property
    def protected(self) -> bool:
        return self._messaging is not None

    def secure(self, messaging: SecureMessaging) -> None:
        """From now on every command is protected with these keys."""
        self._messaging = messaging

    def send(self, command: Command) -> Ok[Reply] | Refusal:
        """The chip's answer, whatever its status word says."""
        if self._ended is not None:
            return self._ended
        outcome = self._send(command)
        if isinstance(outcome, Failed):
            self._ended = outcome
        return outcome

    def ask(self, command: Command) -> Ok[bytes] | Refusal:
        """The data of an answer whose status is 9000; `MISSING` for 6A82, else `REFUSED` with the status."""
        outcome = self.send(command)
        if isinstance(outcome, Failed):
            return outcome
        reply = outcome.value
        if reply.status == SUCCESS:
            return Ok(reply.data)
        return refused(command, reply)

    def _send(self, command: Command) -> Ok[Reply] | Refusal:
        if self._messaging is None:
            return self._exchange(command)
        outcome = self._exchange(self._messaging.protect(command))
        return self._messaging.open(outcome.value) if isinstance(outcome, Ok) else outcome

    def _exchange(self, command: Command) -> Ok[Reply] | Refusal:
        """One command over the wire, with what T=0 asks for: 6Cxx says the right length, 61xx has more."""
        outcome = self._once(command)
        if isinstance(outcome, Ok) and command.le is not None and _asks_for_another_length(outcome.value):
            right = outcome.value.status & 0xFF or SHORT_LE
            outcome = self._once(with_header(command.header, command.data, right))
        data = b""
        while isinstance(outcome, Ok) and outcome.value.status >> 8 == _MORE_DATA:
            data += outcome.value.data
            if len(data) > _LARGEST_REPLY:
                return Failed(EmrtdFailure.TOO_LARGE, "an answer without an end")
            more = outcome.value.status & 0xFF or SHORT_LE
            outcome = self._once(Command(0, _GET_RESPONSE, 0, 0, le=more))
            if isinstance(outcome, Ok) and not outcome.value.data and outcome.value.status >> 8 == _MORE_DATA:
                return Failed(EmrtdFailure.MALFORMED, "more data is promised and none comes")
        if isinstance(outcome, Ok):
            return Ok(Reply(data + outcome.value.data, outcome.value.status))
        return outcome

    def _once(self, command: Command) -> Ok[Reply] | Refusal:
        outcome = self._transport.transmit(command.encode())
        if isinstance(outcome, Failed):
            reason: Reason = outcome.reason
            return Failed(reason, outcome.detail)
        if len(outcome.value) < 2:
            return Failed(EmrtdFailure.MALFORMED, "an answer without a status word")
        return Ok(Reply(outcome.value[:-2], int.from_bytes(outcome.value[-2:], "big")))


def _asks_for_another_length(reply: Reply) -> bool:
    """6Cxx alone: the command was not looked at yet. A protected 6Cxx used up a step of the counter."""
    return reply.status >> 8 == _WRONG_LE and not reply.data


def refused(command: Command, reply: Reply) -> Refusal:
    reason = EmrtdFailure.MISSING if reply.status == NOT_FOUND else EmrtdFailure.REFUSED
    return Failed(reason, f"{command.header.hex()}: {reply.status:04X}")
