"""What members and the community reached, celebrated once and for ever: kept, told, shown and reacted to."""
