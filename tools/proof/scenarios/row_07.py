"""Scenarios of row 7 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
7 in manual mode the driver hands the manifest to the officer
    do:     ready manual records:live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered
    ends:   7 manual
7 manual mode lets Immigration go first
    do:     ready manual arrive immigration
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    notes:  ManualOrdered
    ends:   4 immigration
7 an order inside a visit waits for the next vehicle
    do:     ready records:live arrive immigration manual read cleared leave arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    uses:   live
    notes:  ManualOrdered
    ends:   7 manual
7 manual mode ends between vehicles
    do:     ready manual arrive immigration read cleared automatic leave records:live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ManualVisit RunThrough
    uses:   live
    notes:  ManualOrdered ManualEnded
    ends:   17 stands
7 an officer releases in manual mode
    do:     ready manual records:live arrive immigration read cleared release leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE WELCOME
    alarms: ManualVisit
    uses:   live
    notes:  ManualOrdered ReleasedByOfficer
    ends:   2 waiting
7 an officer releases in manual mode without Immigration's signal
    do:     ready manual arrive release
    shows:  STOP DONE
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 stands
7 a release needs a name
    do:     ready manual arrive immigration cleared release-unnamed
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered
    ends:   7 manual
7 a release for the vehicle before counts for nobody
    do:     ready manual arrive leave arrive immigration cleared release-before
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: RunThrough ManualVisit
    notes:  ManualOrdered
    ends:   7 manual
7 an automatic visit cannot be released before Immigration
    do:     ready records:live arrive read release
    shows:  STOP
    ends:   3 please stop
7 an officer releases what the reader could not read
    do:     ready arrive immigration cleared unread release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE DONE
    alarms: PlateUnread
    notes:  ReleasedByOfficer
    ends:   7 stands
7 an officer cannot release against a code that is on record
    do:     ready manual records:inspect arrive read release
    shows:  STOP
    notes:  ManualOrdered
    ends:   3 please stop
7 an officer's release finds the code that came meanwhile
    do:     ready manual records:live arrive read records:hold release
    shows:  STOP MANUAL
    alarms: ReleaseRefused
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 manual
7 an officer cannot release with the store at fault
    do:     ready manual arrive immigration cleared fault:store release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER
    alarms: ManualVisit FaultRaised Fault
    notes:  ManualOrdered
    ends:   21 fault
7 an officer cannot release with a screen at fault
    do:     ready manual arrive immigration cleared screens:xdb fault:screen release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER
    alarms: ManualVisit FaultRaised Fault
    notes:  ManualOrdered
    ends:   21 fault
7 an officer may release with the camera at fault
    do:     ready fault:camera arrive immigration cleared release
    shows:  OFFICER DONE
    alarms: FaultRaised Fault
    notes:  ReleasedByOfficer
    ends:   7 stands
7 an officer's release needs no freshness
    do:     ready manual records:live link:stale arrive immigration read cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE
    alarms: ManualVisit
    uses:   live
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 stands
7 a fault after an officer's release takes it back
    do:     ready manual arrive immigration cleared release fault:reader
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE OFFICER
    alarms: ManualVisit FaultRaised Withdrawn Fault
    notes:  ManualOrdered ReleasedByOfficer
    ends:   21 fault
7 a second release changes nothing
    do:     ready manual arrive immigration cleared release release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE
    alarms: ManualVisit
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 stands
7 the officer's 3 has its time
    do:     ready manual arrive immigration cleared release wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE MANUAL
    alarms: ManualVisit Overdue Withdrawn ManualVisit
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 manual
7 a read after an officer's release that is on hold takes 3 back
    do:     ready manual records:hold arrive immigration cleared release read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE EXAMINE
    alarms: ManualVisit Withdrawn
    notes:  ManualOrdered ReleasedByOfficer SentToCompound
    ends:   9 stands
7 help takes an officer's 3 back and a new release is needed
    do:     ready manual arrive immigration cleared release help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE MANUAL/HELP MANUAL
    alarms: ManualVisit Help Withdrawn ManualVisit
    notes:  ManualOrdered ReleasedByOfficer HelpRequested HelpEnded
    ends:   7 manual
7 a vehicle that leaves may not be released any more
    do:     ready manual arrive immigration cleared clear-stop release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER
    alarms: ManualVisit RunThrough
    notes:  ManualOrdered
    ends:   22 leaving against the signal
7 an inspection ordered by an officer shows 4
    do:     ready records:live arrive immigration read inspect cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   live
    notes:  SentToCompound
    ends:   9 stands
7 an inspection ordered after 3 takes it back
    do:     ready records:live arrive immigration read cleared inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE EXAMINE
    alarms: Withdrawn
    uses:   live live
    notes:  SentToCompound
    ends:   9 stands
7 an inspection ordered in manual mode
    do:     ready manual arrive immigration cleared inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL EXAMINE
    alarms: ManualVisit
    notes:  ManualOrdered SentToCompound
    ends:   9 stands
7 an inspection ordered in manual mode waits for Immigration
    do:     ready manual arrive immigration inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    notes:  ManualOrdered
    ends:   4 immigration
7 an inspection ordered is not revealed before Immigration is over
    do:     ready arrive immigration inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    ends:   4 immigration
7 an inspection for the vehicle before counts for nobody
    do:     ready records:live arrive leave arrive read immigration cleared inspect-before
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    uses:   live
    ends:   17 stands
7 4 cannot be turned into 3
    do:     ready manual arrive immigration cleared inspect release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL EXAMINE
    alarms: ManualVisit
    notes:  ManualOrdered SentToCompound
    ends:   9 stands
7 an officer takes a vehicle over and the lane is free when it leaves
    do:     ready arrive immigration cleared unread take-over clear-stop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE OFFICER WELCOME
    alarms: PlateUnread
    ends:   2 waiting
7 a taken-over vehicle still on the loop is not greeted
    do:     ready arrive take-over wait:600
    shows:  STOP OFFICER
    ends:   8 taken over, still here
7 a taking over meant for the vehicle before
    do:     ready arrive leave arrive take-over-before
    shows:  STOP OFFICER WELCOME STOP
    alarms: RunThrough
    ends:   3 please stop
7 a stuck stop loop is bypassed in manual mode only
    do:     ready bypass:stop_loop manual bypass:stop_loop
    shows:
    notes:  ManualOrdered LoopBypassed
    ends:   2 waiting
7 behind a bypassed loop the officer announces each vehicle
    do:     ready manual bypass:stop_loop announce release take-over
    shows:  MANUAL DONE WELCOME
    alarms: ManualVisit
    notes:  ManualOrdered LoopBypassed ReleasedByOfficer
    ends:   2 waiting
7 an announced vehicle is never released by itself
    do:     ready manual bypass:stop_loop automatic records:live announce immigration read cleared
    shows:  MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered LoopBypassed ManualEnded
    ends:   7 manual
7 nothing can be announced without a bypass
    do:     ready manual announce
    shows:
    notes:  ManualOrdered
    ends:   2 waiting
7 nothing can be announced while a vehicle is there
    do:     ready manual arrive bypass:stop_loop announce
    shows:  STOP
    notes:  ManualOrdered LoopBypassed
    ends:   3 please stop
7 only loops can be bypassed
    do:     ready manual bypass:help
    shows:
    notes:  ManualOrdered
    ends:   2 waiting
7 a bypassed loop says nothing
    do:     ready manual bypass:stop_loop arrive clear-stop arrive
    shows:
    notes:  ManualOrdered LoopBypassed
    ends:   2 waiting
7 a loop put back counts again
    do:     ready manual bypass:stop_loop unbypass:stop_loop automatic unbypass:exit_loop arrive
    shows:  STOP
    notes:  ManualOrdered LoopBypassed LoopBypassed ManualEnded LoopBypassed
    ends:   3 please stop
7 a bypass of the exit loop ends visits by time
    do:     ready manual bypass:exit_loop arrive immigration cleared release leave wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE WELCOME
    alarms: ManualVisit
    notes:  ManualOrdered LoopBypassed ReleasedByOfficer
    ends:   2 waiting
7 in manual mode nothing is released by itself, manifest or not
    do:     ready manual records:approved arrive immigration read cleared press drop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered UnladenDeclared
    ends:   7 manual
7 an officer's 3 outlasts a fault that was there before
    do:     ready manual records:live arrive immigration read cleared fault:camera release works:camera
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER DONE
    alarms: ManualVisit FaultRaised Fault
    uses:   live
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 stands
7 an officer who opens an open lane changes nothing
    do:     ready records:live arrive immigration read open cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
7 an announcement needs a name
    do:     ready manual bypass:stop_loop announce-unnamed
    shows:
    notes:  ManualOrdered LoopBypassed
    ends:   2 waiting
7 no officer shows 3 while Immigration is dealing
    do:     ready manual arrive immigration release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    notes:  ManualOrdered
    ends:   4 immigration
7 a bypassed loop keeps the lane in manual mode
    do:     ready manual bypass:exit_loop automatic records:live arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered LoopBypassed ManualEnded
    ends:   7 manual
7 a loop bypassed while 3 stands by itself takes 3 back
    do:     ready records:live arrive read immigration cleared manual bypass:exit_loop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    notes:  ManualOrdered LoopBypassed
    ends:   8 at the officer
7 a vehicle that stood here while a loop was bypassed is the officer's
    do:     ready records:live arrive read immigration manual bypass:exit_loop unbypass:exit_loop automatic cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    notes:  ManualOrdered LoopBypassed LoopBypassed ManualEnded
    ends:   8 at the officer
7 with every loop back the lane is automatic again
    do:     ready manual bypass:exit_loop automatic unbypass:exit_loop records:live arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  ManualOrdered LoopBypassed ManualEnded LoopBypassed
    ends:   17 stands
7 where two officers must agree one alone releases nobody over a warning
    lane:   two
    do:     ready manual arrive immigration cleared release release-twice
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL
    alarms: ManualVisit
    notes:  ManualOrdered
    ends:   7 manual
7 two officers release over a warning
    lane:   two
    do:     ready manual arrive immigration cleared release-two
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE
    alarms: ManualVisit
    notes:  ManualOrdered ReleasedByOfficer
    ends:   7 stands
7 without a warning one officer is enough
    lane:   two
    do:     ready manual records:live arrive immigration read cleared release leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL DONE WELCOME
    alarms: ManualVisit
    uses:   live
    notes:  ManualOrdered ReleasedByOfficer
    ends:   2 waiting
7 where two officers must agree one alone still stops and clears by hand
    lane:   two
    do:     ready manual arrive immigration cleared take-over leave arrive immigration cleared inspect
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION MANUAL EXAMINE
    alarms: ManualVisit ManualVisit
    notes:  ManualOrdered SentToCompound
    ends:   9 stands
7 where two officers must agree one alone bypasses no loop, and puts one back
    lane:   two
    do:     ready manual bypass:exit_loop bypass-two:exit_loop unbypass:exit_loop
    shows:
    notes:  ManualOrdered LoopBypassed LoopBypassed
    ends:   2 waiting
7 a line below the panel's message changes no message, and is taken away by its own word
    do:     ready notify:queue arrive immigration notify-visit:delay cleared wait:5 notify:none
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    notes:  DriverNotified DriverNotified DriverNotified
    ends:   8 reading
7 a line that is not on the list, of nobody, or for another vehicle is none
    do:     ready notify:proceed notify-unnamed:delay arrive leave arrive notify-before:delay
    shows:  STOP OFFICER WELCOME STOP
    alarms: RunThrough
    notes:
    ends:   3 please stop
7 a line for a vehicle comes too late once it was told to go; one for the lane waits
    do:     ready records:live arrive immigration read cleared notify-visit:delay notify:delay
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  DriverNotified
    ends:   17 stands
"""
