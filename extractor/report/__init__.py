"""A document made readable for people."""
