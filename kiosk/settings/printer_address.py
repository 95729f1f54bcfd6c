"""A receipt printer's address in kiosk.ini, and what to write instead of a wrong one."""

from __future__ import annotations

from drivers.contract import Failed
from drivers.receipt_printer.address import BAUD_RATES, AddressFault, Flow, parse_address
from kiosk.settings.own_words import refusal

_RATES = ", ".join(map(str, BAUD_RATES))
_FLOWS = ", ".join(Flow)
_WORDS: dict[AddressFault, tuple[str, str]] = {
    AddressFault.KIND: (
        "要以 tcp://、serial: 或 usb: 开头，没有打印机写 none",
        "must begin with tcp://, serial: or usb:, or be none",
    ),
    AddressFault.TCP: ("网络打印机写 tcp://地址:端口", "a network printer is tcp://host:port"),
    AddressFault.PORT: ("端口只能是 1 到 65535", "a port is 1 to 65535"),
    AddressFault.SERIAL_PATH: (
        "串口要写完整路径，如 serial:/dev/serial/by-id/…",
        "a serial port needs its whole path, such as serial:/dev/serial/by-id/...",
    ),
    AddressFault.SERIAL_OPTION: (
        "串口后面只能写 ?baud=速率&flow=流控",
        "only ?baud=rate&flow=kind may follow a serial port",
    ),
    AddressFault.BAUD_RATE: (f"速率只能是 {_RATES}", f"baud must be one of {_RATES}"),
    AddressFault.FLOW: (f"流控只能是 {_FLOWS}", f"flow must be one of {_FLOWS}"),
    AddressFault.USB: (
        "USB 打印机写 usb: 或 usb:厂商号:产品号[:序列号]，号是四位十六进制",
        "a USB printer is usb: or usb:VID:PID[:serial], each id four hexadecimal digits",
    ),
}


def printer_address(value: str) -> str:
    """The value itself. Raises PydanticCustomError with words in both languages."""
    if value != "none" and isinstance(parsed := parse_address(value), Failed):
        raise refusal(*_WORDS[parsed.reason])
    return value
