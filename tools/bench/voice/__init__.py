"""The voice measured: calls to a page and over SIP, many calls in a row, and noise at its doors."""
