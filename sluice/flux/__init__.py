"""What is declared, as Flux would have it: the objects of `sluice export`."""
