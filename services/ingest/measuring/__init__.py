"""Texts are measured where they come in, and stay here: their length, links, language and sentiment travel."""
