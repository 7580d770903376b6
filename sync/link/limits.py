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
        request_ms, request_max_ms: a request without an answer is made again after this, doubling up to the maximum.
        parts_ms: longest wait for the next part of a list that has begun to arrive (`follower`).
        window: journal rows sent ahead of the core's acknowledgement.
        resend_ms: without an acknowledgement for this long, rows are sent again from the first unacknowledged one.
        late_ms: a row that was sent this long ago and is not acknowledged is an alarm (design §3).
        refuted_ms, refuted_max_ms: after a snapshot that contradicts what the core signed before, it is asked again after
            this, doubling up to the maximum.
        range_rows: most rows sent in answer to one request for a range.
        silence_ms, silence_max_ms: connected without a proof for this long, the next broker is tried; in vain, the limit
            doubles each time, up to the maximum (`silence`). Below `fresh_ms`, so that a dead link is left within it.
        claim_ms: a claim without an answer is made again after this: twice within the second that design §3 allows.
        alarm_ms: the same alarm is not raised again before this.
        revert_ms: a mode set from the centre without a limit of its own reverts after this.
        ahead_ms: a command issued this far ahead of the core's time as known here is refused.
        command_ms: a command that would be good for longer than this is refused: what is remembered stays bounded.
        samples: telemetry kept while it cannot be sent; the oldest is shed first.
        part_bytes: of a picture in one message at most; fewer on a slow link.
        picture_rate: bytes of pictures a second at most. After each part the lane also waits as long as its answer
            took, so that pictures never take more than half of a slow link.
        picture_wait_ms, picture_wait_max_ms: an unanswered part or offer is offered anew after this, doubling up to
            the maximum.
        drift_ppm: how far a clock's crystal may run off, in millionths, for the core time's uncertainty.
        clock_ms: a core whose time is off by more than this is not believed (`core_clock`). A leap second, an NTP step
            after a restart and a pause of the core's machine for some seconds pass; a bundle's half hour moves by no
            more than a hundred and eightieth. A kernel calls its clock kept for nine hours after its time source is lost
            (until its own bound, which grows by 500 millionths, is 16 s); two crystals run 6.4 s apart in that time.
    """

    nonce_ms: int = 1_000
    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    grace_ms: int = 400
    request_ms: int = 2_000
    request_max_ms: int = 16_000
    parts_ms: int = 60_000
    window: int = 64
    resend_ms: int = 1_000
    late_ms: int = 10_000
    refuted_ms: int = 10_000
    refuted_max_ms: int = 300_000
    range_rows: int = 500
    silence_ms: int = 2_800
    silence_max_ms: int = 60_000
    claim_ms: int = 500
    alarm_ms: int = 60_000
    revert_ms: int = 3_600_000
    ahead_ms: int = 1_000
    command_ms: int = 3_600_000
    samples: int = 6
    part_bytes: int = 16 << 10
    picture_rate: int = 64 << 10
    picture_wait_ms: int = 5_000
    picture_wait_max_ms: int = 60_000
    drift_ppm: int = 100
    clock_ms: int = 10_000

    def __post_init__(self) -> None:
        if not 0 < self.nonce_ms < self.fresh_ms <= self.offline_ms:
            raise ValueError(
                f"link limits: nonce_ms {self.nonce_ms} < fresh_ms {self.fresh_ms} <= offline_ms {self.offline_ms} "
                "must hold; correct the lane's configuration"
            )
