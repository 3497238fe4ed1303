"""Points that come with badges, levels and quests: given once for each grant, and taken back with it."""
