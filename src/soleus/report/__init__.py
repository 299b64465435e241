"""An assessment as text or HTML; computes nothing."""
