"""What waits and how it goes: the first page of whoever looks after a community."""
