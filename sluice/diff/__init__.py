"""What differs, as records: pure, and shared by plans, drift and reports.

What asks a cluster belongs in `sluice.plan` and `sluice.drift`.
"""
