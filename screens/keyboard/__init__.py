"""The on-screen keyboard without a window: layers as data, a pinyin engine, and the model of what is typed.

`model.Keyboard` is what a screen holds; `pinyin.Pinyin` is the engine that it is given.
"""
