"""Approvals: what one person proposes and another puts in force, such as policies that apply from a day on."""
