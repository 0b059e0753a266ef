"""The pages of the window, and the widgets of which they consist.

A page each: `talk`, `conversations`, `models`, `settings` (with `sound_settings`) and `first_run`.
The other modules are widgets of these pages. Pages do not know one another; they emit signals.
"""
