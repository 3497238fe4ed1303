"""Nominations: rounds that whoever runs the community declares, in which members nominate and vote."""
