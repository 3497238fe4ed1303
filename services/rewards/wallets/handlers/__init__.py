"""Setting aside, spending and giving back; deciding about wallets; taking in what was told of them."""
