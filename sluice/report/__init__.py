"""A preview as a record, as Markdown and as one HTML page: pure.

What makes a preview, and where it is told, belongs in `sluice.pipeline`.
"""
