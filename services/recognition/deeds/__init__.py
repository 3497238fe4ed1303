"""When exactly members did what quests go by."""
