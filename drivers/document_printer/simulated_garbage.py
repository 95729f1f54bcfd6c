"""Something that listens where a printer should, and is none. For the demo and the tests."""

from __future__ import annotations

import socket
import threading

NO_HTTP = b"\xff" * 600
_HEAR_S = 1.0


class Garbage:
    """Answers every connection to `port` (0: a free one) of loopback with `answer` and hangs up."""

    def __init__(self, answer: bytes = NO_HTTP, port: int = 0) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", port))
        self.uri = f"ipp://127.0.0.1:{self._listener.getsockname()[1]}/ipp/print"
        self._thread = threading.Thread(target=self._talk, name="simulated-garbage", daemon=True)
        self._thread.start()

    def _talk(self) -> None:
        while True:
            try:
                taken, _address = self._listener.accept()
            except OSError:
                return
            with taken:
                taken.settimeout(_HEAR_S)
                try:
                    taken.recv(65536)
                    taken.sendall(self._answer)
                except OSError:
                    continue  # who asked said nothing, or went away

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
