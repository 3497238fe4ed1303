"""What wallets are and hold, what is set aside of them, and what two people decide of them: no I/O."""
