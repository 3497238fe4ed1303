"""Whether a word to members does what it is meant to: those who got it beside those who were held out."""
