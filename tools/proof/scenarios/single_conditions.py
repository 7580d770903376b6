"""Stories that each hang on one condition of the source, and end otherwise without it; see `tools.proof.scenarios`."""

TEXT = """
1 a lane that closes and opens again behind a 3 leaves it standing
    do:     ready records:live arrive immigration read cleared close open
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  LaneClosed LaneOpened
    ends:   17 stands
2 a change of the codes with nobody in the lane is nobody's
    do:     ready other-hold
    shows:
    ends:   2 waiting
3 the arrival loop says nothing of the vehicle at the kiosk
    do:     ready records:live arrive on:arrival_loop immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
5 a line of Immigration that opens answers nothing
    do:     ready arrive on:immigration_cleared immigration take-over leave off:immigration_cleared records:live arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
5 nor does one that is found closed when the agent starts
    do:     ready arrive immigration take-over leave boot:immigration_cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME WELCOME
    ends:   2 waiting
3 Unladen pressed by a driver who was taken over by hand lets no answer be owed
    do:     ready arrive take-over press leave records:live arrive read immigration cleared
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a vehicle that was taken over by hand and stands still is no other one, however often its loop tells of it
    do:     ready arrive take-over arrive
    shows:  STOP OFFICER
    ends:   8 taken over, still here
8 a second read without a Mainland plate takes none away
    do:     ready records:live+approved arrive immigration read:+other read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: PlatesDisagree
    ends:   8 Mainland plate differs
8 the reader cannot take back what an officer typed
    do:     ready records:live arrive immigration unread correct:AB1234 doubted cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  Corrected
    ends:   17 stands
7 an officer types the mark of a vehicle that he released unread
    do:     ready arrive immigration unread cleared release correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION NOPLATE DONE
    alarms: PlateUnread
    notes:  ReleasedByOfficer Corrected
    ends:   7 stands
7 an officer who types another mark than he released takes his 3 back
    do:     ready records:live arrive immigration read doubted cleared release correct:XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER DONE OFFICER
    alarms: AtOfficer Withdrawn AtOfficer
    uses:   live
    notes:  ReleasedByOfficer Corrected
    ends:   8 at the officer
7 an officer's release outlives its bundle
    do:     ready records:live arrive immigration read doubted cleared release change:
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER DONE
    alarms: AtOfficer
    uses:   live
    notes:  ReleasedByOfficer
    ends:   7 stands
9 a hold that was lifted before Immigration cleared stops nobody
    do:     ready records:live arrive immigration read change:hold+live change:live cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
10 pressed once more while 3 stands nothing is contradicted
    do:     ready records:approved arrive immigration read press cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED DONE
    notes:  UnladenDeclared UnladenDeclared
    ends:   17 stands
10 nor by news that bring no bundle
    do:     ready records:approved arrive immigration read press cleared change:approved
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/RECEIVED RECEIVED DONE
    notes:  UnladenDeclared
    ends:   17 stands
11 pressed after 3 was taken back the first reason stays
    do:     ready records:live arrive immigration read cleared doubted press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    notes:  UnladenDeclared
    ends:   8 at the officer
17 held up, the compound's loop proves nothing of the way out
    lane:   patient
    do:     ready arrive clear-stop to-compound records:live arrive immigration read cleared wait:20
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough Overdue Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
17 held up, a loop that was put back proves nothing before it has seen a vehicle
    lane:   patient
    do:     ready manual bypass:exit_loop unbypass:exit_loop automatic records:live arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Overdue Withdrawn AtOfficer
    uses:   live
    notes:  ManualOrdered LoopBypassed LoopBypassed ManualEnded
    ends:   8 at the officer
21 a bypassed way-out loop is not called dead
    do:     ready manual bypass:exit_loop arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER WELCOME
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen
    notes:  ManualOrdered LoopBypassed
    ends:   2 waiting
21 a dead way-out loop is told once
    do:     ready arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised Fault RunThrough LeftUnseen
    ends:   21 fault
21 a way-out loop is no longer called dead when it closes
    do:     ready arrive clear-stop wait:15 arrive clear-stop wait:15 arrive clear-stop wait:15 on:exit_loop
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER WELCOME
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised
    ends:   2 waiting
21 one that stands closed and opens has seen nobody
    do:     ready on:exit_loop arrive clear-stop wait:15 arrive clear-stop wait:15 off:exit_loop arrive clear-stop wait:15
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP OFFICER
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised
    ends:   21 fault
21 nor has one that is found closed when the agent starts
    do:     ready arrive clear-stop wait:15 arrive clear-stop wait:15 boot:exit_loop arrive clear-stop wait:15
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME WELCOME STOP OFFICER
    alarms: RunThrough LeftUnseen RunThrough LeftUnseen RunThrough LeftUnseen FaultRaised
    ends:   21 fault
21 vehicles that went to a compound without a loop are not missed
    do:     ready records:inspect arrive immigration read cleared clear-stop wait:15 arrive immigration read cleared clear-stop wait:15 arrive immigration read cleared clear-stop wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME
    alarms: LeftUnseen LeftUnseen LeftUnseen
    uses:   inspect inspect inspect
    notes:  SentToCompound SentToCompound SentToCompound
    ends:   2 waiting
21 those that went to one with a loop are
    lane:   compound
    do:     ready records:inspect arrive immigration read cleared clear-stop wait:15 arrive immigration read cleared clear-stop wait:15 arrive immigration read cleared clear-stop wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE OFFICER
    alarms: LeftUnseen LeftUnseen LeftUnseen FaultRaised
    uses:   inspect inspect inspect
    notes:  SentToCompound SentToCompound SentToCompound
    ends:   21 fault
22 a way-out loop that is found closed when the agent starts is not this vehicle's
    do:     ready arrive boot:stop_loop+exit_loop
    shows:  STOP OFFICER
    alarms: RestartedWithVehicle NotFresh
    ends:   20 unknown while not fresh
"""
