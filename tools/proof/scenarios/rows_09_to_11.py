"""Scenarios of rows 9 to 11 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
10 unladen needs no receipt
    do:     ready records:approved core:silent arrive immigration press read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
9 an inspect code stops
    do:     ready records:inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 an inspect code stops an unladen vehicle
    do:     ready records:inspect+approved arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED EXAMINE
    uses:   inspect
    notes:  UnladenDeclared SentToCompound
    ends:   9 stands
9 one code of several CCRNs stops
    do:     ready records:mixed arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   mixed
    notes:  SentToCompound
    ends:   9 stands
9 one of several bundles stops and all are used
    do:     ready records:live+inspect+several arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect live several
    notes:  SentToCompound
    ends:   9 stands
9 an unknown code stops
    do:     ready records:unknown arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   unknown
    notes:  SentToCompound
    ends:   9 stands
9 a bundle without consignments stops
    do:     ready records:empty arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   empty
    notes:  SentToCompound
    ends:   9 stands
9 a hold on the vehicle stops
    do:     ready records:hold arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    notes:  SentToCompound
    ends:   9 stands
9 a hold outweighs a live bundle
    do:     ready records:hold+live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   live
    notes:  SentToCompound
    ends:   9 stands
9 an early bundle to be inspected stops
    do:     ready records:early-inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   early-inspect
    notes:  SentToCompound
    ends:   9 stands
9 a bundle elsewhere to be inspected stops
    do:     ready records:elsewhere-inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   elsewhere-inspect
    notes:  SentToCompound
    ends:   9 stands
9 inspect is honoured while stale
    do:     ready records:inspect link:stale arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 inspect is honoured in manual mode
    do:     ready manual records:inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  ManualOrdered SentToCompound
    ends:   9 stands
9 inspect is honoured while offline
    do:     ready link:offline records:inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 inspect is honoured at the officer
    do:     ready records:inspect arrive read wait:60 immigration cleared
    shows:  STOP OFFICER EXAMINE
    alarms: Overdue AtOfficer
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 a hold that arrives before the decision stops
    do:     ready records:live arrive immigration read change:hold+live cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   live
    notes:  SentToCompound
    ends:   9 stands
9 a hold that arrives while 3 shows turns it into 4
    do:     ready records:live arrive immigration read cleared change:hold+live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER EXAMINE
    alarms: Withdrawn AtOfficer
    uses:   live live
    notes:  SentToCompound
    ends:   9 stands
9 an inspect code that arrives while 3 shows turns it into 4
    do:     ready records:live arrive immigration read cleared change:live+inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE EXAMINE
    alarms: Withdrawn
    uses:   live inspect live
    notes:  SentToCompound
    ends:   9 stands
9 a hold lifted after 4 leaves 4
    do:     ready records:hold arrive immigration read cleared change:live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    notes:  SentToCompound
    ends:   9 stands
9 a hold lifted before Immigration is over lets it go
    do:     ready records:hold+live arrive immigration read change:live cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
9 4 that is not followed is overdue
    do:     ready records:inspect arrive immigration read cleared wait:60
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    alarms: Overdue
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 4 outlasts doubts
    do:     ready records:inspect arrive immigration read cleared second unread fault:camera works:camera
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE OFFICER EXAMINE
    alarms: FaultRaised Fault
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 a fault hides 4 only while it lasts
    do:     ready records:inspect arrive immigration read fault:camera cleared works:camera
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER EXAMINE
    alarms: FaultRaised Fault
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
9 a vehicle that turns to the compound has obeyed
    lane:   compound
    do:     ready records:inspect arrive immigration read cleared leave:compound_loop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME
    uses:   inspect
    notes:  SentToCompound
    ends:   2 waiting
9 inspect ordered before the reader speaks
    do:     ready arrive immigration cleared inspect read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT EXAMINE
    notes:  SentToCompound
    ends:   9 stands
9 a fault that came with the vehicle hides 4 as well
    do:     ready records:inspect arrive immigration read fault:store cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: FaultRaised Fault
    ends:   21 fault
9 a closed lane shows no 4
    do:     ready close records:inspect arrive immigration read cleared
    shows:  CLOSED
    alarms: ArrivedClosed
    notes:  LaneClosed
    ends:   1 closed
10 unladen and approved is released
    do:     ready records:approved arrive immigration read cleared press leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE WELCOME
    notes:  UnladenDeclared
    ends:   2 waiting
10 unladen pressed before Immigration is over
    do:     ready records:approved arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 unladen drops the manifest first
    lane:   manifest
    do:     ready records:approved arrive immigration read cleared press drop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN MANIFEST RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 a manifest never dropped goes to the officer
    lane:   manifest
    do:     ready records:approved arrive immigration read cleared press wait:30
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN MANIFEST OFFICER
    alarms: Overdue AtOfficer
    notes:  UnladenDeclared
    ends:   8 at the officer
10 a manifest dropped before counts
    lane:   manifest
    do:     ready records:approved arrive immigration drop read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 unladen but not approved is the officer's
    do:     ready arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   10 unladen not approved
10 unladen beside a bundled neighbour is the officer's
    do:     ready records:approved+near-bundled arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   10 unladen not proved
10 unladen beside a held neighbour is the officer's
    do:     ready records:approved+near-held arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT RECEIVED
    alarms: NearMiss
    notes:  UnladenDeclared
    ends:   8 near-miss of a held vehicle
10 unladen with the wrong Mainland plate is the officer's
    do:     ready records:approved arrive immigration read:+other cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT RECEIVED
    alarms: PlatesDisagree
    notes:  UnladenDeclared
    ends:   8 Mainland plate differs
10 unladen with the listed Mainland plate
    do:     ready records:approved arrive immigration read:+own cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 unladen, the list names no Mainland plate
    do:     ready records:approved-bare arrive immigration read:+other cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 a press of the driver before counts for nobody
    do:     ready records:approved arrive immigration read cleared late:unladen
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   12 no bundle: press if empty
10 unladen while stale is unknown
    do:     ready records:approved arrive immigration read cleared link:stale press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN WAIT RECEIVED
    notes:  UnladenDeclared
    ends:   20 not fresh
10 unladen with an ended bundle is released
    do:     ready records:approved+used arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 unladen with a bundle for the other direction is released
    do:     ready records:approved+opposite arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
10 unladen pressed after the prompt ran out is the officer's
    do:     ready records:approved arrive immigration read cleared wait:20 press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    notes:  UnladenDeclared
    ends:   8 otherwise
10 a misread unladen vehicle is not released
    do:     ready records:approved arrive immigration read:stranger cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   10 unladen not approved
10 unladen proved by an officer's mark needs no reader
    do:     ready records:approved arrive immigration cleared unread press correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE RECEIVED DONE
    alarms: PlateUnread
    notes:  UnladenDeclared Corrected
    ends:   17 stands
10 unladen, not proved, then approved by the core
    do:     ready arrive immigration read cleared press change:approved
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER DONE
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   17 stands
10 an unladen vehicle that is not approved is not asked for its manifest
    lane:   manifest
    do:     ready arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   10 unladen not approved
10 nor is one beside a bundled neighbour
    lane:   manifest
    do:     ready records:approved+near-bundled arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN OFFICER
    alarms: UnladenNotProved
    notes:  UnladenDeclared
    ends:   10 unladen not proved
10 nor is one that is the officer's already
    lane:   manifest
    do:     ready records:approved arrive immigration read cleared wait:20 press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    notes:  UnladenDeclared
    ends:   8 otherwise
10 without the core's time no unladen vehicle is released
    do:     ready records:approved+no-time arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED
    notes:  UnladenDeclared
    ends:   17 deciding
10 nor asked for its manifest
    lane:   manifest
    do:     ready records:approved+no-time arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED
    notes:  UnladenDeclared
    ends:   17 deciding
10 nor called unproved
    do:     ready records:approved+near-bundled+no-time arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED
    notes:  UnladenDeclared
    ends:   17 deciding
11 unladen pressed against a live bundle takes 3 back
    do:     ready records:live+approved arrive immigration read cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn Contradiction
    uses:   live
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
11 unladen pressed against an early bundle
    do:     ready records:early+approved arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: Contradiction
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
11 the contradiction stands when the bundle goes
    do:     ready records:live+approved arrive immigration read press cleared change:approved
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: Contradiction
    notes:  UnladenDeclared
    ends:   11 contradiction stands
11 unladen pressed against a bundle beside a bundled neighbour
    lane:   manifest
    do:     ready records:live+near-bundled arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: Contradiction
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
11 unladen pressed against a bundle by a vehicle that is not approved
    do:     ready records:live arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: Contradiction
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
11 without the core's time nothing is contradicted
    do:     ready records:live+no-time arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED
    notes:  UnladenDeclared
    ends:   17 deciding
11 the contradiction comes before the manifest
    lane:   manifest
    do:     ready records:live+approved arrive immigration read press cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: Contradiction
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
9 a bundle withdrawn while 3 is shown takes it back
    do:     ready records:live arrive immigration read cleared change:withdrawn
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
11 a bundle that arrives after an unladen release takes 3 back
    do:     ready records:approved arrive immigration read press cleared change:approved+live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED DONE OFFICER
    alarms: Withdrawn Contradiction
    notes:  UnladenDeclared
    ends:   11 unladen against a bundle
10 nor is an empty vehicle while one stands on the way-out loop
    do:     ready on:exit_loop records:approved arrive read immigration cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN RECEIVED
    notes:  UnladenDeclared
    ends:   17 deciding
"""
