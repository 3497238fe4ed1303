"""The scorecard of the twelve practices: is the community cared for, and what is to be done where it is not."""
