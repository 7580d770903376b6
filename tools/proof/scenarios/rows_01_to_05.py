"""Scenarios of rows 1 to 5 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
1 a closed lane says so
    do:     boot wait:3600
    shows:  CLOSED
    ends:   1 closed
1 a lane that closes between vehicles says so
    do:     ready close
    shows:  CLOSED
    notes:  LaneClosed
    ends:   1 closed
1 a lane that opens again welcomes
    do:     ready close open
    shows:  CLOSED WELCOME
    notes:  LaneClosed LaneOpened
    ends:   2 waiting
1 a vehicle that comes to a closed lane is told so and alarmed
    do:     ready close records:live arrive immigration read cleared wait:300
    shows:  CLOSED
    alarms: ArrivedClosed
    notes:  LaneClosed
    ends:   1 closed
1 a vehicle that came to a closed lane is the officer's when the lane opens
    do:     ready close records:live arrive immigration read cleared open
    shows:  CLOSED OFFICER
    alarms: ArrivedClosed AtOfficer
    notes:  LaneClosed LaneOpened
    ends:   8 at the officer
1 an officer may release it once the lane is open
    do:     ready close records:live arrive immigration read cleared open release
    shows:  CLOSED OFFICER DONE
    alarms: ArrivedClosed AtOfficer
    uses:   live
    notes:  LaneClosed LaneOpened ReleasedByOfficer
    ends:   7 stands
1 an officer cannot release a vehicle in a closed lane
    do:     ready close records:live arrive immigration cleared read release
    shows:  CLOSED
    alarms: ArrivedClosed
    notes:  LaneClosed
    ends:   1 closed
1 closing with a vehicle at the kiosk makes it the officer's
    do:     ready records:live arrive immigration close read cleared leave
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER CLOSED
    alarms: AtOfficer RunThrough
    notes:  LaneClosed
    ends:   1 closed
1 closing twice and opening twice changes nothing
    do:     ready close close open open
    shows:  CLOSED WELCOME
    notes:  LaneClosed LaneOpened
    ends:   2 waiting
2 an open lane with no vehicle welcomes
    do:     ready wait:3600
    shows:
    ends:   2 waiting
2 what belongs to no vehicle changes nothing
    do:     ready immigration cleared press drop identifier:XY77 read unread second release inspect take-over correct:AB1234
    shows:
    ends:   2 waiting
3 a vehicle that arrives is asked to stop
    do:     ready arrive
    shows:  STOP
    ends:   3 please stop
3 a vehicle that Immigration never begins with goes to the officer
    do:     ready records:live arrive read wait:60
    shows:  STOP OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
3 a second edge of a bouncing stop loop is not a second vehicle
    do:     ready arrive arrive
    shows:  STOP
    ends:   3 please stop
4 while Immigration runs the XDB is Immigration's
    do:     ready arrive immigration
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    ends:   4 immigration
4 an immigration that does not end goes to the officer
    do:     ready records:live arrive immigration read wait:180
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
4 no inspection is revealed before Immigration is over
    do:     ready records:inspect arrive read immigration wait:5
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    ends:   4 immigration
4 Immigration may begin again
    do:     ready records:live arrive read immigration cleared immigration
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
5 a referral is never followed by 3
    do:     ready records:live arrive immigration read referred wait:300
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 a referral hides 4 as well
    do:     ready records:hold arrive immigration read referred
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 cleared after a referral counts for nothing
    do:     ready records:live arrive immigration read referred cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 started again after a referral the vehicle is still the officer's
    do:     ready records:live arrive immigration read referred immigration
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 an officer cannot release a referred vehicle
    do:     ready records:live arrive immigration read referred release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 a stray cleared lets no officer show 3 over a referral
    do:     ready records:live arrive immigration read referred cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION IMMIGRATION_TURN/OFFICER
    alarms: Referred
    ends:   5 referred
5 a referral takes 3 back
    do:     ready records:live arrive immigration read cleared referred
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE IMMIGRATION_TURN/OFFICER
    alarms: Withdrawn Referred
    uses:   live
    ends:   5 referred
5 Immigration that begins again takes 3 back
    do:     ready records:live arrive immigration read cleared immigration
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
5 a referral takes an officer's 3 back
    do:     ready arrive immigration cleared unread release referred
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE DONE IMMIGRATION_TURN/OFFICER
    alarms: PlateUnread Withdrawn Referred
    notes:  ReleasedByOfficer
    ends:   5 referred
3 cleared without begun counts for nothing
    do:     ready records:live arrive read cleared
    shows:  STOP
    ends:   3 please stop
5 a late clear is for the vehicle before
    do:     ready records:live arrive immigration take-over leave arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
5 after a late clear the vehicle's own clear counts
    do:     ready records:live arrive immigration take-over leave arrive read immigration cleared cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ImmigrationAnswerUnclear
    uses:   live
    notes:  ImmigrationDebtPaid
    ends:   17 stands
5 the debt of an answer lapses
    do:     ready records:live arrive immigration take-over leave wait:120 arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  ImmigrationDebtLapsed
    ends:   17 stands
5 an officer says that the late answer was for this vehicle
    do:     ready records:live arrive immigration take-over leave arrive read immigration cleared write-off
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ImmigrationAnswerUnclear
    uses:   live
    notes:  ImmigrationDebtPaid ImmigrationDebtWrittenOff
    ends:   17 stands
5 after Immigration has begun again, too, an answer may be the one for the vehicle before
    do:     ready records:live arrive immigration take-over leave arrive read immigration cleared immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationAnswerUnclear ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid ImmigrationDebtPaid
    ends:   4 immigration
5 the debt that it leaves by beginning again lapses as well
    do:     ready records:live arrive immigration take-over leave arrive read immigration cleared immigration wait:120 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ImmigrationAnswerUnclear
    uses:   live
    notes:  ImmigrationDebtPaid ImmigrationDebtLapsed
    ends:   17 stands
5 an officer writes a debt off before the next vehicle
    do:     ready records:live arrive immigration take-over leave write-off arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  ImmigrationDebtWrittenOff
    ends:   17 stands
5 a debt that is not there cannot be written off
    do:     ready records:live arrive read immigration write-off
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    ends:   4 immigration
5 a late referral makes the next vehicle the officer's
    do:     ready records:live arrive immigration take-over leave arrive read immigration referred
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: ImmigrationAnswerUnclear AtOfficer
    notes:  ImmigrationDebtPaid
    ends:   8 at the officer
5 a late answer with nobody in the lane pays the debt
    do:     ready records:live arrive immigration take-over leave cleared arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  ImmigrationDebtPaid
    ends:   17 stands
5 a debt outlives the agent
    do:     ready records:live arrive immigration take-over leave boot link:fresh arrive read immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
3 Immigration begins with a vehicle taken over by hand, and answers when the next one is there: it releases nobody
    do:     ready arrive take-over immigration clear-stop way-out records:live arrive immigration cleared read
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
"""
