"""The limits' own thinking: windows, what stands in one within another, and what each claim gets of them."""
