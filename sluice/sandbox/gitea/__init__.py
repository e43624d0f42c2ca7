"""The sandbox's Gitea and its runner: their configuration, processes and first accounts."""
