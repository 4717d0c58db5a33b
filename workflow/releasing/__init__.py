"""Changing the rules: a proposal by one person, the release by another, and what that changes in words."""
