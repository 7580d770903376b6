"""`rocars-lane enrol`, in words for the technician who walks between box and operator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.enrol import Checked, IdentityFiles, ask, install, look
from edge.settings.load import Settings
from runtime.mqtt import Broker, Tls
from runtime.probe_broker import probe_broker
from sync.settings import BrokerSettings
from wire.enrolment import EnrolmentError

Say = Callable[[str], None]


def make_request(settings: Settings, *, again: bool, out: Path | None, say: Say) -> None:
    """New keys, and the request for the operator.

    Raises:
        EnrolmentError, OSError: it is not made; the text says what to do.
    """
    places = IdentityFiles.of(settings)
    request = ask(places, again=again)
    file = places.request
    if out is not None:
        out.write_bytes(request.to_text())
        file = out
    say(f"The request of lane {places.lane} is in {file}; nothing in it is secret. Its fingerprint is")
    say(f"    {request.fingerprint}")
    say("Take the file to the core's operator, who runs")
    say(f"    rocars-core enrol {places.lane} --request {file.name} --config FILE")
    say("and gives you an answer. Until it is installed the lane goes on with the keys it has.")


def take_answer(
    settings: Settings, file: Path, *, fingerprint: str, untried: bool, agree: Callable[[str], bool], say: Say
) -> None:
    """The operator's answer, checked, tried and put in place.

    Args:
        settings: of the lane.
        file: the answer.
        fingerprint: what the operator sees, "" to have it compared by `agree`.
        untried: do not try it with the brokers.
        agree: asks a person a question.
        say: takes lines for a person.

    Raises:
        EnrolmentError, OSError: it is not installed; the text says what to do.
    """
    places = IdentityFiles.of(settings)
    checked = look(places, file)
    _believe(checked, fingerprint, agree, say)
    for line in install(places, checked, None if untried else lambda *tls: _try(settings.link.brokers, Tls(*tls))):
        say(f"warning: {line}")
    if checked.identity:
        say(f"lane {places.lane} is enrolled; what it replaced stays beside as .old")
        say("Restart the lane between two vehicles: systemctl restart rocars-lane")
    else:
        say(
            f"The core's keys are now {', '.join(sorted(checked.answer.core_keys))}; a running lane takes them up by itself"
        )


def _believe(checked: Checked, fingerprint: str, agree: Callable[[str], bool], say: Say) -> None:
    shown = checked.answer.fingerprint
    if fingerprint and fingerprint != shown:
        raise EnrolmentError(f"the answer's fingerprint is {shown}, the operator's another: it is not the operator's")
    if checked.known or fingerprint:
        return
    say("This lane does not know the core yet. The answer's fingerprint is")
    say(f"    {shown}")
    if not agree("Does the core's operator see the same?"):
        raise EnrolmentError("then the answer is not the operator's; nothing was changed")


def _try(brokers: tuple[BrokerSettings, ...], tls: Tls) -> list[str]:
    return [_asked(Broker(each.host, each.port), tls) for each in brokers]


def _asked(broker: Broker, tls: Tls) -> str:
    try:
        probe_broker(broker, tls)
    except OSError as error:
        return str(error)
    return ""
