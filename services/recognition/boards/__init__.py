"""Boards that programmes declare: members by a score of a period, with places, results and prizes."""
