"""The contacts of a lane: what each one is, said once. What closing means for a visit is in `receive` and `passage`.

A contact is anything wired to an input line: a loop, a button of the panel, a signal of Immigration, a sensor. From this
table follow which edges must belong to the open visit (`acceptance`), which contacts an officer may bypass, which inputs a
lane's file must have (`edge.settings.rules`), what the page calls them, and what the prover plays late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.alarms import LaneAlarmKind
from lane_agent.frozen import Constant


class Contact(Constant):
    """Something that closes. The value is its name in a lane's file and in journals."""

    STOP_LOOP = "stop_loop"  # a vehicle is at the kiosk
    ARRIVAL_LOOP = "arrival_loop"  # a vehicle waits before the kiosk, or backs out over it
    EXIT_LOOP = "exit_loop"  # a vehicle passes the way out
    COMPOUND_LOOP = "compound_loop"  # a vehicle turns to the Customs Examination Compound
    UNLADEN = "unladen"
    HELP = "help"
    DROP_BOX = "drop_box"  # the paper manifest falls into the drop-in box
    BOX_LID = "box_lid"  # the drop-in box is open
    BOX_NEARLY_FULL = "box_nearly_full"
    BOX_FULL = "box_full"
    BOX_JAM = "box_jam"  # paper stands in the slot
    CABINET = "cabinet"  # the door of the cabinet that the box is in
    IMMIGRATION_STARTED = "immigration_started"
    IMMIGRATION_CLEARED = "immigration_cleared"
    IMMIGRATION_REFERRED = "immigration_referred"


@dataclass(frozen=True, slots=True)
class ContactTraits:
    """What one contact is.

    Attributes:
        says, chinese: its name for an officer.
        loop: an inductive loop; the only contacts that an officer may bypass when they stick (design §2.9).
        way_out: a vehicle that passes it is leaving the lane.
        for_visit: its edge says something about the vehicle in the lane, so it must belong to the open visit (design §2.1).
            Already active when a vehicle arrives, it is stuck, and the visit is the officer's.
        optional: a lane may lack it; the policy that needs it is checked in `edge.settings.rules`.
        witness: it decides nothing; `edge.passage_watch` tells people which way vehicles go by it.
        alarm: what people are told while it is active, of a contact that says nothing about a vehicle.
    """

    says: str
    chinese: str
    loop: bool = False
    way_out: bool = False
    for_visit: bool = False
    optional: bool = False
    witness: bool = False
    alarm: LaneAlarmKind | None = None


def _telltale(says: str, chinese: str, alarm: LaneAlarmKind) -> ContactTraits:
    return ContactTraits(says, chinese, optional=True, alarm=alarm)


CONTACTS: Final[dict[Contact, ContactTraits]] = {
    Contact.STOP_LOOP: ContactTraits("Stop line loop", "停車線感應線圈", loop=True),
    Contact.ARRIVAL_LOOP: ContactTraits("Arrival loop", "到達感應線圈", optional=True, witness=True),
    Contact.EXIT_LOOP: ContactTraits("Way-out loop", "出口感應線圈", loop=True, way_out=True),
    Contact.COMPOUND_LOOP: ContactTraits("Compound loop", "驗貨場感應線圈", loop=True, way_out=True, optional=True),
    Contact.UNLADEN: ContactTraits("Unladen Vehicle button", "空車按鈕", for_visit=True),
    Contact.HELP: ContactTraits("Help button", "求助按鈕"),
    Contact.DROP_BOX: ContactTraits("Drop-in box", "載貨清單收集箱", for_visit=True, optional=True),
    Contact.BOX_LID: _telltale("Lid of the drop-in box", "收集箱蓋", LaneAlarmKind.BOX_OPEN),
    Contact.BOX_NEARLY_FULL: _telltale("Drop-in box nearly full", "收集箱將滿", LaneAlarmKind.BOX_NEARLY_FULL),
    Contact.BOX_FULL: _telltale("Drop-in box full", "收集箱已滿", LaneAlarmKind.BOX_FULL),
    Contact.BOX_JAM: _telltale("Drop-in box jammed", "收集箱卡紙", LaneAlarmKind.BOX_JAMMED),
    Contact.CABINET: _telltale("Door of the cabinet", "機櫃門", LaneAlarmKind.CABINET_OPEN),
    Contact.IMMIGRATION_STARTED: ContactTraits("Immigration has begun", "出入境檢查開始", for_visit=True),
    Contact.IMMIGRATION_CLEARED: ContactTraits("Immigration has cleared", "出入境檢查完成", for_visit=True),
    Contact.IMMIGRATION_REFERRED: ContactTraits("Immigration has referred", "出入境處轉介", for_visit=True),
}
"""Every contact there is; the Chinese is ours until the department confirms it."""

LOOPS: Final = tuple(contact for contact, traits in CONTACTS.items() if traits.loop)
WAYS_OUT: Final = tuple(contact for contact, traits in CONTACTS.items() if traits.way_out)
FOR_VISIT: Final = tuple(contact for contact, traits in CONTACTS.items() if traits.for_visit)
TELLTALES: Final = {contact: traits.alarm for contact, traits in CONTACTS.items() if traits.alarm is not None}
"""Contacts that people are told of, and what."""
REQUIRED: Final = tuple(contact for contact, traits in CONTACTS.items() if not traits.optional)
"""Without these no lane can work."""
