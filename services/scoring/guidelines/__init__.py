"""Guidelines: what is reported, decided and appealed against, what follows from it, and who accepted them."""
