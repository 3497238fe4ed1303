"""Providers of goods: gift cards are ordered from them by one small contract, whoever they are."""
