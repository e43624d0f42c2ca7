"""How people and shells are spoken to: options, tables, progress, completion.

What a verb does belongs in the room of its subject.
"""
