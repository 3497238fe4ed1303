"""What points are worth: liability and breakage by vintage, day and lot, by a policy of two people."""
