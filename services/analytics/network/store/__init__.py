"""The SQL of ties."""
