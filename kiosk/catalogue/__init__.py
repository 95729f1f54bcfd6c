"""What a terminal can do for a resident: signed service definitions, their rules and their checks.

`load.load_catalogue` reads a directory; `model` is the shape of one definition; `rules` decides
conditions in three values; `answers` judges what was filled in; `lint` and `fixtures` judge a
definition before anybody sees it; `signature` says who published it.
"""
