"""Payout policies, whose points are not paid yet, and what checks keep back."""
