"""Scenarios of rows 17 to 22 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
17 no time of the core, no release
    do:     ready records:live+no-time arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 deciding
17 crossing is allowed from the earliest minute on
    do:     ready records:begins-now arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   begins-now
    ends:   17 stands
17 a bundle in its last minute
    do:     ready records:nearly-over arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   nearly-over
    ends:   17 stands
17 a date-only valid-until lasts to the last minute of the Hong Kong day
    do:     ready records:midnight clock:479 arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   midnight
    ends:   17 stands
17 laden and all codes release
    do:     ready records:live arrive immigration read cleared leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
17 several CCRNs, all release
    do:     ready records:several arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   several
    ends:   17 stands
17 several bundles, all release, all used
    do:     ready records:live+several arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live several
    ends:   17 stands
17 the read may come last
    do:     ready records:live arrive immigration cleared read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    ends:   17 stands
17 without the core's receipt there is no release, and at the limit the vehicle is the officer's
    do:     ready records:live core:silent arrive immigration read cleared wait:5
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
17 the receipt may come last
    do:     ready records:live core:silent arrive immigration read cleared grant
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 a bundle that another lane has claimed is the officer's
    do:     ready records:live core:refuses arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: ClaimRefused AtOfficer
    ends:   8 at the officer
17 a refusal stands, whatever is answered afterwards
    do:     ready records:live core:refuses arrive immigration read grant cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: ClaimRefused AtOfficer
    ends:   8 at the officer
17 a receipt for the visit before releases nobody
    do:     ready records:live core:silent arrive immigration read cleared grant-of-before
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 claiming
17 a receipt from another life of the core's log releases nobody
    do:     ready records:live core:silent arrive immigration read cleared grant-other-epoch
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 claiming
17 a receipt for other bundles releases nobody
    do:     ready records:live core:silent arrive immigration read cleared grant-other-bundles
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 claiming
17 a second bundle is claimed too, and the receipt for the first is not enough
    do:     ready records:live core:silent arrive immigration read grant change:live+several cleared grant-first
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 claiming
17 with the receipt for both bundles it is released
    do:     ready records:live core:silent arrive immigration read grant change:live+several cleared grant
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live several
    ends:   17 stands
17 a receipt that comes after the limit releases nobody
    do:     ready records:live core:silent arrive immigration read cleared wait:5 grant
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
17 inspect needs no receipt
    do:     ready records:live core:silent arrive immigration read change:live+mixed cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    notes:  SentToCompound
    uses:   live mixed
    ends:   9 stands
17 an officer's release needs no receipt
    do:     ready records:live core:silent arrive immigration read cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH OFFICER DONE
    notes:  ReleasedByOfficer
    uses:   live
    ends:   7 stands
17 laden drops the manifest first
    lane:   manifest
    do:     ready records:live arrive immigration read cleared drop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST WATCH DONE
    uses:   live
    ends:   17 stands
17 a laden manifest never dropped goes to the officer
    lane:   manifest
    do:     ready records:live arrive immigration read cleared wait:30
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
17 a manifest of the driver before counts for nobody
    lane:   manifest
    do:     ready records:live arrive immigration read cleared late:drop_box
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST
    ends:   17 laden: drop manifest
17 an unconfirmed screen holds 3 back
    do:     ready records:live screens:xdb arrive immigration read cleared wait:2
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH OFFICER
    alarms: FaultRaised Fault
    ends:   21 fault
17 3 waits for both screens to confirm what went before
    do:     ready records:live screens: arrive paint:xdb+aiop immigration paint:xdb+aiop read cleared paint:xdb paint:aiop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 3 not confirmed within 500 ms is taken back
    do:     ready records:live arrive immigration read screens:xdb cleared paint:aiop wait:0.5
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: FaultRaised Withdrawn Fault
    uses:   live
    ends:   21 fault
17 a late confirmation of an older scene does not count
    do:     ready records:live arrive immigration screens: cleared read paint-before wait:0.2
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH
    ends:   17 deciding
17 3 has its time
    do:     ready records:live arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Overdue Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
17 a bundle this visit has used is still its own
    do:     ready records:ours arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   ours
    ends:   17 stands
17 a fault takes 3 back
    do:     ready records:live arrive immigration read cleared fault:camera
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: FaultRaised Withdrawn Fault
    uses:   live
    ends:   21 fault
17 a fault in the visit leaves it to the officer
    do:     ready records:live arrive immigration read fault:reader works:reader cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: FaultRaised Fault AtOfficer
    ends:   8 at the officer
17 losing freshness after 3 leaves it
    do:     ready records:live arrive immigration read cleared link:stale
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 with the code book at fault no officer's release is shown
    do:     ready records:live book:broken arrive immigration read cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: FaultRaised Fault
    ends:   21 fault
17 an unreadable code book that works again
    do:     ready records:live book:broken arrive immigration read cleared book:works works:codes release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER DONE
    alarms: FaultRaised Fault AtOfficer
    uses:   live
    notes:  ReleasedByOfficer
    ends:   7 stands
17 a decision that does not come goes to the officer
    lane:   slow
    do:     ready records:live screens:xdb arrive immigration read cleared wait:16
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
17 the hold of another vehicle changes nothing
    do:     ready records:live arrive immigration read cleared other-hold
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 the hold of a neighbour takes 3 back
    do:     ready records:live arrive immigration read cleared neighbour-hold
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
17 another vehicle's hold before the read changes nothing
    do:     ready records:live arrive neighbour-hold immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 without the core's time no manifest is asked for
    lane:   manifest
    do:     ready records:live+no-time arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 deciding
18 a scheme consignment shows nothing special
    do:     ready records:scheme arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   scheme
    ends:   17 stands
19 the socket may be lost while the proof holds
    do:     ready records:live arrive immigration read link:fresh cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
20 not fresh: the driver waits, then the officer
    do:     ready records:live arrive immigration read cleared link:fresh leave arrive link:stale immigration read cleared wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue NotFresh
    uses:   live
    ends:   20 unknown while not fresh
20 fresh again in time
    do:     ready records:live arrive link:stale immigration read cleared link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    ends:   17 stands
20 fresh again too late
    do:     ready records:live arrive link:stale immigration read cleared wait:10 link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue NotFresh AtOfficer
    ends:   8 at the officer
20 offline inside a visit
    do:     ready records:live arrive link:offline immigration read cleared wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue NotFresh
    ends:   20 unknown while not fresh
20 the next vehicle after the link was lost is handled by hand
    do:     ready link:offline records:live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    ends:   7 manual
20 stale leaves the next vehicle automatic
    do:     ready link:stale link:fresh records:live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
20 back on line the next vehicle is automatic again
    do:     ready link:offline link:fresh records:live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
20 an early bundle found while stale, then fresh
    do:     ready records:early link:stale link:fresh arrive link:stale immigration read cleared link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH EARLY
    alarms: EarlyArrival
    ends:   14 early
21 a fault shows the officer's face
    do:     ready fault:camera
    shows:  OFFICER
    alarms: FaultRaised
    ends:   21 fault
21 a fault stops an automatic visit
    do:     ready records:live arrive immigration read fault:camera cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: FaultRaised Fault
    ends:   21 fault
21 a vehicle that comes during a fault is the officer's
    do:     ready fault:reader records:live arrive works:reader immigration read cleared
    shows:  OFFICER STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: FaultRaised Fault ManualVisit
    ends:   7 manual
21 after the fault the next vehicle is automatic
    do:     ready fault:clock works:clock records:live arrive immigration read cleared
    shows:  OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: FaultRaised
    uses:   live
    ends:   17 stands
21 manual mode lasts until the last fault is gone
    do:     ready fault:clock fault:camera works:clock arrive cleared leave works:camera records:live arrive immigration read cleared
    shows:  OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: FaultRaised FaultRaised Fault RunThrough
    uses:   live
    ends:   17 stands
21 the store at fault shows 3 to nobody
    do:     ready records:live arrive immigration read cleared fault:store release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: FaultRaised Withdrawn Fault
    uses:   live
    ends:   21 fault
21 a hash mismatch needs the codes verified again
    do:     ready fault:codes works:codes records:live arrive immigration cleared read
    shows:  OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: FaultRaised ManualVisit
    ends:   7 manual
21 and is automatic once they are
    do:     ready fault:codes works:codes verified records:live arrive immigration cleared read
    shows:  OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    alarms: FaultRaised
    uses:   live
    ends:   17 stands
21 a screen that does not confirm is a fault
    do:     ready screens:aiop arrive wait:2
    shows:  STOP OFFICER
    alarms: FaultRaised Fault
    ends:   21 fault
21 a screen that confirms again is none
    do:     ready screens:aiop arrive wait:2 paint:xdb
    shows:  STOP OFFICER STOP
    alarms: FaultRaised Fault
    ends:   3 please stop
22 leaving without a result is a run-through
    do:     ready records:live arrive immigration leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME
    alarms: RunThrough
    ends:   2 waiting
22 leaving against 4 on the way out is a run-through
    lane:   compound
    do:     ready records:inspect arrive immigration read cleared leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME
    alarms: RunThrough
    uses:   inspect
    notes:  SentToCompound
    ends:   2 waiting
22 leaving with 3
    do:     ready records:live arrive immigration read cleared leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
22 leaving through a closed lane
    do:     ready close arrive leave
    shows:  CLOSED
    alarms: ArrivedClosed RunThrough
    notes:  LaneClosed
    ends:   1 closed
22 leaving 3 with a stuck stop loop
    do:     ready records:live arrive immigration read cleared way-out wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    alarms: Overdue
    uses:   live
    ends:   22 leaving
22 no way out seen
    do:     ready records:live arrive immigration read clear-stop wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME
    alarms: RunThrough LeftUnseen
    ends:   2 waiting
22 no way out seen after 3
    do:     ready records:live arrive immigration read cleared clear-stop wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
22 a way-out edge of the vehicle before counts for nobody
    do:     ready records:live arrive immigration late:exit_loop read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
22 the vehicle behind comes before this one has reached the way out
    do:     ready records:live arrive immigration read cleared clear-stop arrive way-out immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live live
    notes:  WayOutOfVehicleBefore
    ends:   17 stands
22 and its own way out is the next
    do:     ready records:live arrive immigration read cleared clear-stop arrive way-out way-out
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME STOP OFFICER
    alarms: RunThrough
    uses:   live
    notes:  WayOutOfVehicleBefore
    ends:   22 leaving against the signal
22 a vehicle on both loops
    do:     ready records:live arrive immigration read cleared way-out clear-stop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
22 3 is not shown to a vehicle that has gone
    do:     ready records:live arrive immigration cleared clear-stop read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: RunThrough
    ends:   22 leaving against the signal
22 a closed lane lets a released vehicle out
    do:     ready records:live arrive immigration read cleared close leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME CLOSED
    uses:   live
    notes:  LaneClosed
    ends:   1 closed
22 inspection ordered for a vehicle that leaves
    do:     ready arrive immigration cleared clear-stop inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: RunThrough
    ends:   22 leaving against the signal
22 the compound's loop for a released vehicle
    lane:   compound
    do:     ready records:live arrive immigration read cleared to-compound clear-stop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
22 4 on both loops, the wrong way
    lane:   compound
    do:     ready records:inspect arrive immigration read cleared way-out wait:5
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE OFFICER
    alarms: RunThrough
    uses:   inspect
    notes:  SentToCompound
    ends:   22 ran from inspection
22 4 and then the way out, with no loop at the compound
    do:     ready records:inspect arrive immigration read cleared way-out wait:5
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE OFFICER
    alarms: RunThrough
    uses:   inspect
    notes:  SentToCompound
    ends:   22 ran from inspection
22 leaving with 3 where a loop watches the compound
    lane:   compound
    do:     ready records:live arrive immigration read cleared drop leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
22 a vehicle with 3 on both loops where a loop watches the compound
    lane:   compound
    do:     ready records:live arrive immigration read cleared way-out clear-stop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    uses:   live
    ends:   2 waiting
17 an order of before that came too late takes nothing back
    do:     ready records:live arrive immigration read cleared lapsed-before
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
17 an order that came too late is not shown
    do:     ready records:live arrive immigration read cleared lapsed
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
21 a way-out loop that sees nobody is a fault
    do:     ready arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised
    ends:   21 fault
21 a way-out loop that sees somebody again is none
    do:     ready arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15 arrive leave
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER WELCOME
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised Fault RunThrough
    ends:   2 waiting
22 3 ends with any way-out edge, whoever follows
    do:     ready records:hold arrive immigration read cleared clear-stop records:live arrive immigration read cleared way-out
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    alarms: LeftUnseen
    uses:   live
    notes:  SentToCompound
    ends:   22 leaving
17 nobody is released by itself while a vehicle stands on the way-out loop, which could not tell that another comes
    do:     ready on:exit_loop records:live arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 deciding
17 the way-out loop opens, and the vehicle is released
    do:     ready on:exit_loop records:live arrive read immigration cleared off:exit_loop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
"""
