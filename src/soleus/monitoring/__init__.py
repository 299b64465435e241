"""What repeated records say about a person: change told from noise, and what cannot be told yet."""
