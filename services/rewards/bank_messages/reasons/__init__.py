"""Why banks send money back, and what of the payee's bank details that speaks against."""
