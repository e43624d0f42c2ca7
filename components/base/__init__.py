"""What each component is made of: its parent, its objects, its patches, where it was written."""
