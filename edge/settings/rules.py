"""Rules between the sections of a lane's settings; those within one are the section's own. Each yields what breaks it.

A rule names the sections it needs and is asked only when all of them could be read, so that one mistyped number
does not hide a missing key elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from console.settings import ConsoleSettings
from devices.settings import BoardKind, CameraKind, CameraSettings, ContactsSettings
from devices.terminal import SIGNALS
from devices.terminal_settings import ImmigrationKind, ImmigrationSettings
from devices.voice.settings import VoiceSettings
from display.settings import Mode, ScreensSettings
from edge.settings.sections import LaneMode, LaneSettings, Manifest, PolicySettings
from lane_agent.contacts import REQUIRED
from lane_agent.model import Contact
from runtime.sections import Problem

Problems = Iterator[Problem]

_SIMULATED_CAMERAS = {CameraKind.FOLDER, CameraKind.VIDEO, CameraKind.SIMULATED}


def rule_problems(sections: Mapping[str, Any]) -> list[Problem]:
    """Every broken rule.

    Args:
        sections: the sections that could be read, by name.
    """
    found: list[Problem] = []
    for needs, rule in _RULES:
        if all(name in sections for name in needs):
            found += rule(*(sections[name] for name in needs))
    return found


def _simulation_camera(simulation: bool, camera: CameraSettings) -> Problems:
    if camera.kind in _SIMULATED_CAMERAS and not simulation:
        remedy = 'use kind = "v4l2", "rtsp" or "http"; a demonstration says simulation = true in its own file'
        yield Problem("camera.kind", f"{camera.kind.value} is no camera of a real lane", remedy)


def _simulation_contacts(simulation: bool, contacts: ContactsSettings) -> Problems:
    if contacts.board is BoardKind.SIMULATED and not simulation:
        remedy = 'use board = "gpio", "modbus" or "remote"; a demonstration says simulation = true in its own file'
        yield Problem("contacts.board", "simulated is no board of a real lane", remedy)


def _simulation_screens(simulation: bool, screens: ScreensSettings) -> Problems:
    if screens.mode is Mode.HEADLESS and not simulation:
        remedy = 'use mode = "fullscreen"; a demonstration says simulation = true in its own file'
        yield Problem("screens.mode", "headless is no screen of a real lane: no driver sees anything", remedy)


def _simulation_voice(simulation: bool, voice: VoiceSettings) -> Problems:
    for name, device, needed in (
        ("microphone", voice.microphone, voice.calls),
        ("loudspeaker", voice.loudspeaker, voice.on),
    ):
        if needed and device == "null" and not simulation:
            remedy = 'name the kiosk\'s, such as "alsa:hw:0,0" (arecord -l and aplay -l list them)'
            yield Problem(f"voice.{name}", "is missing: nobody would be heard", remedy)


def _voice_over_tls(voice: VoiceSettings, console: ConsoleSettings) -> Problems:
    if voice.page and not (console.secure or console.loopback):
        remedy = "set console.tls_certificate and tls_key: browsers give a microphone to HTTPS alone"
        yield Problem("voice.page", "needs the page over HTTPS", remedy)


def _contacts_of_every_lane(contacts: ContactsSettings, immigration: ImmigrationSettings) -> Problems:
    terminal = immigration.kind is ImmigrationKind.TERMINAL
    for contact in REQUIRED:
        if terminal and contact in SIGNALS:
            if contact in contacts.inputs:
                remedy = 'remove it, or write immigration.kind = "contacts"'
                yield Problem(f"contacts.inputs.{contact.value}", "is what the terminal says", remedy)
        elif contact not in contacts.inputs:
            remedy = f'add {contact.value} = {{ line = ..., active = "low" }}'
            yield Problem(f"contacts.inputs.{contact.value}", "is missing", remedy)


def _terminal_of_a_shadow(lane: LaneSettings, immigration: ImmigrationSettings) -> Problems:
    if lane.mode is LaneMode.SHADOW and immigration.kind is ImmigrationKind.TERMINAL:
        remedy = 'write kind = "contacts" and wire its lines beside the live lane\'s'
        yield Problem("immigration.kind", "terminal speaks with one lane, and that is the live one", remedy)


def _contacts_of_the_policy(policy: PolicySettings, contacts: ContactsSettings) -> Problems:
    pairs = (
        (Contact.DROP_BOX, policy.manifest is Manifest.SENSOR, 'policy.manifest = "sensor"'),
        (Contact.COMPOUND_LOOP, policy.compound_loop, "policy.compound_loop = true"),
    )
    for contact, wanted, by in pairs:
        if wanted and contact not in contacts.inputs:
            remedy = f'add {contact.value} = {{ line = ..., active = "low" }}, or change the policy'
            yield Problem(f"contacts.inputs.{contact.value}", f"is missing, and {by} needs it", remedy)


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Problems]], ...] = (
    (("simulation", "camera"), _simulation_camera),
    (("contacts", "immigration"), _contacts_of_every_lane),
    (("simulation", "contacts"), _simulation_contacts),
    (("simulation", "screens"), _simulation_screens),
    (("policy", "contacts"), _contacts_of_the_policy),
    (("lane", "immigration"), _terminal_of_a_shadow),
    (("simulation", "voice"), _simulation_voice),
    (("voice", "console"), _voice_over_tls),
)
