"""Badges that ask for several things, are limited, given by hand or taken back, and what each looks like."""
