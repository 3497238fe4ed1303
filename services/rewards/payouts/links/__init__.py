"""Members who are paid to one account, told without the account."""
