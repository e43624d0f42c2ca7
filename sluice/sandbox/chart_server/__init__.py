"""The sandbox's chart repository: its charts, and the server that hands them out."""
