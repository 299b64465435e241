"""The same assessment for millions of rows: a register in, one row of answers for each person out."""
