"""Load and check the evidence; understand plain words."""
