"""The real central platform as a process of its own, for the demo and for rehearsals."""

from __future__ import annotations

import json
import select
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

from kiosk.bench.child import Child

HEARTBEAT_S = 10
"""Who tears the network on the bench wants to see it noticed; a county asks for 300 s."""
READY_S = 30.0
"""On two slow cores with other work."""


class CentreNotStartedError(Exception):
    """The centre did not come up; the text holds what it said."""


class Centre:
    """`python main.py central` on a free port of 127.0.0.1 with a SQLite file; `options` are the command's."""

    def __init__(self, project: Path, database: Path, trust: Path, log: Path, *options: str) -> None:
        self._ca = trust / "ca.pem"
        self._child = Child(
            [
                sys.executable,
                str(project / "main.py"),
                "central",
                "--database",
                f"sqlite:///{database}",
                "--trust",
                str(trust),
                "--port",
                "0",
                "--heartbeat",
                str(HEARTBEAT_S),
                "--simulated-departments",
                "--find-person-page",
                *options,
                "--json",
            ],
            log=log,
            cwd=project,
            environment={"PYTHONUNBUFFERED": "1"},
            read_stdout=True,
        )
        self.pid = self._child.pid
        # A line is written whole: once there is something to read, the line is there.
        readable, _, _ = select.select([self._child.stdout], [], [], READY_S)
        line = self._child.stdout.readline() if readable else b""
        try:
            ready = json.loads(line)
        except json.JSONDecodeError as error:
            self.close()
            message = f"the centre said nothing usable at its start; see {log.name}"
            raise CentreNotStartedError(message) from error
        self.url: str = ready["url"]
        self.ops_url: str = ready["ops"]
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))

    def metric(self, name: str) -> int:
        """One number of /metrics, summed over its labels."""
        with self._get("/metrics") as answer:
            lines = answer.read().decode().splitlines()
        values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name]
        if not values:
            message = f"/metrics has no {name}"
            raise LookupError(message)
        return int(sum(values))

    def case_state(self, code: str) -> str | None:
        """The state that the centre gives for a code; None when it knows none."""
        try:
            with self._get(f"/v1/cases/{code}") as answer:
                return str(json.load(answer)["state"])
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def _get(self, path: str):  # type: ignore[no-untyped-def]
        context = ssl.create_default_context(cafile=str(self._ca))
        return urllib.request.urlopen(self.url.rstrip("/") + path, timeout=10, context=context)  # noqa: S310 - https on loopback

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def close(self) -> None:
        """End the process that was started here; may be called twice."""
        self._child.end()
