"""When windows run: the schedule's first window, and how far it looks back after a pause."""
