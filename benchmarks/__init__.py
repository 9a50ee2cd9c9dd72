"""Commands that print figures: ratios within one run count, absolute times on a shared machine do not."""
