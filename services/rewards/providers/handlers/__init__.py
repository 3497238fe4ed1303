"""How providers are asked."""
