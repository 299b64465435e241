"""In and out: case files."""
