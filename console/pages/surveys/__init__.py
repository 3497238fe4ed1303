"""Surveys: a link that is answered without signing in, what a member is asked, and what surveys say."""
