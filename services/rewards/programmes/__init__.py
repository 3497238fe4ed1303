"""The rewards section of each published programme, and the version in force."""
