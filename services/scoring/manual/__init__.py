"""Points that a person gives or takes by hand, for a reason that the programme names."""
