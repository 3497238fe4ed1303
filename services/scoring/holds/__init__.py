"""Awards of suspicious origin: members are looked at, awards held, and released or denied by people."""
