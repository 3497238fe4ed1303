"""Links that give a reward: signed, for so many people, each once, until they end or somebody revokes them."""
