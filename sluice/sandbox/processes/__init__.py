"""Processes that outlive the command: started, watched, stopped, on ports of their own."""
