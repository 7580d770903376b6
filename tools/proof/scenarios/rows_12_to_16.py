"""Scenarios of rows 12 to 16 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
12 no bundle asks for the button, then goes to the officer
    do:     ready arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   12 no bundle
12 bundled while the driver waits at the prompt
    do:     ready arrive immigration read cleared change:live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN WATCH DONE
    uses:   live
    ends:   17 stands
12 no bundle found while stale is unknown
    do:     ready link:stale arrive immigration read cleared wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue NotFresh
    ends:   20 unknown while not fresh
12 no bundle found while stale, then fresh
    do:     ready link:stale arrive immigration read cleared link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH UNLADEN
    ends:   12 no bundle: press if empty
12 a bundle after the prompt ran out stays the officer's
    do:     ready arrive immigration read cleared wait:20 change:live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
12 without the core's time the lack of a bundle is not repeated
    do:     ready arrive immigration read cleared wait:20 change:no-time
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
13 a used bundle
    do:     ready records:used arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   13 bundle ended
13 an undone bundle
    do:     ready records:withdrawn arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   13 bundle ended
13 an expired bundle
    do:     ready records:expired arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   13 bundle ended
13 a bundle that may have expired within the clock's slack
    do:     ready records:nearly-over+slack arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   13 bundle ended: press if empty
13 a bundle ended and one for the other direction
    do:     ready records:used+opposite arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   13 bundle ended
13 undone while the vehicle stands in the lane
    do:     ready records:live arrive immigration read change:withdrawn cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   13 bundle ended
13 an undone bundle to be inspected stops nobody
    do:     ready records:withdrawn-inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   13 bundle ended: press if empty
13 an ended bundle beside a live one
    do:     ready records:used+live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
13 a bundle ends at its valid-until
    do:     ready records:over-now arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   13 bundle ended: press if empty
13 and ends at 24:00 Hong Kong time
    do:     ready records:midnight clock:480 arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   13 bundle ended: press if empty
13 unladen pressed after the prompt ran out on an ended bundle
    do:     ready records:used+approved arrive immigration read cleared wait:20 press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    notes:  UnladenDeclared
    ends:   8 otherwise
13 an ended bundle beside an early one
    do:     ready records:used+early arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY
    alarms: EarlyArrival
    ends:   14 early
13 without the core's time no bundle is said to have ended
    do:     ready records:used+no-time arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 deciding
13 bundled again after the prompt ran out
    do:     ready records:used arrive immigration read cleared wait:20 change:live+used
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
13 without the core's time the end of a bundle is not repeated
    do:     ready records:used arrive immigration read cleared wait:20 change:used+no-time
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
14 too early is the officer's
    do:     ready records:early arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY
    alarms: EarlyArrival
    ends:   14 early
14 an early bundle beside a live one
    do:     ready records:early+live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
14 early stays the officer's when the time has come
    do:     ready records:early arrive immigration read cleared clock:10 change:early
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY OFFICER
    alarms: EarlyArrival AtOfficer
    ends:   8 otherwise
14 early within the clock's slack
    do:     ready records:just-begun+slack arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY
    alarms: EarlyArrival
    ends:   14 early
14 an officer releases an early vehicle and uses its bundle
    do:     ready records:early arrive immigration read cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY OFFICER DONE
    alarms: EarlyArrival
    uses:   early
    notes:  ReleasedByOfficer
    ends:   7 stands
14 early at the second look
    do:     ready records:early+elsewhere arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EARLY
    alarms: EarlyArrival
    ends:   14 early
15 a bundle for another point asks the driver to wait, then goes to the officer
    do:     ready records:elsewhere arrive immigration read cleared wait:30
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WRONGPOINT
    alarms: OtherPoint Overdue WrongPoint
    ends:   15 other point stands
15 local policy accepts the other point
    lane:   other
    do:     ready records:elsewhere arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   elsewhere
    ends:   17 stands
15 a bundle beside one for another point
    do:     ready records:elsewhere+live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
15 the core moves the bundle to this point in time
    do:     ready records:elsewhere arrive immigration read cleared change:live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    alarms: OtherPoint
    uses:   live
    ends:   17 stands
15 moved too late it stays the officer's
    do:     ready records:elsewhere arrive immigration read cleared wait:30 change:live
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WRONGPOINT
    alarms: OtherPoint Overdue WrongPoint
    ends:   15 other point stands
15 a bundle that names no point
    do:     ready records:anywhere arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   anywhere
    ends:   17 stands
16 a bundle for the other direction
    do:     ready records:opposite arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE
    alarms: Overdue NoBundle
    ends:   16 other direction
16 an inspect code of the other direction stops nobody here
    do:     ready records:opposite-inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN
    ends:   16 other direction: press if empty
16 unladen pressed after the prompt ran out on one for the other direction
    do:     ready records:opposite+approved arrive immigration read cleared wait:20 press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    notes:  UnladenDeclared
    ends:   8 otherwise
16 one for the other direction beside a live one
    do:     ready records:opposite+live arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
16 without the core's time no direction is called wrong
    do:     ready records:opposite+no-time arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH
    ends:   17 deciding
16 bundled for this direction after the prompt ran out
    do:     ready records:opposite arrive immigration read cleared wait:20 change:live+opposite
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
16 without the core's time the other direction is not repeated
    do:     ready records:opposite arrive immigration read cleared wait:20 change:opposite+no-time
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER
    alarms: Overdue NoBundle AtOfficer
    ends:   8 otherwise
"""
