"""ONNX models on one core, with nothing reported to the runtime's maker."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any


class ModelError(RuntimeError):
    """A model cannot be loaded; the message names its file and what is wrong with it."""


def file_hash(path: Path) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def session(model: Path) -> Any:
    """An `onnxruntime.InferenceSession` of the file, on the processor, with one thread. `ModelError`."""
    # Its official builds report to their maker and keep a device number in the user's cache
    # unless told not to before the import. A terminal reports to its centre and to nobody else.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no class of their own above them
        what = "is damaged" if model.is_file() else "is not here"
        message = f"{model.name} {what} ({type(error).__name__})"
        raise ModelError(message) from error
