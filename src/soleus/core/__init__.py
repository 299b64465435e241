"""What all rooms share: cases, facts, assessments, problems."""
