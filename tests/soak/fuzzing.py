"""What the fuzzers share: the command line, the beginnings, the one sure end. atheris is libFuzzer."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

SEEDS = 200
SHORTEST, LONGEST = 4, 300


@dataclass(slots=True)
class Report:
    """Heirs count what else was done; `failure` is the first finding with its program."""

    bytes: int = 0
    seconds: float = 0.0
    failure: str = ""


R = TypeVar("R", bound=Report)


def no_head(_number: int) -> bytes:
    return b""


def run(
    report: R,
    examine: Callable[[bytes, R], None],
    prepare: Callable[[Callable[..., Any]], None],
    *,
    doc: str,
    default_bytes: int,
    longest_program: int,
    head: Callable[[int], bytes] = no_head,
) -> None:
    """Ends the process after `--bytes` bytes; exit code 1 with the program that failed.

    `prepare` gets `atheris.instrument_func` and wraps what is examined. `head`: what the beginning of
    a number begins with.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--bytes", type=int, default=default_bytes)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    import atheris  # heavy, and not there in every Python that runs the suite

    prepare(atheris.instrument_func)
    folder = tempfile.mkdtemp(prefix="fuzz-")
    began_s = time.monotonic()

    def finish(code: int) -> None:
        report.seconds = round(time.monotonic() - began_s, 1)
        words = json.dumps(asdict(report)) if given.json else str(report)
        sys.stdout.write(words + "\n")
        sys.stdout.flush()
        shutil.rmtree(folder)
        os._exit(code)  # libFuzzer has no other end that keeps quiet

    def one(data: bytes) -> None:
        try:
            examine(data, report)
        except Exception as error:  # noqa: BLE001 - anything at all is a finding
            report.failure = f"{type(error).__name__}: {error}; program {data.hex()}"
            finish(1)
        if report.bytes >= given.bytes:
            finish(0)

    for number, beginning in enumerate(_beginnings(given.seed)):
        Path(folder, f"{number}").write_bytes(head(number) + beginning)
    options = [
        f"-seed={given.seed}", f"-max_len={longest_program}", "-verbosity=0", f"-artifact_prefix={folder}/",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, folder], one)
    atheris.Fuzz()


def _beginnings(seed: int) -> Iterator[bytes]:
    dice = random.Random(seed)  # noqa: S311 - a beginning that can be repeated
    for _ in range(SEEDS):
        yield dice.randbytes(dice.randint(SHORTEST, LONGEST))
