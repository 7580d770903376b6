"""Scenarios of Immigration's terminal, which names the vehicle it speaks of (design §2.13); see `tools.proof.scenarios`."""

TEXT = """
4 a terminal that names the vehicle starts and clears it
    do:     ready records:live arrive terminal:started+AB1234 read terminal:cleared+AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
4 a terminal that names nobody speaks as the contacts do
    do:     ready records:live arrive terminal:started read terminal:cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
4 a terminal may speak before the plate is read
    do:     ready records:live arrive terminal:started+AB1234 terminal:cleared+AB1234 read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    ends:   17 stands
4 cleared that names another vehicle releases nobody
    do:     ready records:live arrive terminal:started+AB1234 read terminal:cleared+XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationOtherVehicle
    ends:   4 immigration
4 nor where the terminal is on a network, and proves nothing
    do:     ready records:live arrive terminal:started read unproved-terminal:cleared+XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: ImmigrationOtherVehicle
    ends:   4 immigration
4 started that names another vehicle holds this one, and is told
    do:     ready records:live arrive read terminal:started+XY77 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: ImmigrationOtherVehicle AtOfficer
    ends:   8 at the officer
4 a mark read otherwise than the terminal named it is the officer's
    do:     ready records:live arrive terminal:started+XY77 terminal:cleared+XY77 read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
4 an officer who types the mark that Immigration saw lets it go on
    do:     ready records:live arrive terminal:started+AB1234 read:stranger terminal:cleared+AB1234 correct:AB1234 write-off
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ImmigrationOtherVehicle
    notes:  Corrected ImmigrationDebtWrittenOff
    uses:   live
    ends:   17 stands
4 an officer who types another mark than Immigration saw must release by hand
    do:     ready records:live arrive terminal:started+XY77 terminal:cleared+XY77 read correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: AtOfficer
    notes:  Corrected
    ends:   8 at the officer
4 and may
    do:     ready records:live arrive terminal:started+XY77 terminal:cleared+XY77 read correct:AB1234 release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER DONE
    alarms: AtOfficer
    notes:  Corrected ReleasedByOfficer
    uses:   live
    ends:   7 stands
4 cleared without started counts for nobody, whomever it names
    do:     ready records:live arrive read terminal:cleared+AB1234
    shows:  STOP
    ends:   3 please stop
4 a signal from before the arrival counts for nobody
    do:     ready records:live arrive read late-terminal:started+AB1234 late-terminal:cleared+AB1234
    shows:  STOP
    ends:   3 please stop
5 an answer that names the vehicle in the lane is not the debt of the one before
    do:     ready records:live arrive terminal:started+XY77 leave arrive terminal:started+AB1234 read terminal:cleared+AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    uses:   live
    ends:   17 stands
5 an answer that names the vehicle before pays its debt and makes nothing unclear
    do:     ready records:live arrive terminal:started+XY77 leave arrive terminal:started+AB1234 read terminal:cleared+XY77 terminal:cleared+AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    notes:  ImmigrationDebtPaid
    uses:   live
    ends:   17 stands
5 a referral that names the vehicle before leaves this one alone
    do:     ready records:live arrive terminal:started+XY77 leave arrive terminal:started+AB1234 read terminal:referred+XY77 terminal:cleared+AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    notes:  ImmigrationDebtPaid
    uses:   live
    ends:   17 stands
5 a name that proves nothing pays the debt as no name does
    do:     ready records:live arrive terminal:started leave arrive terminal:started read unproved-terminal:cleared+AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    alarms: RunThrough ImmigrationAnswerUnclear
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
5 a terminal that begins with a vehicle that was taken over by hand owes that answer
    do:     ready records:live arrive take-over terminal:started+XY77 clear-stop arrive terminal:started+AB1234 read terminal:cleared+XY77
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION
    notes:  ImmigrationDebtPaid
    ends:   4 immigration
17 3 is taken back when the terminal begins with another vehicle
    do:     ready records:live arrive immigration read cleared terminal:started+XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: ImmigrationOtherVehicle Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
17 a manifest that cannot be dropped is the officer's at once
    lane:   manifest
    do:     ready records:live on:box_jam arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: BoxJammed ManifestByHand AtOfficer
    ends:   8 at the officer
17 and he can release that vehicle
    lane:   manifest
    do:     ready records:live on:box_full arrive immigration read cleared release
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER DONE
    alarms: BoxFull ManifestByHand AtOfficer
    notes:  ReleasedByOfficer
    uses:   live
    ends:   7 stands
17 a box that jams while the driver is asked sends him to the officer
    lane:   manifest
    do:     ready records:live arrive immigration read cleared on:box_jam
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST OFFICER
    alarms: BoxJammed ManifestByHand AtOfficer
    ends:   8 at the officer
17 a box that was freed takes manifests again
    lane:   manifest
    do:     ready records:live on:box_jam off:box_jam arrive immigration read cleared drop
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION MANIFEST WATCH DONE
    alarms: BoxJammed
    uses:   live
    ends:   17 stands
17 a jam behind a manifest that fell stops nobody
    lane:   manifest
    do:     ready records:live arrive immigration read drop on:box_jam cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: BoxJammed
    uses:   live
    ends:   17 stands
17 a jammed box stops nobody where no manifest is wanted
    do:     ready records:live on:box_jam arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: BoxJammed
    uses:   live
    ends:   17 stands
10 an empty vehicle whose manifest cannot be dropped is the officer's at once
    lane:   manifest
    do:     ready records:approved on:box_full arrive press immigration read cleared
    shows:  STOP IMMIGRATION_TURN/RECEIVED OFFICER
    alarms: BoxFull ManifestByHand AtOfficer
    notes:  UnladenDeclared
    ends:   8 at the officer
2 a lid, a nearly full box and a cabinet door are told and stop nobody
    do:     ready records:live on:box_lid on:box_nearly_full on:cabinet arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: BoxOpen BoxNearlyFull CabinetOpen
    uses:   live
    ends:   17 stands
"""
