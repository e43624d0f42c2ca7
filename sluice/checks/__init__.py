"""What `sluice check` finds on the machine, in a stack and on Gitea, and how each is mended."""
