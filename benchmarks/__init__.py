"""Speed and accuracy against peers and published cases; never imported by src/."""
