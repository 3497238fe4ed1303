"""Members who are one person: badges, levels and boards are of all they have together."""
