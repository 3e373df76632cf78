"""Adds tables of rows that the generator does not write."""
