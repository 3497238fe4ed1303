"""What comes with badges, levels and quests: a reward for nothing, once, or a ticket in a draw."""
