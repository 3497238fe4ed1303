"""What a bank answers, by ISO 20022: statements (camt.052, .053, .054) and status reports (pain.002).

Pure: bytes in, values out. Rewards reads them, and `plaudit bank try` shows what would be read, without a stack.
"""
