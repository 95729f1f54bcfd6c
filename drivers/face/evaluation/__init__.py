"""How well the terminal tells people apart, measured on a folder of pictures.

`data_set` reads the folder, `drivers.face.card_photos` makes of a portrait what a card holds of it, `enrolment`
embeds every picture as the terminal does, `comparisons` pairs them, `rates` and `rule` count the
errors, `intervals` says how far such a count can be trusted.
"""
