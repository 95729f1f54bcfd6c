"""A PKCS#11 token: SoftHSM behind a module that misbehaves as it is told (`faulty_module.c`)."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from drivers.contract import Device, Ok
from drivers.token.pkcs11_token import Pkcs11Authenticator
from tests.drivers.rigs.child import end_child
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.token import soft_tokens
from tests.drivers.waiting import wait_until

GUEST = "a token comes and goes as a card does and leaves the module fine: test_pkcs11_token.py"
MODULE = "module.so"
DEADLINE_S = 2.0
FAULTS = ("slow", "silent", "garbled")


@functools.cache
def made() -> tuple[Path, soft_tokens.Issuer]:
    """A folder with one token and the module, made once and copied for each rig."""
    folder = Path(tempfile.mkdtemp(prefix="token-rig-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    issuer = soft_tokens.new_issuer()
    soft_tokens.make(folder, "ec", "ec", issuer)
    compiler = shutil.which("gcc")
    assert compiler, "set-up installs gcc"
    source = Path(soft_tokens.__file__).with_name("faulty_module.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", f'-DREAL="{soft_tokens.module()}"', "-o", folder / MODULE, source],
        check=True,
    )
    return folder, issuer


class TokenRig(Rig):
    cannot: ClassVar = dict.fromkeys((Verb.PLUG, Verb.UNPLUG, Verb.REPLUG_ELSEWHERE), GUEST)

    def __init__(self) -> None:
        folder, self._issuer = made()
        self._folder = Path(tempfile.mkdtemp(prefix="token-rig-"))
        shutil.copytree(folder / "tokens", self._folder / "tokens")
        shutil.copy(folder / MODULE, self._folder / MODULE)
        soft_tokens.configure(self._folder)
        self._token: Pkcs11Authenticator | None = None

    @property
    def module(self) -> Path:
        return self._folder / MODULE

    def driver(self) -> Pkcs11Authenticator:
        self._token = Pkcs11Authenticator(
            str(self.module), "jiujin:0142", (self._issuer.der,), deadline_s=DEADLINE_S
        )
        return self._token

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """Sign a challenge; the long one takes most of its deadline."""
        assert isinstance(device, Pkcs11Authenticator)
        (self._folder / "busy").unlink(missing_ok=True)
        self._set("long", on=long)
        listed = device.tokens()
        if not isinstance(listed, Ok) or not listed.value:
            return False
        return isinstance(device.authenticate(listed.value[0], soft_tokens.PIN, "contract"), Ok)

    def wait_busy(self) -> bool:
        return wait_until((self._folder / "busy").exists)

    def restart_service(self) -> None:
        """The child process that holds the module, ended from outside."""
        assert self._token is not None
        end_child(self._token._worker.pid)

    def garble(self) -> None:
        self._set("garbled")

    def slow(self) -> None:
        self._set("slow")

    def silence(self) -> None:
        self._set("silent")

    def heal(self) -> None:
        for fault in FAULTS:
            self._set(fault, on=False)

    def close(self) -> None:
        shutil.rmtree(self._folder)

    def _set(self, fault: str, *, on: bool = True) -> None:
        if on:
            (self._folder / fault).touch()
        else:
            (self._folder / fault).unlink(missing_ok=True)
