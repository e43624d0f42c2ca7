"""How fast Sluice is, measured in one run against what a user would use instead.

What belongs here: making the same work for each tool, timing it, and reporting
it. What does not: anything that makes Sluice faster, which belongs where the
time is spent.
"""
