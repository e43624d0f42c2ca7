"""`Environment`, its members, and how a program deploys it."""
