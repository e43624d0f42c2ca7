"""What stacks leave open, the locks that answer it next, and promotion.

The form of a lock is `components.lib.locks`'.
"""
