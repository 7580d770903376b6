"""Every duration and size of the link, with its reason. Milliseconds throughout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the link waits for what.

    Attributes:
        nonce_ms: a new nonce is sent this often (design §3: each second).
        fresh_ms: an equal proof counts for this long from when its nonce was *sent* (design §3).
        offline_ms: without any proof for this long, counted likewise, the lane is offline (design §2.8).
        grace_ms: a head ahead of ours is given this long to arrive by itself before it is asked for.
        request_ms, request_max_ms: a request without progress is made again after this, doubling up to the maximum.
        window: journal rows sent ahead of the core's acknowledgement.
        resend_ms: without an acknowledgement for this long, rows are sent again from the first unacknowledged one.
        range_rows: most rows sent in answer to one request for a range.
        walk_ms: connected without a proof for this long, the next broker is tried.
        alarm_ms: the same alarm is not raised again before this.
        revert_ms: a mode set from afar without a limit of its own reverts after this.
        ahead_ms: a command issued this far ahead of the core's time as known here is refused.
        drift_ppm: how far the box's monotonic clock may run off, in millionths, for the core time's uncertainty.
    """

    nonce_ms: int = 1_000
    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    grace_ms: int = 400
    request_ms: int = 2_000
    request_max_ms: int = 16_000
    window: int = 64
    resend_ms: int = 3_000
    range_rows: int = 500
    walk_ms: int = 15_000
    alarm_ms: int = 60_000
    revert_ms: int = 3_600_000
    ahead_ms: int = 1_000
    drift_ppm: int = 100

    def __post_init__(self) -> None:
        if not 0 < self.nonce_ms < self.fresh_ms <= self.offline_ms:
            raise ValueError(
                f"link limits: nonce_ms {self.nonce_ms} < fresh_ms {self.fresh_ms} <= offline_ms {self.offline_ms} "
                "must hold; correct the lane's configuration"
            )
