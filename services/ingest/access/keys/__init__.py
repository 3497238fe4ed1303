"""Access keys: issued for a person, listed, rotated and revoked, and told to every service."""
