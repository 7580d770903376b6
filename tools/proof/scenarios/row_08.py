"""Scenarios of row 8 of domain §4; how they are written is told in `tools.proof.scenarios`."""

TEXT = """
8 a plate that cannot be read is the officer's
    do:     ready arrive immigration cleared unread
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE
    alarms: PlateUnread
    ends:   8 plate not read
8 a reader that says nothing is given up
    do:     ready arrive immigration cleared wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE
    alarms: PlateUnread
    ends:   8 plate not read
8 a plate that is read late still counts
    do:     ready records:live arrive immigration cleared unread read
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE WATCH DONE
    alarms: PlateUnread
    uses:   live
    ends:   17 stands
8 while the plate is being read the driver waits
    do:     ready arrive immigration cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    ends:   8 reading
8 a second vehicle in the picture stops the release
    do:     ready records:live arrive immigration read second cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second vehicle takes 3 back
    do:     ready records:live arrive immigration read cleared second
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
8 a second vehicle stops the unladen release
    do:     ready records:approved arrive immigration read second cleared press
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    notes:  UnladenDeclared
    ends:   8 at the officer
8 two reads that differ are the officer's
    do:     ready records:live arrive immigration read read:stranger cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second read that differs takes 3 back
    do:     ready records:live arrive immigration read cleared read:stranger
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
8 pictures that contradict the read are the officer's
    do:     ready records:live arrive immigration read doubted cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 pictures that contradict the read take 3 back
    do:     ready records:live arrive immigration read cleared doubted
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
8 a doubt about another read changes nothing
    do:     ready records:live arrive immigration read doubted:ZZ99 doubted-of-before cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a doubt before any read changes nothing
    do:     ready records:live arrive immigration doubted read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 the same read twice changes nothing
    do:     ready records:live arrive immigration read read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a second read may bring the Mainland plate that disagrees
    do:     ready records:live+approved arrive immigration read read:+other cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: PlatesDisagree
    ends:   8 Mainland plate differs
8 two Mainland plates are the officer's
    do:     ready records:live arrive immigration read:+own read:+other cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second identifier that differs is the officer's
    do:     ready records:live arrive immigration read identifier:XY77 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second identifier that differs before the read
    do:     ready records:live arrive immigration identifier:XY77 read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second identifier that agrees
    do:     ready records:live arrive immigration identifier:AB1234 read identifier:AB1234 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a second identifier of the vehicle before counts for nobody
    do:     ready records:live arrive immigration read late-identifier:XY77 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 an identifier that named two vehicles before the read is the officer's
    do:     ready records:live arrive immigration identifier:XY77 identifier:AB1234 read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 an identifier that named two vehicles after the read is the officer's
    do:     ready records:live arrive immigration read identifier:AB1234 identifier:XY77 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 two identifiers that differ from each other are the officer's
    do:     ready records:live arrive immigration identifier:AB1234 immigration-identifier:XY77 read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a second identifier that differs takes 3 back
    do:     ready records:live arrive immigration read cleared identifier:XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    ends:   8 at the officer
8 a reader that repeats what the officer has settled raises nothing anew
    do:     ready records:live arrive immigration read identifier:XY77 cleared correct:AB1234 identifier:XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WATCH DONE
    alarms: AtOfficer
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 a required identifier that agrees before the read
    lane:   identifier
    do:     ready records:live arrive immigration identifier:AB1234 read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a required identifier is waited for
    lane:   identifier
    do:     ready records:live arrive immigration read cleared wait:5 identifier:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    ends:   17 stands
8 a required identifier that does not come is the officer's
    lane:   identifier
    do:     ready records:live arrive immigration read cleared wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
8 a required identifier that comes too late releases nobody by itself
    lane:   identifier
    do:     ready records:live arrive immigration read cleared wait:11 identifier:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
8 a required identifier is wanted of an empty vehicle too
    lane:   identifier
    do:     ready records:approved arrive immigration read cleared press wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT RECEIVED OFFICER
    alarms: Overdue AtOfficer
    notes:  UnladenDeclared
    ends:   8 at the officer
8 a required identifier that names another vehicle is the officer's
    lane:   identifier
    do:     ready records:live arrive immigration read identifier:XY77 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a required identifier of the vehicle before counts for nobody
    lane:   identifier
    do:     ready records:live arrive immigration read late-identifier:AB1234 cleared wait:10
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT OFFICER
    alarms: Overdue AtOfficer
    ends:   8 at the officer
8 a mark an officer typed needs no identifier
    lane:   identifier
    do:     ready records:live arrive immigration read cleared correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 inspect waits for no identifier
    lane:   identifier
    do:     ready records:inspect arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
8 an officer types the mark and the lane decides
    do:     ready records:live arrive immigration cleared unread correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE WATCH DONE
    alarms: PlateUnread
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 an officer settles a disagreement of plates
    do:     ready records:live arrive immigration read identifier:XY77 cleared correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER WATCH DONE
    alarms: AtOfficer
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 an officer's mark is not outvoted by the reader
    do:     ready records:live arrive immigration cleared correct:AB1234 read:stranger
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 a mark typed for the vehicle before counts for nobody
    do:     ready arrive leave records:live arrive immigration cleared unread correct-before:AB1234
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE
    alarms: RunThrough PlateUnread
    ends:   8 plate not read
8 an empty mark is no mark
    do:     ready arrive immigration cleared unread correct:-
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT NOPLATE
    alarms: PlateUnread
    ends:   8 plate not read
8 a mark typed after 4 changes nothing
    do:     ready records:inspect arrive immigration read cleared correct:XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    uses:   inspect
    notes:  SentToCompound
    ends:   9 stands
8 another mark typed after 3 takes it back
    do:     ready records:live arrive immigration read cleared correct:XY77
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: Withdrawn AtOfficer
    uses:   live
    notes:  Corrected
    ends:   8 at the officer
8 the same mark typed after 3 leaves it
    do:     ready records:live arrive immigration read cleared correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 a near-miss of a held vehicle is the officer's, never 4
    do:     ready records:near-held arrive immigration read cleared wait:300
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: NearMiss
    ends:   8 near-miss of a held vehicle
8 a live bundle does not outweigh a held neighbour
    do:     ready records:live+near-held arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: NearMiss
    ends:   8 near-miss of a held vehicle
8 an officer who confirms the mark beside a held neighbour lets the lane decide
    do:     ready records:live+near-held arrive immigration read cleared correct:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    alarms: NearMiss
    uses:   live
    notes:  Corrected
    ends:   17 stands
8 an exact hold outweighs a near-miss
    do:     ready records:hold+near-held arrive immigration read cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION EXAMINE
    notes:  SentToCompound
    ends:   9 stands
8 a Mainland plate that is not the listed one
    do:     ready records:live+approved arrive immigration read:+other cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: PlatesDisagree
    ends:   8 Mainland plate differs
8 a Mainland plate that is the listed one
    do:     ready records:live+approved arrive immigration read:+own cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    uses:   live
    ends:   17 stands
8 a read of the vehicle before counts for nobody
    do:     ready arrive leave records:live arrive immigration cleared read-of-before
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    alarms: RunThrough
    ends:   8 reading
8 a reader's surrender for the vehicle before
    do:     ready arrive leave records:live arrive immigration cleared unread-of-before read
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WAIT WATCH DONE
    alarms: RunThrough
    uses:   live
    ends:   17 stands
8 a second vehicle behind the vehicle before
    do:     ready arrive leave records:live arrive immigration second-of-before read cleared
    shows:  STOP OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: RunThrough
    uses:   live
    ends:   17 stands
8 a contact already active at arrival is a fault until it opens
    do:     ready records:live on:immigration_cleared arrive read immigration cleared
    shows:  OFFICER IMMIGRATION_TURN/IMMIGRATION
    alarms: ContactStuck Fault
    ends:   4 immigration
8 a button already pressed at arrival is a fault
    do:     ready records:approved on:unladen arrive immigration read cleared
    shows:  OFFICER
    alarms: ContactStuck Fault
    ends:   21 fault
8 a restart with a vehicle in the lane is the officer's
    do:     ready records:live arrive immigration read boot:stop_loop link:fresh cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: RestartedWithVehicle NotFresh AtOfficer
    ends:   8 at the officer
8 a restart takes 3 back
    do:     ready records:live arrive immigration read cleared boot:stop_loop link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER
    alarms: RestartedWithVehicle NotFresh AtOfficer
    uses:   live
    ends:   8 at the officer
8 a vehicle found on the loop at the start is the officer's
    do:     ready records:live boot:stop_loop link:fresh immigration read cleared
    shows:  WELCOME MANUAL
    alarms: ManualVisit
    ends:   7 manual
8 a vehicle that left during the restart
    do:     ready records:live arrive immigration read cleared boot link:fresh wait:15
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE OFFICER WELCOME
    alarms: RestartedWithVehicle NotFresh RunThrough LeftUnseen
    uses:   live
    ends:   2 waiting
8 a level found at the start is no signal
    do:     ready records:live arrive immigration read boot:stop_loop+immigration_cleared link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: RestartedWithVehicle NotFresh AtOfficer
    ends:   8 at the officer
8 a level of Immigration's line found at the start clears nobody
    do:     ready records:live boot:immigration_cleared link:fresh open arrive read
    shows:  WELCOME OFFICER
    alarms: ContactStuck Fault
    ends:   21 fault
8 a button found pressed at the start declares nothing
    do:     ready records:approved arrive immigration read boot:stop_loop+unladen link:fresh cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: RestartedWithVehicle NotFresh AtOfficer
    ends:   8 at the officer
8 a line of Immigration found active at the start refers nobody
    do:     ready arrive immigration read boot:stop_loop+immigration_referred link:fresh
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: RestartedWithVehicle NotFresh AtOfficer
    ends:   8 at the officer
8 an identifier of unproved origin proves nothing
    lane:   identifier
    do:     ready records:live arrive immigration read cleared unproved-identifier:AB1234
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION WAIT
    ends:   8 second identifier awaited
8 an identifier of unproved origin may contradict
    do:     ready records:live arrive immigration read unproved-identifier:ZZ9 cleared
    shows:  STOP IMMIGRATION_TURN/IMMIGRATION OFFICER
    alarms: AtOfficer
    ends:   8 at the officer
8 a stuck contact that opens is no fault any more
    do:     ready records:live on:unladen arrive leave off:unladen arrive read immigration cleared
    shows:  OFFICER WELCOME STOP IMMIGRATION_TURN/IMMIGRATION WATCH DONE
    alarms: ContactStuck Fault RunThrough
    uses:   live
    ends:   17 stands
"""
