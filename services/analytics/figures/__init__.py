"""Figures as they are now, beside what people noted and decided on them."""
