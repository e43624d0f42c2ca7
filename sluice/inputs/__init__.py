"""What a program reads, noted, so that the same is not run again."""
