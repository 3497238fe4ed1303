"""The SQL of limits: claims, the windows that they have room in, and whose limits are locked."""
