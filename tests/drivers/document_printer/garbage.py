"""Something that listens where a printer should, and is none."""

from __future__ import annotations

import socket
import threading


class Garbage:
    """Answers every connection with `answer` and hangs up."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ipp://127.0.0.1:{self._listener.getsockname()[1]}/ipp/print"
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        while True:
            try:
                taken, _address = self._listener.accept()
            except OSError:
                return
            with taken:
                taken.recv(65536)
                taken.sendall(self._answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
