"""A real process that commits one item and is killed in the middle: `directory item_id step`."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from tests.offline_queue.terminal import TerminalKit, draft


def main() -> None:
    directory, item_id, fatal_step, signing_hex, sealing_hex = sys.argv[1:]
    kit = TerminalKit(
        Path(directory), signing_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing_hex))
    )
    from offline_queue.seal import SealingKey

    public = X25519PublicKey.from_public_bytes(bytes.fromhex(sealing_hex))
    outbox = kit.open(sealing_key=SealingKey("seal-1", public))

    def die(step: str) -> None:
        if step == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    outbox.commit(draft(id=item_id, nonce=uuid.UUID(item_id).bytes), die)


if __name__ == "__main__":
    main()
