"""Whether what was promised held, from files only (`history`).

| promise | how it is checked |
|---|---|
| nothing is lost | each journal row is at the core, byte for byte, and the other way round, under all names it had |
| in order, once in effect | the core's rows are one chain from 1; what it made of them is made again here, and is equal |
| a release rests on the signed log | its list is a version of that log; each bundle stands there as the lane had it |
| a release is in time | each bundle used was good at that moment, whatever time the core itself named |
| no release against a hold | no hold or inspect code that was signed more than 3 s before and still stood |
| no release while not fresh | a proof was delivered for a nonce that had left the lane less than 3 s before |
| no picture before its row | each "Clearance Completed" painted is a row of the journal |
| a release is withdrawn | once the lane has been handed a hold of that vehicle, 3 goes |
| the other vehicle's answer | Immigration's answer for the one before releases nobody; nor does anything under a bypass |
| 3 goes with its vehicle | it ends with the edge of the way-out loop, however close the next one stands |
| no row leaves too early | what a delta forgets was in the list, and could stop nobody any more |
| nothing signed is lost | each delta that a lane keeps is in the core's log, whatever copy was put back |
| what was acknowledged stays | of two cores and two servers: the signed log and the tables have it |
| one core proves at a time | between two cores' proofs no lane could believe both |
| the lists are equal | rows counted again on both sides: version and state hash |
| manual mode in time | no proof for 5 s by the cable, and the lane was offline within its bound |
| only the core's orders are carried out, each once | no forged order was carried out; no message was shown twice |

Rules of this file: a finding names the lane, the row or the time, and what is wrong, for a maintainer.
3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from tools.torture.check_centre import check_handovers, check_recovery, check_requests
from tools.torture.check_delivery import check_codes, check_delivery, check_log, check_orders, check_uses
from tools.torture.check_link import accepted_proofs, check_manual
from tools.torture.check_releases import check_followers, check_late_answers, check_paint, check_releases, check_times
from tools.torture.history import RunHistory
from tools.torture.signed import SignedLog
from tools.torture.verdict import Bounds, RunVerdict


def check(history: RunHistory, bounds: Bounds) -> RunVerdict:
    """Everything in the table above."""
    verdict = RunVerdict()
    signed = SignedLog(history.core.log, history.offset_ms)
    check_log(history.core, bounds, verdict)
    verdict.forgotten = signed.forgotten
    for flaw in signed.forgot_too_much:
        verdict.find("unsafe_releases", flaw)
    for lane in history.lanes:
        check_delivery(lane, history, verdict)
        check_codes(lane, history.core, verdict)
    for lane in (*history.lanes, *history.boxes):
        proofs = accepted_proofs(lane.wire, bounds)
        check_orders(lane, verdict)
        check_releases(lane, signed, proofs, bounds, verdict)
        check_times(lane, signed, verdict, history)
        check_late_answers(lane, history, verdict)
        check_followers(lane, bounds, history, verdict)
        check_paint(lane, signed, bounds, verdict)
        check_manual(lane, proofs, bounds, verdict, history)
    check_uses(history, verdict)
    check_requests(history, signed, verdict)
    check_handovers(history, bounds, verdict)
    check_recovery(history, verdict)
    return verdict
