"""Members are nominated and voted for: in rounds with an end, one vote a person, counted before everybody."""
