"""Child processes that do what a community's text can make slow, with a limit that the kernel holds."""
