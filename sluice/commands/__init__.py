"""The verbs of the command, one module a verb: arguments in, a table or JSON out.

What a verb does belongs in the room of its subject.
"""
