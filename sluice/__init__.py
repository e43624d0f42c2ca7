"""What moves the platform: the command and the steps of the pipeline.

What can be declared belongs in `components`, what is declared in `stacks`.
"""
