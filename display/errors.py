"""What can go wrong with a screen, by who must act.

```
DisplayError
├── FontMissingError       the technician installs a Debian package
├── BadSizeError           the technician corrects the configuration
├── NoDisplayError         the technician connects a display, or configures a headless screen
├── SocketUnusableError    the technician frees or shortens the socket's path
└── MalformedLineError     the peer is not of this release: the screen shows the safe face
```
"""

from __future__ import annotations


class DisplayError(Exception):
    """Anything of this package."""


class FontMissingError(DisplayError, FileNotFoundError):
    """The font file of the screens is not on this box."""


class BadSizeError(DisplayError, ValueError):
    """A screen of that size does not exist."""


class NoDisplayError(DisplayError, OSError):
    """This box has no display to open."""


class SocketUnusableError(DisplayError, OSError):
    """The socket between agent and screens cannot be made."""


class MalformedLineError(DisplayError, ValueError):
    """A line from the peer that is not of the protocol."""
