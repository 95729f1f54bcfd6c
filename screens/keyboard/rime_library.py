"""librime's C interface, as far as the keyboard needs it (rime_api.h of librime 1.8.5, Debian 12).

The plain exported functions are used: later releases mark them as old and still export them, while
the table of `rime_get_api` grows. A struct's `data_size` tells the library which version we know.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_void_p

LIBRARY = "librime.so.1"
SessionId = c_size_t
"""uintptr_t; 0 is no session."""


class Traits(ctypes.Structure):
    """RimeTraits: where the data lies and what is logged."""

    _fields_ = (
        ("data_size", c_int),
        ("shared_data_dir", c_char_p),
        ("user_data_dir", c_char_p),
        ("distribution_name", c_char_p),
        ("distribution_code_name", c_char_p),
        ("distribution_version", c_char_p),
        ("app_name", c_char_p),
        ("modules", c_void_p),
        ("min_log_level", c_int),
        ("log_dir", c_char_p),
        ("prebuilt_data_dir", c_char_p),
        ("staging_dir", c_char_p),
    )


class Composition(ctypes.Structure):
    """RimeComposition: the line being composed; lengths in bytes of UTF-8."""

    _fields_ = (
        ("length", c_int),
        ("cursor_pos", c_int),
        ("sel_start", c_int),
        ("sel_end", c_int),
        ("preedit", c_char_p),
    )


class MenuItem(ctypes.Structure):
    """RimeCandidate."""

    _fields_ = (("text", c_char_p), ("comment", c_char_p), ("reserved", c_void_p))


class Menu(ctypes.Structure):
    """RimeMenu: one page of candidates."""

    _fields_ = (
        ("page_size", c_int),
        ("page_no", c_int),
        ("is_last_page", c_int),
        ("highlighted_candidate_index", c_int),
        ("num_candidates", c_int),
        ("candidates", POINTER(MenuItem)),
        ("select_keys", c_char_p),
    )


class Context(ctypes.Structure):
    """RimeContext."""

    _fields_ = (
        ("data_size", c_int),
        ("composition", Composition),
        ("menu", Menu),
        ("commit_text_preview", c_char_p),
        ("select_labels", c_void_p),
    )


class Config(ctypes.Structure):
    """RimeConfig: a handle of a settings file."""

    _fields_ = (("ptr", c_void_p),)


PROTOTYPES: dict[str, tuple[object, tuple[object, ...]]] = {
    "RimeSetup": (None, (POINTER(Traits),)),
    "RimeInitialize": (None, (POINTER(Traits),)),
    "RimeFinalize": (None, ()),
    "RimeStartMaintenance": (c_int, (c_int,)),
    "RimeJoinMaintenanceThread": (None, ()),
    "RimeSchemaOpen": (c_int, (c_char_p, POINTER(Config))),
    "RimeConfigGetBool": (c_int, (POINTER(Config), c_char_p, POINTER(c_int))),
    "RimeConfigClose": (c_int, (POINTER(Config),)),
    "RimeCreateSession": (SessionId, ()),
    "RimeFindSession": (c_int, (SessionId,)),
    "RimeDestroySession": (c_int, (SessionId,)),
    "RimeSelectSchema": (c_int, (SessionId, c_char_p)),
    "RimeSetOption": (None, (SessionId, c_char_p, c_int)),
    "RimeProcessKey": (c_int, (SessionId, c_int, c_int)),
    "RimeClearComposition": (None, (SessionId,)),
    "RimeGetContext": (c_int, (SessionId, POINTER(Context))),
    "RimeFreeContext": (c_int, (POINTER(Context),)),
}
"""Result and arguments of every function that is called."""


def counted(struct: type[ctypes.Structure]) -> int:
    """The `data_size` of a struct, which does not count itself (RIME_STRUCT_INIT)."""
    return ctypes.sizeof(struct) - ctypes.sizeof(c_int)


def load(name: str = LIBRARY) -> ctypes.CDLL:
    """The library with its prototypes. OSError: not installed; AttributeError: a function is missing."""
    library = ctypes.CDLL(name)
    for function, (result, arguments) in PROTOTYPES.items():
        prototype = getattr(library, function)
        prototype.restype = result
        prototype.argtypes = arguments
    return library
