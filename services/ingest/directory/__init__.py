"""Members as somebody looks for them: by a name, a handle or what they are."""
