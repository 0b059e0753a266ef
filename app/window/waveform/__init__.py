"""The waveform of both speakers on one time axis.

`view` is the widget: scrolling, zooming, following. `bars` paints any part of a timeline, `cache`
keeps what is painted, `overlays` holds small pixmaps, and `legend` explains the signs.
"""
