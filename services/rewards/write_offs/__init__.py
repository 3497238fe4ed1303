"""Write-offs: debts of members that two people let them keep, or have them owe again."""
