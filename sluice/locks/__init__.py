"""The next lock of a stack: ranges and policies resolved anew, proposed to Git, promoted.

The form of a lock is `components.lib.locks`'.
"""
