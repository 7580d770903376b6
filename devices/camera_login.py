"""A network camera's login, and the words for what goes wrong between it and the box.

A password stands in a file that only the lane may read, or in a credential of its unit, and in no settings, message or log. It is
read anew at each opening, and exists in the memory of the reader's process alone.

Rules of this file
- What a library says is quoted without the address it was given (FFmpeg names it in every error), and searched for the
  login all the same.
- Each refusal says what to do: login, path, transport and cable are four different errands.
"""

from __future__ import annotations

import errno
from urllib.parse import quote

import av

from devices.dated_picture import CameraError, LoginRefused
from devices.settings import CameraSettings
from runtime.camera_address import read_login, with_login


class CameraAddress:
    """Where a camera is.

    Args:
        settings: of the camera.

    Attributes:
        shown: for people, without the login.
        opened: for FFmpeg, with it.

    Raises:
        CameraError: the login's file cannot be used.
    """

    def __init__(self, settings: CameraSettings) -> None:
        self.shown = self.opened = settings.place
        self._login = settings.login_file is not None
        self._secrets: tuple[str, ...] = ()
        if settings.login_file is not None and settings.url is not None:
            try:
                user, password = read_login(settings.login_file)
            except OSError as error:
                raise CameraError(str(error)) from error
            quoted = quote(user, safe=""), quote(password, safe="")
            self.opened = with_login(settings.url, *quoted)
            self._secrets = tuple(sorted({password, quoted[1], self.opened}, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without the password, however a library writes it."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def error(self, problem: Exception) -> CameraError:
        """What FFmpeg or the system says, as an error that says what to do."""
        return self._refused(problem) or self.failed(
            f"{self._said(problem)}: check the address, the cable and the power"
        )

    def failed(self, what: str) -> CameraError:
        """An error of this camera."""
        return CameraError(self.clean(f"{self.shown}: {what}"))

    def _said(self, problem: Exception) -> str:
        return str(getattr(problem, "strerror", None) or problem)

    def _refused(self, problem: Exception) -> CameraError | None:
        """The errors that are no matter of cable and power."""
        if isinstance(problem, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            if self._login:
                remedy = (
                    "correct user or password in the file camera.login_file names; it is tried again, ever more seldom"
                )
                return LoginRefused(f"{self.shown}: the camera refuses the login: {remedy}")
            remedy = "name a file with USER:PASSWORD as camera.login_file"
            return LoginRefused(f"{self.shown}: the camera wants a login: {remedy}")
        if isinstance(problem, av.error.HTTPNotFoundError):
            return self.failed("the camera knows no such stream: correct the path in camera.url")
        if getattr(problem, "errno", None) == errno.EPROTONOSUPPORT:
            remedy = "switch RTSP over TCP (interleaved) on at the camera"
            return self.failed(f"the camera sends by UDP only, where a lost piece of a picture is not told: {remedy}")
        return None
