"""CEL as text: tokens, the tree that they make, and the text of a tree."""
