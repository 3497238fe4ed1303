"""The clients of providers that pay out."""
