"""Members' cards, as everybody may see them: as a picture, and for a program."""
