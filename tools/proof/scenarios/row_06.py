"""Scenarios of row 6 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
6 help rings, is answered and ends
    do:     ready arrive help answer-help end-help
    shows:  STOP STOP/HELP STOP/OFFICER STOP
    alarms: Help
    notes:  HelpRequested HelpAnswered HelpEnded
    ends:   3 please stop
6 the panel says talk only while each end hears the other
    do:     ready arrive help answer-help audio:flows audio:stops audio:flows end-help
    shows:  STOP STOP/HELP STOP/OFFICER STOP/TALK STOP/OFFICER STOP/TALK STOP
    alarms: Help
    notes:  HelpRequested HelpAnswered HelpEnded
    ends:   3 please stop
6 sound before anybody has answered is nobody's voice
    do:     ready arrive help audio:flows
    shows:  STOP STOP/HELP
    alarms: Help
    notes:  HelpRequested
    ends:   3 please stop
6 a call whose voice is lost rings again
    do:     ready arrive help answer-help audio:flows call-lost answer-help
    shows:  STOP STOP/HELP STOP/OFFICER STOP/TALK STOP/HELP STOP/OFFICER
    alarms: Help
    notes:  HelpRequested HelpAnswered HelpAnswered
    ends:   3 please stop
6 an officer comes: the driver is told to wait for one
    do:     ready arrive help answer-help audio:flows send-officer
    shows:  STOP STOP/HELP STOP/OFFICER STOP/TALK STOP/OFFICER
    alarms: Help
    notes:  HelpRequested HelpAnswered OfficerSent
    ends:   3 please stop
6 an officer is sent to a call that still rings
    do:     ready arrive help send-officer
    shows:  STOP STOP/HELP STOP/OFFICER
    alarms: Help
    notes:  HelpRequested HelpAnswered OfficerSent
    ends:   3 please stop
6 no call is lost that nobody has answered, and no officer sent to a call that nobody made
    do:     ready arrive call-lost send-officer
    shows:  STOP
    ends:   3 please stop
6 help with no vehicle in the lane
    do:     ready help answer-help end-help
    shows:  WELCOME/HELP WELCOME/OFFICER WELCOME
    alarms: Help
    notes:  HelpRequested HelpAnswered HelpEnded
    ends:   2 waiting
6 help in a closed lane
    do:     ready close help
    shows:  CLOSED CLOSED/HELP
    alarms: Help
    notes:  LaneClosed HelpRequested
    ends:   1 closed
6 help while Immigration runs leaves the XDB to it
    do:     ready arrive immigration help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/HELP
    alarms: Help
    notes:  HelpRequested
    ends:   4 immigration
6 help takes 3 back for good
    do:     ready records:live arrive immigration read cleared help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER/HELP OFFICER
    alarms: Help Withdrawn AtOfficer
    uses:   live
    notes:  HelpRequested HelpEnded
    ends:   8 at the officer
6 help before the decision only delays it
    do:     ready records:live arrive immigration read help cleared end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/HELP WATCH/HELP WATCH DONE
    alarms: Help
    uses:   live
    notes:  HelpRequested HelpEnded
    ends:   17 stands
6 help pauses the driver's prompt
    do:     ready arrive immigration read cleared help wait:60 end-help wait:19
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN UNLADEN/HELP UNLADEN
    alarms: Help
    notes:  HelpRequested HelpEnded
    ends:   12 no bundle: press if empty
6 a prompt starts anew after help
    do:     ready arrive immigration read cleared help wait:60 end-help wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN UNLADEN/HELP UNLADEN NOBUNDLE
    alarms: Help Overdue NoBundle
    notes:  HelpRequested HelpEnded
    ends:   12 no bundle
6 help pauses the manifest prompt
    lane:   manifest
    do:     ready records:live arrive immigration read cleared help wait:60 end-help drop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST MANIFEST/HELP MANIFEST WATCH DONE
    alarms: Help
    uses:   live
    notes:  HelpRequested HelpEnded
    ends:   17 stands
6 help never pauses Immigration's limit
    do:     ready arrive immigration help wait:180
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/HELP OFFICER/HELP
    alarms: Help Overdue AtOfficer
    notes:  HelpRequested
    ends:   8 at the officer
6 a help button held over its limit is stuck and the call ends
    do:     ready arrive on:help wait:10 wait:60
    shows:  STOP STOP/HELP STOP OFFICER
    alarms: Help HelpStuck Overdue AtOfficer
    notes:  HelpRequested
    ends:   8 at the officer
6 a help button let go in time stays a call
    do:     ready arrive on:help wait:9 off:help wait:60
    shows:  STOP STOP/HELP OFFICER/HELP
    alarms: Help Overdue AtOfficer
    notes:  HelpRequested
    ends:   8 at the officer
6 a second press during a call is the same call
    do:     ready arrive help help answer-help help
    shows:  STOP STOP/HELP STOP/OFFICER
    alarms: Help
    notes:  HelpRequested HelpAnswered
    ends:   3 please stop
6 help answered without a call is ignored
    do:     ready arrive answer-help end-help
    shows:  STOP
    ends:   3 please stop
6 a vehicle that leaves ends its call
    do:     ready arrive help leave
    shows:  STOP STOP/HELP OFFICER/HELP WELCOME
    alarms: Help RunThrough
    notes:  HelpRequested HelpEnded
    ends:   2 waiting
6 help with 4 on show leaves 4
    do:     ready records:inspect arrive immigration read cleared help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE EXAMINE/HELP EXAMINE
    alarms: Help
    uses:   inspect
    notes:  SentToCompound HelpRequested HelpEnded
    ends:   9 stands
6 an officer's release ends the call
    do:     ready arrive immigration cleared unread help release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE NOPLATE/HELP DONE
    alarms: PlateUnread Help
    notes:  HelpRequested ReleasedByOfficer HelpEnded
    ends:   7 stands
6 help in manual mode
    do:     ready manual arrive immigration cleared help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANUAL MANUAL/HELP
    alarms: ManualVisit Help
    notes:  ManualOrdered HelpRequested
    ends:   7 manual
6 help with a fault
    do:     ready fault:camera help
    shows:  OFFICER OFFICER/HELP
    alarms: FaultRaised Help
    notes:  HelpRequested
    ends:   21 fault
6 a call outlasts the vehicle only until it leaves
    do:     ready arrive help answer-help leave
    shows:  STOP STOP/HELP STOP/OFFICER OFFICER WELCOME
    alarms: Help RunThrough
    notes:  HelpRequested HelpAnswered HelpEnded
    ends:   2 waiting
6 help while the plate is not read
    do:     ready arrive immigration cleared unread help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE NOPLATE/HELP NOPLATE
    alarms: PlateUnread Help
    notes:  HelpRequested HelpEnded
    ends:   8 plate not read
6 help at the officer
    do:     ready records:early arrive immigration read cleared help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY EARLY/HELP EARLY
    alarms: EarlyArrival Help
    notes:  HelpRequested HelpEnded
    ends:   14 early
6 help with a referred vehicle
    do:     ready arrive immigration referred help end-help
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER IMMIGRATION_TURN/HELP IMMIGRATION_TURN/OFFICER
    alarms: Referred Help
    notes:  HelpRequested HelpEnded
    ends:   5 referred
6 help while not fresh never pauses the limit
    do:     ready link:stale link:fresh arrive link:stale immigration read cleared help wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WAIT/HELP OFFICER/HELP
    alarms: Help Overdue NotFresh
    notes:  HelpRequested
    ends:   20 unknown while not fresh
"""
