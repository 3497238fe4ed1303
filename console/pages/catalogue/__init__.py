"""The catalogue for whoever runs it: rewards, codes of vouchers, and links that give rewards."""
