"""Members' cards, as everybody may see them: to embed, as a picture, and for a program."""
