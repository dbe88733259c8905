"""Browsers, none of them started: which are installed, which is the default, and what policies prescribe to them."""
