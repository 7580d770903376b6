"""What single values cannot say: rules between the keys of a lane's settings. Each yields what breaks it.

A rule names the sections it needs and is asked only when all of them could be read, so that one mistyped number
does not hide a missing key elsewhere.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from console.settings import ConsoleSettings
from edge.settings.sections import (
    BoardKind,
    BrokerSettings,
    CameraKind,
    CameraSettings,
    ConsoleSection,
    ContactsSettings,
    HealthSettings,
    IdentifierKind,
    IdentifierSettings,
    LinkSettings,
    Manifest,
    PolicySettings,
)
from lane_agent.contacts import REQUIRED
from lane_agent.model import Contact
from lane_agent.table import LIMITS_MS
from runtime.toml_table import Problem

Problems = Iterator[Problem]

_SIMULATED_CAMERAS = {CameraKind.FOLDER, CameraKind.VIDEO, CameraKind.SIMULATED}
_SCHEMES = {CameraKind.RTSP: ("rtsp://", "rtsps://"), CameraKind.HTTP: ("http://", "https://")}


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


def _policy(policy: PolicySettings) -> Problems:
    for name in policy.limits:
        if name not in LIMITS_MS:
            near = difflib.get_close_matches(name, LIMITS_MS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the stages are {', '.join(LIMITS_MS)}"
            yield Problem(f"policy.limits.{name}", "is no waiting stage of the lane", hint)


def _camera(camera: CameraSettings) -> Problems:
    if schemes := _SCHEMES.get(camera.kind):
        if camera.url is None or not camera.url.startswith(schemes):
            yield Problem("camera.url", f"does not fit kind {camera.kind.value}", f'write url = "{schemes[0]}..."')
    elif camera.path is None:
        yield Problem(
            "camera.path", f"is missing for kind {camera.kind.value}", "add path = the device, file or folder"
        )
    yield from _region(camera.region)


def _region(region: tuple[float, ...]) -> Problems:
    if len(region) != 4:
        if len(region) < 6 or len(region) % 2:
            remedy = "give 4 (left, top, width, height) or x and y of three or more corners"
            yield Problem("camera.region", f"has {len(region)} numbers", remedy)
        return
    left, top, width, height = region
    if not (width > 0 and height > 0 and left + width <= 1 and top + height <= 1):
        yield Problem("camera.region", "reaches outside the picture", "left + width and top + height are at most 1")


def _simulation_camera(simulation: bool, camera: CameraSettings) -> Problems:
    if camera.kind in _SIMULATED_CAMERAS and not simulation:
        remedy = 'use kind = "v4l2", "rtsp" or "http"; a demonstration says simulation = true in its own file'
        yield Problem("camera.kind", f"{camera.kind.value} is no camera of a real lane", remedy)


def _simulation_contacts(simulation: bool, contacts: ContactsSettings) -> Problems:
    if contacts.board is BoardKind.SIMULATED and not simulation:
        remedy = 'use board = "gpio" or "remote"; a demonstration says simulation = true in its own file'
        yield Problem("contacts.board", "simulated is no board of a real lane", remedy)


def _board(contacts: ContactsSettings) -> Problems:
    if contacts.board is BoardKind.REMOTE and not contacts.port:
        yield Problem(
            "contacts.port", "is missing for board remote", 'add port = "/dev/ttyUSB0" or "socket://host:port"'
        )
    if contacts.board is BoardKind.SIMULATED and contacts.socket is None:
        yield Problem("contacts.socket", "is missing for board simulated", 'add socket = "contacts.sock"')


def _wiring(contacts: ContactsSettings) -> Problems:
    for contact in REQUIRED:
        if contact not in contacts.inputs:
            remedy = f'add {contact.value} = {{ line = ..., active = "low" }}'
            yield Problem(f"contacts.inputs.{contact.value}", "is missing", remedy)
    lines: dict[int, str] = {}
    every = [(f"contacts.inputs.{key.value}", each.line) for key, each in contacts.inputs.items()]
    every += [(f"contacts.outputs.{key.value}", each.line) for key, each in contacts.outputs.items()]
    for key, line in every:
        if line in lines:
            yield Problem(f"{key}.line", f"line {line} is also that of {lines[line]}", "give each its own line")
        lines.setdefault(line, key)


def _optional_contacts(policy: PolicySettings, contacts: ContactsSettings) -> Problems:
    pairs = (
        (Contact.DROP_BOX, policy.manifest is Manifest.SENSOR, 'policy.manifest = "sensor"'),
        (Contact.COMPOUND_LOOP, policy.compound_loop, "policy.compound_loop = true"),
    )
    for contact, wanted, by in pairs:
        if wanted and contact not in contacts.inputs:
            remedy = f'add {contact.value} = {{ line = ..., active = "low" }}, or change the policy'
            yield Problem(f"contacts.inputs.{contact.value}", f"is missing, and {by} needs it", remedy)


def _identifier(identifier: IdentifierSettings) -> Problems:
    kind = identifier.kind
    if kind is IdentifierKind.SERIAL and not identifier.port:
        yield Problem(
            "identifier.port", "is missing for kind serial", 'add port = "/dev/ttyUSB1" or "socket://host:port"'
        )
    if kind is IdentifierKind.NONE and identifier.required:
        yield Problem(
            "identifier.required",
            "there is no identifier to require",
            'write kind = "serial" or "mqtt", or leave it out',
        )
    if kind is not IdentifierKind.SERIAL and identifier.labels is not None:
        yield Problem("identifier.labels", f"is of no use to kind {kind.value}", "remove it: only serial reads labels")
    if kind is not IdentifierKind.MQTT and identifier.topic is not None:
        yield Problem("identifier.topic", f"is of no use to kind {kind.value}", "remove it: only mqtt has a topic")
    if identifier.silent_s < 1:
        wrong = f"{identifier.silent_s:g} s is too short"
        yield Problem("identifier.silent_s", wrong, "at least 1 s: an identifier answers about once a second")


def _link_times(link: LinkSettings) -> Problems:
    if link.fresh_s <= 1:
        yield Problem("link.fresh_s", f"{link.fresh_s:g} s is too short", "more than 1 s: a proof comes each second")
    if link.offline_s < link.fresh_s:
        wrong = f"{link.offline_s:g} s is shorter than link.fresh_s ({link.fresh_s:g} s)"
        yield Problem("link.offline_s", wrong, "make offline_s at least fresh_s; the design says 3 and 5")


def _brokers(link: LinkSettings) -> Problems:
    if not link.brokers:
        yield Problem("link.brokers", "is empty", "add a section [[link.brokers]] with host and port")
    seen: set[BrokerSettings] = set()
    for place, broker in enumerate(link.brokers):
        if broker in seen:
            yield Problem(f"link.brokers[{place}]", "is listed twice", "remove one; a second broker is another machine")
        seen.add(broker)
        if link.authority is None and not is_loopback(broker.host):
            wrong = f"{broker.host} is reached over the network without TLS"
            yield Problem(f"link.brokers[{place}].host", wrong, "add link.authority, link.certificate and link.key")


def _link_files(link: LinkSettings) -> Problems:
    if (link.certificate is None) != (link.key is None):
        missing = "key" if link.key is None else "certificate"
        yield Problem(f"link.{missing}", "is missing", "certificate and key are given together or not at all")
    if link.certificate is not None and link.authority is None:
        yield Problem("link.authority", "is missing", "add the PEM file of who signed the broker's certificate")


def _console(console: ConsoleSection) -> Problems:
    for key, text in console_settings(console).problems():
        if key in {"tls_certificate", "tls_key"} and "does not exist" in text:
            continue  # a missing file is told by `settings_files`
        wrong, _, remedy = text.rpartition(": ")
        yield Problem(f"console.{key}", wrong or "is not possible", remedy)


def _health(health: HealthSettings) -> Problems:
    if health.warn_free_mb < health.min_free_mb:
        yield Problem("health.warn_free_mb", "is below health.min_free_mb", "warn before it is a fault: write more")


def is_loopback(host: str) -> bool:
    """Whether the host is this box."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def console_settings(console: ConsoleSection) -> ConsoleSettings:
    """The section as the console wants it."""
    return ConsoleSettings(
        officers=console.officers,
        host=console.host,
        port=console.port,
        tls_certificate=console.tls_certificate,
        tls_key=console.tls_key,
        names=console.names,
        view_without_login=console.view_without_login,
        idle_s=console.idle_s,
        shift_s=console.shift_s,
    )


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Problems]], ...] = (
    (("policy",), _policy),
    (("camera",), _camera),
    (("simulation", "camera"), _simulation_camera),
    (("contacts",), _board),
    (("contacts",), _wiring),
    (("simulation", "contacts"), _simulation_contacts),
    (("policy", "contacts"), _optional_contacts),
    (("identifier",), _identifier),
    (("link",), _link_times),
    (("link",), _brokers),
    (("link",), _link_files),
    (("console",), _console),
    (("health",), _health),
)
