"""Images that follow a policy, and the automations that keep them current."""
