"""Stories of a 3 that stands over its time, for the queue in front holds the truck up."""

TEXT = """
17 held up by the queue, 3 stays while its plate is seen again
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 wait:9 again wait:9 again
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    uses:   live
    notes:  HeldUp
    ends:   17 stands
17 held up, it leaves at last
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 again leave
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE WELCOME
    alarms: RunThrough
    uses:   live
    notes:  HeldUp
    ends:   2 waiting
17 held up, and its plate is not seen again
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 wait:9 again wait:10
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough Overdue Withdrawn AtOfficer
    uses:   live
    notes:  HeldUp
    ends:   8 at the officer
17 held up, and another plate is seen
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 wait:9 again:ZZ9 wait:1
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough Overdue Withdrawn AtOfficer
    uses:   live
    notes:  HeldUp
    ends:   8 at the officer
17 held up, an answer to an older look does not count
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 wait:9 again wait:9 again-older wait:1
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough Overdue Withdrawn AtOfficer
    uses:   live
    notes:  HeldUp
    ends:   8 at the officer
17 held up, the whole wait has its limit
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 wait:9 again wait:9 again wait:9 again wait:9 again wait:9 again wait:9 again wait:6
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough Overdue Withdrawn AtOfficer
    uses:   live
    notes:  HeldUp
    ends:   8 at the officer
17 held up, Help takes 3 back
    lane:   patient
    do:     ready arrive leave records:live arrive immigration read cleared wait:20 again help
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER/HELP
    alarms: RunThrough Help Withdrawn AtOfficer
    uses:   live
    notes:  HeldUp HelpRequested
    ends:   8 at the officer
17 held up, a way-out loop that has not been seen to live is not believed
    lane:   patient
    do:     ready records:live arrive immigration read cleared wait:20
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Overdue Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
17 held up, a way-out loop that missed the vehicle before is not believed
    lane:   patient
    do:     ready arrive leave arrive clear-stop wait:15 records:live arrive immigration read cleared wait:20
    shows:  STOP OFFICER WELCOME STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RunThrough RunThrough LeftUnseen Overdue Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
7 held up after an officer's release
    lane:   patient
    do:     ready arrive leave arrive immigration read cleared wait:20 release wait:20 again
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION UNLADEN NOBUNDLE OFFICER DONE
    alarms: RunThrough Overdue NoBundle
    notes:  ReleasedByOfficer HeldUp
    ends:   7 stands
"""
