"""Charts, images and other sources: what there is of them, and how it is fetched.

What was resolved of them is written in `components.lib.locks`; nothing here decides when.
"""
