"""A population with and without night cramps: fitted from a public survey, and held to account on other people."""
