"""Members who may be one person: suggested to people, who say whether they are."""
