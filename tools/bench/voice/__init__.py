"""The voice measured: calls to a page and over SIP, echo, many calls in a row, and noise at its doors."""
