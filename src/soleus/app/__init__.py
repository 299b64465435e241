"""The rooms that know a terminal or a port."""
