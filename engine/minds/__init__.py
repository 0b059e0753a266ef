"""Two minds, one voice: the language model talks, and a background mind answers what it cannot.

`two_minds` is the whole: it hears that the model does not know (`openings`), fills the time, says
the answer chunk by chunk (`spoken_answer`) and stops when the user interrupts (`interruption`).
`mind` is the seam to whoever writes the answers; `spoken_mind` is the assistant behind it, with the
user's words. Runs in the engine's thread, where nothing waits, but for `spoken_mind`. Knows no card
and no files.
"""
