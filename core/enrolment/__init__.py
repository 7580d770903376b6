"""Who is who: the certificate authority, the lanes' and the core's keys, and when each ends."""
