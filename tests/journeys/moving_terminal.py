"""The patient terminal, which also announces the movement that its screen asks for: what a resident reads there.

The announcements of a terminal hold no words of the screen; this is a test's terminal alone. Patience here is for
the time between two frames as well, which on a machine with much else to do would end the look.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from drivers.face.liveness import continuity
    from kiosk.journey.present.face_words import PROMPT_WORDS
    from kiosk.journey.view import Preview, View, action
    from screens import announce
    from screens.scene import Scene
    from tests.journeys import patient_terminal

    plain = announce.described

    def described(view: View, scene: Scene) -> dict[str, object]:
        """`movement`: what is asked, "" for nothing; left out while other words stand in its place."""
        captions = {block.caption for block in view.blocks if isinstance(block, Preview)}
        asked = [prompt.value for prompt, words in PROMPT_WORDS.items() if words in captions]
        if action(view, "other_movement") is None:
            asked = [""]
        return plain(view, scene) | ({"movement": asked[0]} if asked else {})

    announce.described = described
    continuity.GAP_MAX_S = patient_terminal.PATIENCE_S
    patient_terminal.run()
