"""Several centres of one database behind nginx, all on loopback, all ended with the block."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.central.conftest import PROJECT
from tests.drivers.waiting import wait_until

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_max_body_size 9m; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream centre {{ {servers} }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {trust}/centre_tls.pem; ssl_certificate_key {trust}/centre_tls.key;
    location / {{ proxy_pass https://centre; proxy_ssl_verify on; proxy_ssl_trusted_certificate {trust}/ca.pem;
      proxy_ssl_name localhost; proxy_connect_timeout 2s; }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Process:
    """`main.py central` on a fixed port; `kill` comes from outside, `start` brings another one."""

    def __init__(self, address: str, trust: Path) -> None:
        self.port = free_port()
        self._command = [
            sys.executable, str(PROJECT / "main.py"), "central", "--database", address, "--trust", str(trust),
            "--port", str(self.port), "--json",
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["url"].endswith(f":{self.port}")

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    close = kill


@contextmanager
def front(centres: list[Process], trust: Path, folder: Path) -> Iterator[str]:
    """The address of nginx, which hands requests to these centres in turn."""
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{centre.port} max_fails=0;" for centre in centres)
    text = NGINX.format(folder=folder, servers=servers, port=port, trust=trust)
    (folder / "nginx.conf").write_text(text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as running:
        try:
            assert wait_until(lambda: _listens(port)), (folder / "error.log").read_text()
            yield f"https://127.0.0.1:{port}"
        finally:
            running.terminate()


@contextmanager
def centres(count: int, address: str, trust: Path) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            made.append(Process(address, trust))
            stack.callback(made[-1].kill)
        yield made


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
