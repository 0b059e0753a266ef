"""What the user says, in words of any kind: sound after the echo canceller in, words out.

`listener` is the seam for a conversation: it gives the sound to a process of its own, `child`,
and never waits. In there `turns` finds where speech begins and ends and what is transcribed when,
`recogniser` runs Whisper on `log_mel`, and `belief` refuses what Whisper invents in noise. `part`
checks the optional part that holds the weights. Stands on `engine.sound`; knows no card, no bundle.
"""
