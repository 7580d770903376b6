"""The help call: it rings. No voice yet; the officer walks over or speaks through the booth's own loudspeaker.

The call itself (ringing, answered, ended, by whom) is the lane's state and is shown at the head of the officers' page;
this file is only its bell and lamp.

| call | bell | lamp |
|---|---|---|
| ring | on | on |
| answer | off | on |
| end | off | off |
"""

from __future__ import annotations

from devices.contacts import Outputs
from devices.settings import Output

_FACES = {"ring": (True, True), "answer": (False, True), "end": (False, False)}


class Intercom:
    """Carries out `lane_agent.effects.Ring`.

    Args:
        outputs: where bell and lamp are wired.

    Attributes:
        call: the last call carried out: "ring", "answer" or "end".
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self.call = "end"

    def ring(self, call: str) -> None:
        """Switches bell and lamp to the state of the call.

        Raises:
            ValueError: `call` is none of "ring", "answer", "end".
        """
        if call not in _FACES:
            raise ValueError(f"no such call: {call!r}; the lane knows {', '.join(_FACES)}")
        bell, lamp = _FACES[call]
        self._outputs.switch(Output.BELL, bell)
        self._outputs.switch(Output.LAMP, lamp)
        self.call = call
