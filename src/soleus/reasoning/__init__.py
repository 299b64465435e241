"""Compile the evidence and reason over it, exactly."""
