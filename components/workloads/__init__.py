"""Applications, and how they are scaled and rolled out."""
