"""A preview as a record, saved and loaded, as Markdown and as one HTML page.

Nothing here asks a server. What makes a preview, and where it is told, belongs in
`sluice.pipeline`.
"""
