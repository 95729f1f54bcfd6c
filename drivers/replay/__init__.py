"""A recorded session again: the far end of each wire answers as it did then, the real driver asks.

Recordings hold no person, so a card's fields come back as stars or zeros; what replays is how the
wire and the device behaved: status words, delays, losses, silence.
"""
