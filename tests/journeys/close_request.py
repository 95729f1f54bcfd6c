"""Asks every window of the display to close, as a window manager does for alt+F4: WM_DELETE_WINDOW.

`python -m tests.journeys.close_request` on a display. A process of its own: Xlib ends who errs.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char, c_int, c_long, c_uint, c_ulong, c_void_p

CLIENT_MESSAGE = 33


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, as long as an XEvent."""

    _fields_ = (
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
        ("message_type", c_ulong),
        ("format", c_int),
        ("data", c_long * 5),
        ("rest", c_char * 96),
    )


def main() -> None:
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = c_void_p
    x.XInternAtom.restype = c_ulong
    x.XInternAtom.argtypes = (c_void_p, ctypes.c_char_p, c_int)
    x.XDefaultRootWindow.restype = c_ulong
    x.XDefaultRootWindow.argtypes = (c_void_p,)
    x.XQueryTree.argtypes = (
        c_void_p, c_ulong, POINTER(c_ulong), POINTER(c_ulong), POINTER(POINTER(c_ulong)), POINTER(c_uint),
    )  # fmt: skip
    x.XSendEvent.argtypes = (c_void_p, c_ulong, c_int, c_long, POINTER(ClientMessage))
    x.XSync.argtypes = (c_void_p, c_int)
    display = x.XOpenDisplay(None)
    protocols = x.XInternAtom(display, b"WM_PROTOCOLS", 0)
    delete = x.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    root, parent, children, count = c_ulong(), c_ulong(), POINTER(c_ulong)(), c_uint()
    x.XQueryTree(
        display, x.XDefaultRootWindow(display), byref(root), byref(parent), byref(children), byref(count)
    )
    assert count.value > 0, "there is no window"
    for place in range(count.value):
        asked = ClientMessage(type=CLIENT_MESSAGE, window=children[place], message_type=protocols, format=32)
        asked.data[0] = delete
        x.XSendEvent(display, children[place], 0, 0, byref(asked))
    x.XSync(display, 0)


if __name__ == "__main__":
    main()
