"""What a pipeline's job does: preview a stack, report on a pull request, hold a merge to it.

How Gitea is spoken to is `sluice.gitea`'s; when a job runs is the workflows'.
"""
