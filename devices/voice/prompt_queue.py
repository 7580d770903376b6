"""Which prompt is said when. Pure: it is told what the driver reads, whether a call is open, and what has been said.

Rules of this file:

1. The newest scene counts. A prompt of a scene that no longer stands is not begun, and one that is being said is broken off:
   an old instruction is a wrong one.
2. In a call only HELP is said, and nothing once somebody has answered: a prompt over a voice hides both.
3. Each is said once, and once more after `again_ms` if the scene still stands; a scene that comes back within `again_ms`
   counts as the same.
4. Of several that wait the more urgent goes first; those behind it have mostly gone with their scene by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.voice.prompts import PROMPTS
from devices.voice.settings import Prompting
from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class Say:
    """Begin with this one."""

    scene: Scene


@dataclass(frozen=True, slots=True)
class Hush:
    """Break off what is being said."""


@dataclass(slots=True)
class PromptQueue:
    """One kiosk's.

    Args:
        speak: which prompts.
        again_ms: see the rules.
    """

    speak: Prompting
    again_ms: int = 8_000
    _scene: Scene | None = None
    _call: bool = False
    _saying: Scene | None = None
    _due: dict[Scene, int] = field(default_factory=dict)  # when each may be said
    _said: dict[Scene, tuple[int, int]] = field(default_factory=dict)  # how often, and when last

    def receive_scene(self, scene: Scene | None, now_ms: int, *, call: bool) -> list[Say | Hush]:
        """What the driver reads now, and whether a help call is open."""
        came = scene is not self._scene
        self._scene, self._call = scene, call
        if came:
            self._due.clear()
            if scene is not None and self._may(scene):
                times, last_ms = self._said.get(scene, (0, 0))
                if times and now_ms - last_ms >= self.again_ms:
                    times = 0
                    del self._said[scene]
                self._due = {scene: now_ms if not times else last_ms + self.again_ms}
        hush: list[Say | Hush] = []
        if self._saying is not None and (self._saying is not scene or not self._may(self._saying)):
            self._saying = None
            hush.append(Hush())
        return hush + self.receive_time(now_ms)

    def receive_done(self, now_ms: int) -> list[Say | Hush]:
        """What was being said is over."""
        if self._saying is not None:
            times, _ = self._said.get(self._saying, (0, 0))
            self._said[self._saying] = (times, now_ms)
            if PROMPTS[self._saying].again and times < 2 and self._saying is self._scene:
                self._due[self._saying] = now_ms + self.again_ms
            self._saying = None
        return self.receive_time(now_ms)

    def receive_time(self, now_ms: int) -> list[Say | Hush]:
        """Time has passed."""
        if self._saying is not None:
            return []
        ready = [scene for scene, at_ms in self._due.items() if at_ms <= now_ms and self._may(scene)]
        if not ready:
            return []
        scene = min(ready, key=lambda one: PROMPTS[one].rank)
        del self._due[scene]
        times, _ = self._said.get(scene, (0, now_ms))
        if times >= (2 if PROMPTS[scene].again else 1):
            return []
        self._said[scene] = (times + 1, now_ms)
        self._saying = scene
        return [Say(scene)]

    def _may(self, scene: Scene) -> bool:
        prompt = PROMPTS.get(scene)
        if prompt is None or self.speak is Prompting.NONE:
            return False
        if self.speak is Prompting.HELP and not prompt.help:
            return False
        return prompt.help or not self._call
