"""PyInstaller hook: gives `webrtcvad` the metadata of its distribution, webrtcvad-wheels.

It stands before PyInstaller's own hook, which asks for a distribution webrtcvad and ends the build.
"""

from PyInstaller.utils.hooks import copy_metadata

datas = copy_metadata("webrtcvad-wheels")
